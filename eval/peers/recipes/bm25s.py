"""bm25s as its README has it: English stop words and stemmer, the rest by default. No vectors, and it cuts nothing."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Recipe:
    """Words alone: what every embedding has to beat."""

    def __init__(self, _job: dict[str, Any]) -> None:
        self.bm25s = import_module("bm25s")
        self.stemmer = import_module("Stemmer").Stemmer("english")

    def index(self, ids: list[str], texts: list[str]) -> int:
        self.ids = ids
        self.retriever: Any = self.bm25s.BM25()
        self.retriever.index(self.bm25s.tokenize(texts, stopwords="en", stemmer=self.stemmer))
        return len(ids)

    def search(self, question: str, documents: int) -> list[tuple[str, float]]:
        words = self.bm25s.tokenize(question, stemmer=self.stemmer, show_progress=False)
        most = min(documents, len(self.ids))  # asked for more than it has, it refuses
        found, scores = self.retriever.retrieve(words, k=most, show_progress=False)
        return [(self.ids[at], float(score)) for at, score in zip(found[0], scores[0], strict=True)]
