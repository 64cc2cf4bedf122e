"""Chroma as its documentation has it: a collection with default settings. It cuts nothing."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Recipe:
    """In memory, with Chroma's wrapper of sentence-transformers: its own default would fetch the same model."""

    def __init__(self, job: dict[str, Any]) -> None:
        functions = import_module("chromadb.utils.embedding_functions")
        self.model: Any = functions.SentenceTransformerEmbeddingFunction(model_name=job["weights"])
        self.client: Any = import_module("chromadb").Client()

    def index(self, ids: list[str], texts: list[str]) -> int:
        self.collection = self.client.create_collection("documents", embedding_function=self.model)
        most = self.client.get_max_batch_size()
        for first in range(0, len(ids), most):
            self.collection.add(ids=ids[first : first + most], documents=texts[first : first + most])
        return int(self.collection.count())

    def search(self, question: str, documents: int) -> list[tuple[str, float]]:
        found = self.collection.query(query_texts=[question], n_results=documents)
        return [(id_, -distance) for id_, distance in zip(found["ids"][0], found["distances"][0], strict=True)]
