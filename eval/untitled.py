"""A copy of a library in which the records asked about have lost their titles.

Finding a record by its title is then a question of what it says, in the words of whoever wrote it up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.citations import without
from eval.known_item import KnownItem
from index.database import Database
from index.embedder import Embedder
from index.embedding import AT_ONCE, embed
from index.library import Library
from index.manifest import CATALOGUE, DEFAULT_ENGINE
from index.passages import joined


@contextmanager
def untitled(
    library: Library,
    items: Sequence[KnownItem],
    embedder: Embedder | None = None,
    records: Collection[str] | None = None,
) -> Iterator[Library]:
    """The copy, searched by the local engine whatever searches the library; gone at the end.

    Titles go out of the records, the headers and the texts of passages, which are embedded anew. `embedder` takes the
    place of the library's own, of whose name it has to be. Where `records` are named, the copy holds no others.
    """
    with TemporaryDirectory(prefix="lessons-tune-") as place:
        folder = Path(place)
        library.catalogue.rows("VACUUM INTO ?", (str(folder / CATALOGUE),))
        copy = Database(folder / CATALOGUE)
        with copy.transaction():
            copy.set_meta({"engine": DEFAULT_ENGINE, "address": "", "library": "untitled"})
            if records is not None:
                _leave_only(copy, records)
        copy.close()
        settings = library.settings.model_copy(update=dict.fromkeys(("engine", "address", "token", "embedder")))
        with Library.open(folder, settings, embedder=embedder or library.embedder) as opened:
            _strip(opened, items)
            yield opened


def _leave_only(copy: Database, records: Collection[str]) -> None:
    rows = copy.rows("SELECT id, lesson_id FROM lessons WHERE NOT archived")
    gone = [(row["id"],) for row in rows if row["lesson_id"] not in records]
    copy.execute_many("DELETE FROM passages WHERE lesson = ?", gone)
    copy.execute_many("UPDATE lessons SET archived = 1 WHERE id = ?", gone)


def _strip(library: Library, items: Sequence[KnownItem]) -> None:
    catalogue, manifest = library.catalogue, library.manifest
    rows = []
    for item in items:
        found = catalogue.rows(
            "SELECT p.*, l.title FROM passages p JOIN lessons l ON l.id = p.lesson WHERE l.lesson_id = ? ORDER BY p.id",
            (item.lesson_id,),
        )
        for row in found:
            old = {name: row[name] for name in row.keys() if name not in ("id", "title")}  # noqa: SIM118
            rows.append(old | {name: without(old[name], row["title"]) for name in ("header", "text")})
    made = []
    for first in range(0, len(rows), AT_ONCE):
        texts = [joined(row["header"], row["text"]) for row in rows[first : first + AT_ONCE]]
        made += embed(library.embedder, texts, manifest.directions)
    with library.committing():
        for number in {row["lesson"] for row in rows}:
            catalogue.rows("UPDATE lessons SET title = '' WHERE id = ?", (number,))
            catalogue.rows("DELETE FROM passages WHERE lesson = ?", (number,))
        numbers = [catalogue.insert("passages", row) for row in rows]
        catalogue.put_vectors(manifest.model, zip(numbers, made, strict=True))
