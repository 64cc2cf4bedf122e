"""What can be read of a library without searching it: records, documents, counts, and how it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from index.acronyms import meant
from index.analysis import words_of
from index.browse import Page, Row, browse
from index.catalogue import Known
from index.columns import Order, facet_counts
from index.documents import DocumentRow, documents
from index.filters import Filters
from index.health import Health, health
from index.hit import Hit, LessonView, SourceView, Stats
from index.mentioned import Mentioned, mentioned
from index.neighbours import Neighbours, neighbours
from index.opened import OpenLibrary
from index.problems import KnownProblem, problems_of
from index.records import Record, mentioning, records, saying
from index.repeats import groups
from index.spelling import respelt
from ingest.encodable import encodable
from ingest.errors import LibraryError
from ingest.model import Lesson


class ReadableLibrary(OpenLibrary):
    """A library to look around in."""

    def get(self, lesson_id: str) -> LessonView:
        """A whole record, archived ones included. Raises `NotInLibrary`."""
        return self.catalogue.lesson(lesson_id)

    def lessons(self, filters: Filters | None = None) -> Iterator[tuple[Lesson, str, str]]:
        """Every lesson that can be found, or that matches, with its text and the path of its source.

        Spans point into the source's text; the lesson's own text is that at `start:end`. Raises `BadFilter`.
        """
        return self.catalogue.lessons(filters or {})

    def records(self, filters: Filters | None = None) -> list[Record]:
        """Every record that matches, as counts look at it. Raises `BadFilter`."""
        return records(self.catalogue, self.catalogue.select(filters or {}))

    def mentioning(self, alternatives: Sequence[Sequence[str]]) -> set[int]:
        """The numbers of the records with a sentence, or a title, that has all words of one of the alternatives."""
        return mentioning(self.catalogue, alternatives)

    def saying(self, phrases: Sequence[str]) -> set[int]:
        """The numbers of the records with a passage that holds one of the phrases, whatever the case."""
        return saying(self.catalogue, phrases)

    def repeats(self) -> list[list[int]]:
        """The numbers of the records that tell of the same kind of event at different times, group by group."""
        return groups(self.catalogue)

    def browse(
        self,
        filters: Filters | None = None,
        words: str = "",
        order: Order = "newest",
        offset: int = 0,
        most: int = 25,
    ) -> Page[Row]:
        """The records, and guides and the like, that match and hold all of the words, page by page.

        `best` is those first whose id or title holds the words, each part by date. Raises `BadFilter` or `BadQuestion`.
        """
        return browse(self.catalogue, filters or {}, self._mentioned(words), order, offset, most)

    def facet_counts(self, filters: Filters | None = None, words: str = "") -> dict[str, list[tuple[str, int]]]:
        """For each facet, its values with how many of what `browse` finds has them, its own filter left out.

        Most frequent first, at the end `none`. Raises `BadFilter`.
        """
        found = self._mentioned(words)
        return facet_counts(self.catalogue, filters or {}, found.anywhere if found else None)

    def documents(self, offset: int = 0, most: int = 25, words: str = "") -> Page[DocumentRow]:
        """The documents by path whose path or title has the words. Raises `BadQuestion`."""
        return documents(self.catalogue, offset, most, words)

    def neighbours(self, lesson_id: str) -> Neighbours:
        """What stands near a record: copies, repeats, what replaced it, its document. Raises `NotInLibrary`."""
        return neighbours(self.catalogue, lesson_id)

    def health(self, today: date) -> Health:
        """How the library is: what it holds, how old that is, and what is missing."""
        return health(self, today)

    def _mentioned(self, words: str) -> Mentioned | None:
        words = encodable(words)
        if not words.strip():
            return None
        with self.snapshot() as view:
            return mentioned(self.catalogue, view, words)

    def passages_of(self, lesson_ids: Sequence[str]) -> list[Hit]:
        """All passages of living records, as hits without scores: by record and place."""
        return self.catalogue.passages_of(lesson_ids)

    def has_record(self, lesson_id: str) -> bool:
        """Whether there is such a record, archived ones included."""
        return bool(self.catalogue.rows("SELECT 1 FROM lessons WHERE lesson_id = ?", (lesson_id,)))

    def has_source(self, source_id: int) -> bool:
        """Whether there is such a source, archived ones included."""
        return bool(self.catalogue.rows("SELECT 1 FROM sources WHERE id = ?", (source_id,)))

    def source(self, source_id: int) -> SourceView:
        """A source as indexed, archived ones included. Raises `NotInLibrary`."""
        return self.catalogue.source(source_id)

    def record_at(self, source_id: int, at: int) -> LessonView | None:
        """The record of a source that the character at that offset belongs to."""
        found = self.catalogue.record_at(source_id, at)
        return self.get(found) if found else None

    def words_of(self, text: str) -> list[str]:
        """The stemmed words of a text, as the lexical search sees them."""
        return words_of(text)

    def rarity(self, text: str) -> Mapping[str, float]:
        """How rare each (stemmed) word of a text is in the library: its inverse document frequency.

        Where the text asks what an acronym means, the words of the full name are among them.
        """
        with self.snapshot() as view:
            also = meant(self.catalogue, text) if self.settings.acronyms else []
            return view.rarity([*words_of(text), *also])

    def respelt(self, text: str) -> dict[str, str]:
        """The words of a text that are slips of the keyboard, each with the word of the library that was meant."""
        with self.snapshot() as view:
            return respelt(text, view.rarity)

    def find_ids(self, names: Sequence[str], numbers: Sequence[str] = ()) -> list[str]:
        """The ids of records that are one of `names`, or end in a hyphen and one of `numbers`."""
        return self.catalogue.find_ids(names, numbers)

    def known(self) -> dict[str, Known]:
        """The files that can be found, by path."""
        return self.catalogue.known()

    def problems(self) -> list[KnownProblem]:
        """What could not be read, and what was noted of other files and folders, since they were last looked at."""
        return problems_of(self.catalogue)

    def facets(self) -> dict[str, list[tuple[str, int]]]:
        """For each filter field, its values with the number of records, most frequent first; years newest first."""
        return self.catalogue.facets()

    def stats(self) -> Stats:
        """Counts of what can be found."""
        found = self.catalogue.counts()
        try:
            engine = self.engine.describe()
        except LibraryError as error:
            engine = f"{self.manifest.engine} ({error.reason})"
        return Stats(
            found.documents,
            found.records + found.guidance,
            found.passages,
            engine,
            self.manifest.embedder,
            found.updated_at,
            found.guidance,
        )
