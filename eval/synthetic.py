"""A library grown beyond its real passages, to measure what size costs before one has that many.

Made-up passages join halves of two real ones; their vectors lie between those of the two, with noise, on the same
manifold and in no cluster of their own: harder for an approximate index than the clusters of real documents.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.encoder import Vectors
from index.library import Library
from index.passages import Embedded
from index.settings import IndexSettings
from ingest.errors import BadDataset

A_RECORD = 5  # passages
AT_ONCE = 10_000
NOISE = 0.3  # the length of what is added to a unit vector
SHARES = {"one percent": 0.01, "ten percent": 0.1, "half": 0.5}
"""The share of records in each collection; the rest has none. What filters select in the benchmark."""


@dataclass(frozen=True, slots=True)
class Real:
    """Passages of a real library: `vectors` of shape (n, dimension), and titles of its records to ask for."""

    texts: list[str]
    vectors: Vectors
    titles: list[str]


def real_of(library: Library, most: int) -> Real:
    """The first passages of a library. Raises `BadDataset` for one with too few to go by."""
    catalogue = library.catalogue
    ids = catalogue.passage_ids()[:most].tolist()
    batches = list(catalogue.batches(ids))
    if sum(len(batch.ids) for batch in batches) < 100:
        raise BadDataset("The library holds fewer than 100 passages.", "Index more documents first.")
    rows = catalogue.rows("SELECT DISTINCT title FROM lessons WHERE archived = 0 AND title <> ''")
    vectors = np.concatenate([one.vectors for one in batches])
    return Real([text for one in batches for text in one.texts], vectors, [row[0] for row in rows])


def grow(library: Library, real: Real, size: int, on_part: Callable[[str], None]) -> None:
    """Bring an empty library, or one grown before, to that many passages; the first are the real ones."""
    with library.writing():
        catalogue = library.catalogue
        chance = np.random.default_rng(0)
        while (count := catalogue.count()) < size:
            on_part(f"{count:,} passages")
            texts, vectors = _some(real, count, min(AT_ONCE, size - count), chance)
            with catalogue.transaction():
                _insert(library, texts, vectors, chance)
                catalogue.set_meta({"generation": str(library.generation() + 1)})
        library.engine.repair(library.generation())
        library.engine.settle()


def blank(folder: Path, library: Library) -> Library:
    """A new library made with the same model, or the one that is there."""
    settings = IndexSettings(embedder=library.manifest.embedder, passage_tokens=library.manifest.passage_tokens)
    return Library.open(folder, settings, embedder=library.embedder, create=True)


def _some(real: Real, first: int, count: int, chance: np.random.Generator) -> tuple[list[str], Vectors]:
    """Passages by number: real ones as far as there are any, then made-up ones."""
    known = max(0, min(len(real.texts) - first, count))
    texts, vectors = real.texts[first : first + known], real.vectors[first : first + known]
    one, other = chance.integers(0, len(real.texts), (2, count - known))
    weight = chance.uniform(0.2, 0.8, (count - known, 1))
    mixed = weight * real.vectors[one] + (1 - weight) * real.vectors[other]
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    noise = chance.standard_normal(mixed.shape)
    mixed += NOISE * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    made = [
        real.texts[a][: len(real.texts[a]) // 2] + real.texts[b][len(real.texts[b]) // 2 :]
        for a, b in zip(one.tolist(), other.tolist(), strict=True)
    ]
    return texts + made, np.concatenate([vectors, mixed.astype(np.float32)])


def _insert(library: Library, texts: list[str], vectors: Vectors, chance: np.random.Generator) -> None:
    """Rows as `Store.put` would leave them, without what a benchmark of search has no use for."""
    catalogue = library.catalogue
    source = catalogue.insert(
        "sources",
        dict.fromkeys(("sha256", "title", "indexed_at"), "")
        | {"path": f"/synthetic/{catalogue.count()}.txt", "size": 0, "mtime_ns": 0, "media_type": "text/plain"}
        | {"text": "\n".join(texts), "page_starts": "[]", "warnings": "[]"},
    )
    numbers, at = [], 0
    for first in range(0, len(texts), A_RECORD):
        own = texts[first : first + A_RECORD]
        end = at + sum(len(text) + 1 for text in own)
        title = own[0].splitlines()[0][:80]
        lesson = catalogue.insert(
            "lessons",
            {"lesson_id": f"S{source}-{first}", "source_id": source, "ordinal": first, "title": title, "start": at}
            | {"end": end, "kind": "narrative", "outcome": "neutral", "maturity": "observation", "sections": "[]"}
            | {"provenance": json.dumps({}), "collection": _collection(chance.random())},
        )
        for text in own:
            row = {"lesson": lesson, "start": at, "end": at + len(text), "text": text, "section": "", "header": ""}
            numbers.append(catalogue.insert("passages", row))
            at += len(text) + 1
    catalogue.put_vectors(library.manifest.model, zip(numbers, map(Embedded, vectors), strict=True))


def _collection(number: float) -> str | None:
    """The name of the collection in whose share of 0…1 the number falls."""
    for name, share in SHARES.items():
        if number < share:
            return name
        number -= share
    return None
