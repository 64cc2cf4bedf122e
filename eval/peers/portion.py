"""A collection as recipes are given it: whole, or its first documents and the questions they answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from eval.beir import Collection
from ingest.errors import BadDataset

DOCUMENTS, QUESTIONS = "documents.jsonl", "questions.jsonl"


def write(collection: Collection, folder: Path, limit: int | None = None) -> Collection:
    """Write the collection's first `limit` documents and their questions into `folder`, and return what it holds.

    Once as `corpus.jsonl` and once as plain texts, title on top, as this program would index them: all peers get the
    same text. Raises `BadDataset` where no question is left.
    """
    with (
        (collection.folder / "corpus.jsonl").open(encoding="utf-8") as whole,
        (folder / "corpus.jsonl").open("w", encoding="utf-8") as part,
    ):
        part.writelines(islice(whole, limit))
    documents = [
        (lesson.lesson_id, document.text) for document, lesson in replace(collection, folder=folder).documents()
    ]
    there = {id_ for id_, _ in documents}
    qrels = {
        query: kept
        for query, judged in collection.qrels.items()
        if any((kept := {id_: grade for id_, grade in judged.items() if id_ in there}).values())
    }
    if not qrels:
        raise BadDataset(f"The first {limit} documents of {collection.name} answer no query.", "Take more of them.")
    queries = tuple(query for query in collection.queries if query.query_id in qrels)
    _write(folder / DOCUMENTS, documents)
    _write(folder / QUESTIONS, ((query.query_id, query.text) for query in queries))
    return replace(collection, folder=folder, queries=queries, qrels=qrels)


def _write(file: Path, rows: Iterable[tuple[str, str]]) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps({"id": id_, "text": text}) + "\n" for id_, text in rows)
