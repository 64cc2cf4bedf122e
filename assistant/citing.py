"""Number the quotes of an answer, and say what each stands for."""

from __future__ import annotations

from collections.abc import Collection

from assistant.answer import Cited
from index.hit import Hit
from index.library import Library
from ingest.errors import LibraryError


class Citations:
    """Gives each quote its number, the same quote the same number, after making sure that it is in the source."""

    def __init__(self, library: Library, external: Collection[str] = ()) -> None:
        self._library = library
        self._external = external
        self._texts: dict[int, str] = {}
        self._cited: dict[tuple[int, int, int], Cited] = {}

    def cite(self, hit: Hit, start: int, end: int) -> Cited:
        """The citation of the source's text at `start:end`, which lies inside the hit.

        Raises `LibraryError` if the source does not hold the passage there: it was indexed again meanwhile.
        """
        key = (hit.source_id, start, end)
        if key not in self._cited:
            quote = hit.text[start - hit.start : end - hit.start]
            if self._text(hit.source_id)[start:end] != quote:
                reason = f"The document of {hit.lesson_id} was indexed again while it was being read."
                raise LibraryError(reason, "Ask again.")
            self._cited[key] = cited(len(self._cited) + 1, hit, start, end, self._external)
        return self._cited[key]

    def covers(self, hit: Hit, at: int) -> bool:
        """Whether a citation given holds the source's text at `at`."""
        return any(source_id == hit.source_id and start <= at < end for source_id, start, end in self._cited)

    @property
    def sources(self) -> tuple[Cited, ...]:
        """All citations given, by number."""
        return tuple(self._cited.values())

    def _text(self, source_id: int) -> str:
        if source_id not in self._texts:
            self._texts[source_id] = self._library.source(source_id).text
        return self._texts[source_id]


def cited(n: int, hit: Hit, start: int, end: int, external: Collection[str] = ()) -> Cited:
    """The hit as source number `n`, with the quote at `start:end`; `external` are collections of others."""
    section = next((s.heading for s in hit.sections if s.start <= start < s.end), hit.section)
    return Cited(
        n=n,
        lesson_id=hit.lesson_id,
        title=hit.title,
        source=hit.source,
        source_id=hit.source_id,
        page=hit.page,
        place=hit.place,
        section=section,
        start=start,
        end=end,
        quote=hit.text[start - hit.start : end - hit.start],
        event_date=hit.event_date,
        outcome=hit.outcome,
        maturity=hit.maturity,
        kind=hit.kind,
        unit=hit.unit,
        project=hit.project,
        owner=hit.owner,
        collection=hit.collection,
        external=hit.collection in external,
        superseded_by=hit.superseded_by,
        currency="superseded" if hit.superseded_by else "current",
    )
