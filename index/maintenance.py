"""Looking after a library: is it whole, and is there room to give back."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from index.embedder import own_folder
from index.library import Library


@dataclass(frozen=True, slots=True)
class Compacted:
    """Bytes on disk before and after."""

    before: int
    after: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compact(library: Library) -> Compacted:
    """Drop the vectors of models that do not serve, and give back the room of all that was deleted.

    Needs as much free disk as the library takes. Raises `LibraryBusy`.
    """
    with library.storing():
        before = size_of(library.folder)
        with library.catalogue.transaction():
            keep = (library.manifest.model, library.catalogue.meta("building", "0"))  # one that is being made too
            gone = library.catalogue.rows("SELECT name FROM models WHERE id NOT IN (?, ?)", keep)
            for table, column in (("embeddings", "model"), ("tokens", "model"), ("models", "id")):
                library.catalogue.rows(f"DELETE FROM {table} WHERE {column} NOT IN (?, ?)", keep)
            library.catalogue.set_meta({"previous": ""})
        for folder in filter(None, (own_folder(row["name"], library.folder) for row in gone)):
            shutil.rmtree(folder, ignore_errors=True)
        library.engine.compact()
        library.catalogue.vacuum()
    return Compacted(before, size_of(library.folder))


def unfinished(library: Library) -> str | None:
    """The model by which embedding everything was begun and is not finished, or is going on."""
    sql = "SELECT name FROM models WHERE id = ? AND id <> ?"
    rows = library.catalogue.rows(sql, (library.catalogue.meta("building", "0"), library.manifest.model))
    return rows[0]["name"] if rows else None


def faults(library: Library) -> list[str]:
    """What is wrong with a library's files; reads all of them."""
    found = [row[0] for row in library.catalogue.rows("PRAGMA quick_check") if row[0] != "ok"]
    broken = library.catalogue.rows("PRAGMA foreign_key_check")
    width = 4 * library.manifest.dimension
    sql = "SELECT count(*) FROM embeddings WHERE model = ? AND length(vector) <> ?"
    odd = library.catalogue.rows(sql, (library.manifest.model, width))[0][0]
    without = library.catalogue.without_vectors(library.manifest.model, 0, 1)[0]
    name = library.manifest.embedder
    with library.writing():
        in_engine = library.engine.check()
    return [
        *(f"catalogue: {fault}" for fault in found[:3]),
        *([f"catalogue: {len(broken)} rows refer to others that are not there"] if broken else []),
        *([f"catalogue: {odd} vectors of the wrong length"] if odd else []),
        *([f"catalogue: passages without a vector: lessons reindex --embedder {name}"] if without else []),
        *([f"{library.manifest.engine}: {in_engine}"] if in_engine else []),
    ]


def size_of(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
