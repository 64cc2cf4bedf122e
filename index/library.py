"""One door to everything indexed: `open`, `add`, `remove`, `search`, `get`, `stats`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal

from index.acronyms import learn, meant, other_forms
from index.analysis import words_of
from index.browse import Page, Row, browse
from index.catalogue import Known
from index.clock import Clock
from index.columns import Order, facet_counts
from index.documents import DocumentRow, documents
from index.embedding import embed_new
from index.engine import View
from index.filters import Filters
from index.health import Health, health
from index.hit import Hit, Hits, LessonView, SourceView, Stats
from index.mentioned import Mentioned, mentioned
from index.neighbours import Neighbours, neighbours
from index.opened import OpenLibrary
from index.problems import KnownProblem, forget, note, problems_of
from index.records import Record, mentioning, records, saying
from index.repeats import Radar, groups, keep, named, unexamined
from index.search import Wanted, behind, best, find, named_first, reranked
from index.spelling import respelt
from ingest.errors import BadQuestion, LibraryError
from ingest.model import Lesson, Prepared, Reading

if TYPE_CHECKING:
    from ingest.pool import Stop
    from ingest.scan import Problem

MOST_CANDIDATES = 12_800
COMPARED = 64  # records whose events are compared between two transactions
Mode = Literal["hybrid", "dense", "lexical"]


class Library(OpenLibrary):
    """What can be done with a library. The same door whatever searches it."""

    # -- writing

    def add(self, prepared: Sequence[Prepared], on_embedded: Callable[[int], None] | None = None) -> int:
        """Embed and store sources, each in place of its earlier revision. Returns the number of near-duplicates found.

        A passage that an earlier revision has word for word keeps its vector. `on_embedded` is called with the number
        of passages embedded since its last call. What is stored survives a crash, and everybody finds it.
        """
        linked = 0
        with self.writing():
            self.serving().ready()
            embedded = embed_new(self.catalogue, self.embedder, self.manifest, prepared, on_embedded)
            with self.committing():
                learn(self.catalogue)
                for one, own in zip(prepared, embedded, strict=True):
                    linked += self.catalogue.put(one, own, self.manifest.model)
        return linked

    def remove(self, paths: Sequence[str]) -> int:
        """Take sources out of search; old citations still resolve. Returns how many were there."""
        with self.committing():
            known = self.catalogue.known()
            living = [path for path in paths if path in known]
            for path in living:
                self.catalogue.archive(path)
            forget(self.catalogue, paths)
        return len(living)

    def note_problems(
        self, failed: Sequence[Problem], warnings: Sequence[Problem], covered: Callable[[str], bool]
    ) -> None:
        """Remember what is wrong with files and folders, in place of what was known of those that are `covered`."""
        with self.storing(), self.catalogue.transaction():
            note(self.catalogue, failed, warnings, covered)

    def compare_events(self, stop: Stop | None = None) -> list[tuple[str, str]]:
        """Link records that were not compared yet with others whose events they repeat; pairs of ids, later first.

        Once `stop` is set, the records left are compared another time.
        """
        found: list[tuple[str, str]] = []
        with self.storing():
            waiting = unexamined(self.catalogue)
            if not waiting:
                return found
            radar = Radar(self.catalogue, self.serving().ready())
            for at in range(0, len(waiting), COMPARED):
                if stop and stop.is_set():
                    break
                some = waiting[at : at + COMPARED]
                with self.snapshot() as view:
                    pairs = radar.repeats_of(some, view)
                with self.catalogue.transaction():
                    keep(self.catalogue, some, pairs)
                found += named(self.catalogue, pairs)
        return found

    def stage(self, reading: Reading) -> None:
        """Keep what was read of a file until it is added, for a run that takes over from one that was cut short."""
        with self.catalogue.transaction():
            self.catalogue.stage(reading)

    def staged(self, revision: int) -> dict[str, int]:
        """The files that were read in this way and not added, by path, with their modification time."""
        return self.catalogue.staged(revision)

    def take_staged(self, path: str) -> Reading:
        """What was read of a file that is staged."""
        return self.catalogue.take_staged(path)

    def unstage(self) -> None:
        """Forget what was read and not added."""
        with self.catalogue.transaction():
            self.catalogue.unstage()

    # -- reading

    def search(
        self,
        query: str,
        k: int = 10,
        filters: Filters | None = None,
        *,
        mode: Mode = "hybrid",
        rerank: bool | None = None,
        per_lesson: int = 2,
    ) -> Hits:
        """The `k` best passages, at most `per_lesson` of one record.

        `rerank` takes the place of the setting, which is for the hybrid search.

        Raises `BadFilter`, `BadQuestion` or, where a cross-encoder cannot be loaded, `ModelError`.
        """
        query = query.encode("utf-8", "replace").decode()  # half characters cannot be encoded by anyone below
        if not query.strip():
            raise BadQuestion("The query is empty.", "Say in a few words what you are looking for.")
        clock = Clock()
        with self.snapshot() as view:
            selection = self.catalogue.selection(filters)
            clock.lap("filter")
            serving, ranking = self.serving(), self.ranking()
            vector, words, share = None, list[str](), 0.0
            named: list[int] = []
            if mode != "lexical":
                vector, share = serving.ready().query(query), 1.0
                clock.lap("embed")
            if mode != "dense":
                words = self.words_sought(query, view)
            if mode == "hybrid":
                share, named = ranking.dense, self.catalogue.named(query, selection)
            wanted = Wanted(vector, words, self.settings.candidates, share, selection, named)
            found = find(view, self.catalogue, serving.manifest.model, wanted, clock)
            if (self.settings.rerank and mode == "hybrid") if rerank is None else rerank:
                found = reranked(found, lambda ids: self.judge(query, ids, serving), ranking)
                clock.lap("rerank")
            # One record's passages may have taken the places of all others. What more is found comes behind, so that
            # the first do not depend on how many are asked for.
            while len(best(found, k, per_lesson)) < k and found.more and wanted.most < MOST_CANDIDATES:
                wanted = wanted._replace(most=4 * wanted.most, named=found.ids)
                found = behind(found, find(view, self.catalogue, serving.manifest.model, wanted, clock))
            places = best(named_first(found, named), k, per_lesson)
            rows = self.catalogue.passages([found.ids[at] for at in places])
            sections = self.catalogue.sections(list({row["lesson"] for row in rows.values()}))
            hits = tuple(
                Hit.from_row(row, sections[row["lesson"]], rank, *(float(each[at]) for each in found[3:6]))
                for rank, at in enumerate(places, 1)
                if (row := rows[found.ids[at]])
            )
            clock.lap("rank")
        return Hits(query, hits, clock.took())

    def words_sought(self, query: str, view: View) -> list[str]:
        """The (stemmed) words that a lexical search for the query looks for."""
        other = other_forms(self.catalogue, query, view.rarity) if self.settings.acronyms else []
        return list(dict.fromkeys([*words_of(query), *other]))

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

    # -- looking around

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
        words = words.encode("utf-8", "replace").decode()  # half characters cannot be encoded by anyone below
        if not words.strip():
            return None
        with self.snapshot() as view:
            return mentioned(self.catalogue, view, words)

    def passages_of(self, lesson_ids: Sequence[str]) -> list[Hit]:
        """All passages of living records, as hits without scores: by record and place."""
        return self.catalogue.passages_of(lesson_ids)

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

    def renew(self, path: str, mtime_ns: int, moved_from: str = "", collection: str = "") -> None:
        """Note that a file has the content we know under another time or, with `moved_from`, under another path.

        Records whose collection was told by their folder belong to `collection` then, if it is given.
        """
        with self.committing():
            if moved_from:
                self.catalogue.move(moved_from, path, collection)
            self.catalogue.touch(path, mtime_ns)

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
