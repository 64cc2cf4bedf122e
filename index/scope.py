"""A library as one reader may see it: a record whose labels the reader does not hold is not there.

The labels are applied where rows are read: a restricted catalogue's connections hide the tables behind views of the
same names, so that no query, however it is written, reaches what is hidden; and every search is told the same by its
selection, so that an engine ranks the reader's records only.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import NoReturn

from index.catalogue import Catalogue
from index.engine import View
from index.filters import Filters, Selection
from index.hit import SourceView
from index.library import Library
from index.opened import PATIENCE, Serving
from index.spelling import respelt
from ingest.errors import LibraryError
from ingest.values import access_parts

_SEEN = "EXISTS (SELECT 1 FROM temp.lessons l WHERE l.id = t.{})"
_SHADOWS = {
    "lessons": "sees_label(access) AND sees_collection(collection)",
    "sources": "EXISTS (SELECT 1 FROM temp.lessons l WHERE l.source_id = t.id)",
    "passages": _SEEN.format("lesson"),
    "acronyms": _SEEN.format("lesson"),
    "links": f"{_SEEN.format('lesson')} AND {_SEEN.format('other')}",
    "repeats": f"{_SEEN.format('lesson')} AND {_SEEN.format('other')}",
    "problems": "EXISTS (SELECT 1 FROM temp.sources s WHERE s.path = t.path)",
    "staged": "0",
}
"""What is left of each table. The others hold numbers, by ids of what is in these."""
_NEVER = "\0"  # a word that is nowhere
BLANK = " "  # takes the place of each hidden character, so that offsets stay what they are


@dataclass(frozen=True, slots=True)
class Scope:
    """Who may see what. `labels` are those held, `collections` the label that each collection (any case) is closed by.

    A record is seen by who holds each part of its own label (`; ` between them) and the label of its collection; what
    has neither is seen by all.
    """

    labels: frozenset[str]
    collections: Mapping[str, str] = field(default_factory=dict)

    def sees_label(self, access: str | None) -> bool:
        return self.labels.issuperset(access_parts(access))

    def closed(self) -> frozenset[str]:
        """The collections that are not seen, in the form in which they are compared."""
        return frozenset(
            comparable(name) for name, label in self.collections.items() if not self.sees_label(label.lower())
        )

    def sees_collection(self, name: str | None) -> bool:
        return not name or comparable(name) not in self.closed()


def comparable(name: str) -> str:
    """The name of a collection however it is spelt: in any case, composed or not, with what is not seen left out."""
    seen = "".join(letter for letter in unicodedata.normalize("NFKC", name) if unicodedata.category(letter) != "Cf")
    return " ".join(seen.casefold().split()).strip("._~ ")


class ScopedCatalogue(Catalogue):
    """A catalogue that holds what the scope sees, to read only."""

    def __init__(self, path: Path, scope: Scope) -> None:
        self._scope = scope
        super().__init__(path)

    def connected(self, connection: sqlite3.Connection) -> None:
        for name in ("sees_label", "sees_collection"):
            function = getattr(self._scope, name)
            connection.create_function(name, 1, cache(function), deterministic=True)
        for table, condition in _SHADOWS.items():
            connection.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} t WHERE {condition}")

    def selection(self, filters: Filters | None) -> Selection | None:
        return self.select(filters or {})

    def select(self, filters: Filters) -> Selection:
        chosen = super().select(filters)
        revision = self.meta("revision")
        seen = tuple(
            (column, (*(value for _, value in self._values(column, "", revision)), ""))
            for column in ("access", "collection")
        )
        return replace(chosen, one_of=(*chosen.one_of, *seen))

    def source(self, source_id: int) -> SourceView:
        """Of a document that holds hidden records as well, the text of the others alone."""
        found = super().source(source_id)
        sql = 'SELECT start, "end" FROM {}lessons WHERE source_id = ? ORDER BY start'
        seen = self.rows(sql.format(""), (source_id,))
        # Records that an earlier revision told move to the next one: what it still tells by itself is not known.
        if not found.archived and len(seen) == len(self.rows(sql.format("main."), (source_id,))):
            return found
        text, at = [], 0
        for start, end in seen:
            text += [BLANK * (start - at), found.text[max(at, start) : end]]
            at = max(at, end)
        return replace(found, text="".join([*text, BLANK * (len(found.text) - at)]), whole=False)


class ScopedLibrary(Library):
    """A library as the scope sees it; nothing can be written through it. Made by `scoped`."""

    def __init__(self, whole: Library, scope: Scope) -> None:
        self.folder = whole.folder
        self.settings = whole.settings
        self.catalogue = ScopedCatalogue(whole.folder / "catalogue.sqlite", scope)
        self._whole = whole
        self._known = {}
        self._cross = whole._cross

    def writing(self, wait: float = 0, *, mend: bool = True) -> NoReturn:  # noqa: ARG002 - it refuses whatever is asked
        raise LibraryError("A library that is seen in part cannot be written.", "Open it without labels.")

    def serving(self) -> Serving:
        return self._whole.serving()

    @contextmanager
    def snapshot(self) -> Iterator[View]:
        for _ in PATIENCE:
            with self._whole.snapshot() as view, self.catalogue.snapshot():
                # Two connections: somebody may have written between them.
                if self.catalogue.meta("revision") == self._whole.catalogue.meta("revision"):
                    yield view
                    return
        raise LibraryError("The library is being written all the time.", "Ask again.")

    def respelt(self, text: str) -> dict[str, str]:
        with self.snapshot() as view:
            return respelt(text, partial(self._rarity_seen, view))

    def _rarity_seen(self, view: View, words: Sequence[str]) -> Mapping[str, float]:
        """A word that stands in hidden records alone is as rare as one that is nowhere."""
        found, selection = view.rarity([*words, _NEVER]), self.catalogue.selection(None)
        there = (word for word in words if found[word] < found[_NEVER])
        seen = {word for word in there if len(view.matching([word], 1, selection).ids)}
        return {word: found[word] if word in seen else found[_NEVER] for word in found}


def labels_in(library: Library, collections: Mapping[str, str], open_labels: Iterable[str]) -> frozenset[str]:
    """The labels that records of the library carry, by themselves or by their collection, but those open to all."""

    def carried() -> frozenset[str]:
        rows = library.catalogue.rows("SELECT DISTINCT access, collection FROM lessons")
        own = {part for row in rows for part in access_parts(row["access"])}
        named = {comparable(row["collection"]) for row in rows if row["collection"]}
        return frozenset(own | {label for name, label in collections.items() if comparable(name) in named})

    return library.catalogue.kept("labels", carried) - frozenset(open_labels)


def scoped(library: Library, scope: Scope) -> Library:
    """The library as the scope sees it; to be closed by itself, before the library."""
    return ScopedLibrary(library, scope)
