"""This program with its default settings: a new library on disk, documents as records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eval.beir import Collection
from eval.retrieval import load_into
from index.library import Library


class Recipe:
    """As `lessons eval retrieval` does it."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.collection = Collection("", Path(job["folder"]), (), {})
        self.library = Library.open(Path(job["scratch"]) / "library", create=True)
        self.library.embedder.query("warm up")  # loads the model, as every peer's constructor does

    def index(self, _ids: list[str], _texts: list[str]) -> int:
        load_into(self.library, self.collection)
        return self.library.stats().passages

    def search(self, question: str, documents: int) -> list[tuple[str, float]]:
        hits = self.library.search(question, documents, per_lesson=1).hits
        return [(hit.lesson_id, hit.score) for hit in hits]
