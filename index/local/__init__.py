"""The engine on one machine: vectors in FAISS, words in tantivy, filters in both."""
