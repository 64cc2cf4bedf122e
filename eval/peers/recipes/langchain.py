"""LangChain as its tutorials have it: recursive splitter 1000/200, HuggingFaceEmbeddings, the FAISS store."""

from __future__ import annotations

from importlib import import_module
from typing import Any

CHUNKS = 5  # fetched for each document wanted: a document's chunks take several places


class Recipe:
    """A flat index of L2 distances in memory, the chunks beside it."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.document = import_module("langchain_core.documents").Document
        splitters = import_module("langchain_text_splitters")
        self.splitter: Any = splitters.RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
        embeddings = import_module("langchain_huggingface").HuggingFaceEmbeddings
        self.embeddings: Any = embeddings(model_name=job["weights"])
        self.faiss = import_module("langchain_community.vectorstores").FAISS

    def index(self, ids: list[str], texts: list[str]) -> int:
        documents = [
            self.document(page_content=text, metadata={"id": id_}) for id_, text in zip(ids, texts, strict=True)
        ]
        chunks = self.splitter.split_documents(documents)
        self.store = self.faiss.from_documents(chunks, self.embeddings)
        return len(chunks)

    def search(self, question: str, documents: int) -> list[tuple[str, float]]:
        found = self.store.similarity_search_with_score(question, k=documents * CHUNKS)
        return [(document.metadata["id"], -float(distance)) for document, distance in found]
