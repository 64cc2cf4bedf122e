"""Test collections in the BEIR layout: `corpus.jsonl`, `queries.jsonl`, `qrels/<split>.tsv`.

Layout: Thakur et al., "BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of IR Models", 2021.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.encodable import encodable
from ingest.errors import BadDataset, PathNotFound
from ingest.model import Document, Heading, Lesson, Section

TITLE = 100  # characters


@dataclass(frozen=True, slots=True)
class Query:
    """A question of the collection; `leave_out` is the record it was made from, which is no answer to it.

    `about` is the record that a question is about, where its metadata name it (`source_doc`).
    """

    query_id: str
    text: str
    leave_out: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """`qrels` maps a query id to its judged records and their grades; `queries` are the judged ones.

    `unanswerable` are those that the corpus is said not to answer: `"answerable": false` or `"type": "Null"` in their
    metadata.
    """

    name: str
    folder: Path
    queries: tuple[Query, ...]
    qrels: dict[str, dict[str, int]]
    split: str = "test"
    unanswerable: tuple[Query, ...] = ()

    @classmethod
    def load(cls, folder: Path, split: str = "test") -> Collection:
        """Raises `PathNotFound` or `BadDataset`, which names the missing file or the bad line."""
        if not folder.is_dir():
            raise PathNotFound(f"{folder} is not a folder.", "Give the folder of a test collection in the BEIR layout.")
        for name in ("corpus.jsonl", "queries.jsonl", judgments := f"qrels/{split}.tsv"):
            if not (folder / name).is_file():
                raise BadDataset(f"{folder} has no {name}.", _LAYOUT)
        qrels = _judgments(folder / judgments)
        rows = list(_rows(folder / "queries.jsonl"))
        asked = {row["_id"]: row for row in rows if row["_id"] in qrels}
        if not asked:
            raise BadDataset(f"No query of {folder} has a judgment.", _LAYOUT)
        if blank := [id_ for id_, row in asked.items() if not row["text"].strip()]:
            raise BadDataset(f"{folder}/queries.jsonl: the query {blank[0]!r} has no text.", _LAYOUT)
        if next(_rows(folder / "corpus.jsonl"), None) is None:
            raise BadDataset(f"{folder}/corpus.jsonl holds no record.", _LAYOUT)
        made_from = _made_from(folder, asked)
        queries = tuple(Query(id_, row["text"], made_from[id_], _about(row)) for id_, row in asked.items())
        none = tuple(Query(row["_id"], row["text"], "", _about(row)) for row in rows if _has_no_answer(row, qrels))
        judged = {query.query_id: qrels[query.query_id] for query in queries}
        return cls(folder.resolve().name, folder, queries, judged, split, none)

    def fingerprint(self) -> str:
        """Sixteen digits that the same corpus, queries and judgments have, and no others."""
        whole = hashlib.sha256()
        for name in ("corpus.jsonl", "queries.jsonl", f"qrels/{self.split}.tsv"):
            whole.update(self._digest(name))
        return whole.hexdigest()[:16]

    def corpus(self) -> str:
        """The digest of the corpus alone."""
        return self._digest("corpus.jsonl").hex()

    def _digest(self, name: str) -> bytes:
        with (self.folder / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()

    def titles(self, wanted: Container[str]) -> dict[str, str]:
        """Of those records that the corpus has: the title, or how the text of one without a title begins."""
        rows = (row for row in _rows(self.folder / "corpus.jsonl") if row["_id"] in wanted)
        return {row["_id"]: " ".join((row["title"] or row["text"]).split())[:TITLE] for row in rows}

    def documents(self) -> Iterator[tuple[Document, Lesson]]:
        """Each record of the corpus as a document with one lesson, its title on top."""
        for row in _rows(self.folder / "corpus.jsonl"):
            title, body = row["title"].strip(), row["text"]
            text = f"{title}\n\n{body}" if title else body
            heading = (Heading(1, title, 0, len(title)),) if title else ()
            lesson = Lesson(row["_id"], title, 0, len(text), sections=(Section(None, "", 0, len(text)),))
            yield Document(text, title, headings=heading), lesson


def _about(row: Mapping[str, Any]) -> str:
    return str(row["metadata"].get("source_doc", ""))


def _has_no_answer(row: Mapping[str, Any], qrels: Container[str]) -> bool:
    said = row["metadata"]
    none = said.get("answerable") is False or said.get("type") == "Null"
    return none and row["_id"] not in qrels and bool(row["text"].strip())


def _judgments(path: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for number, row in enumerate(filter(None, csv.reader(file, delimiter="\t"))):
            if len(row) != 3:
                raise BadDataset(f"{path} has a line with {len(row)} columns.", _LAYOUT)
            grade = _grade(row[2])
            if grade is not None:
                qrels.setdefault(row[0], {})[row[1]] = grade
            elif number:  # the first is the headings
                raise BadDataset(f"{path} has the grade {row[2]!r}, no whole number.", _LAYOUT)
    return qrels


def _grade(text: str) -> int | None:
    """The whole number that a grade is, written as one or as `1.0`; None for anything else."""
    try:
        return int(float(text)) if float(text).is_integer() else None
    except ValueError:
        return None


def _made_from(folder: Path, asked: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The record that each query was made from, which its metadata name, or which has its id and holds its text.

    The latter as in ArguAna and Quora; ids that are the same by chance mean nothing.
    """
    made = {id_: str(row["metadata"].get("source_lesson", "")) for id_, row in asked.items()}
    for row in _rows(folder / "corpus.jsonl"):
        id_ = row["_id"]
        if id_ in asked and not made[id_]:
            text, query = (" ".join(each.split()) for each in (f"{row['title']} {row['text']}", asked[id_]["text"]))
            if query in text:
                made[id_] = id_
    return made


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line.decode("utf-8-sig"))
                given = {"_id": row["_id"], "text": row["text"], "title": row.get("title") or ""}
                # Half characters cannot be encoded by anyone below.
                row |= {name: encodable(str(value)) for name, value in given.items()}
                row["metadata"] = dict(row.get("metadata") or {})
            except (ValueError, KeyError, TypeError) as error:
                raise BadDataset(f"{path}, line {number}: no JSON object with _id and text.", _LAYOUT) from error
            yield row


_LAYOUT = "The BEIR layout: corpus.jsonl (_id title text), queries.jsonl (_id text), qrels/<split>.tsv."
