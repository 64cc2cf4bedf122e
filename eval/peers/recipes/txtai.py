"""txtai as its documentation has it: `Embeddings` with content; hybrid is one flag more. It cuts nothing by default."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Recipe:
    """The option `hybrid` adds its word index."""

    def __init__(self, job: dict[str, Any]) -> None:
        embeddings = import_module("txtai").Embeddings
        self.embeddings: Any = embeddings(path=job["weights"], content=True, **job["options"])

    def index(self, ids: list[str], texts: list[str]) -> int:
        self.embeddings.index(zip(ids, texts, strict=True))
        return int(self.embeddings.count())

    def search(self, question: str, documents: int) -> list[tuple[str, float]]:
        return [(row["id"], float(row["score"])) for row in self.embeddings.search(question, documents)]
