"""The web face: the ask page (Gradio), the documents behind citations, and the HTTP API, on one port."""
