"""The faces of the product: command line, web page, HTTP API. Nothing here decides anything."""
