"""One door to everything indexed: `open`, `add`, `remove`, `search`, `get`, `stats`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from index.acronyms import learn, other_forms
from index.analysis import words_of
from index.clock import Clock
from index.embedding import embed_new
from index.engine import View
from index.filters import Filters
from index.hit import Hit, Hits
from index.problems import forget, note
from index.readable import ReadableLibrary
from index.repeats import Radar, keep, named, unexamined
from index.search import Wanted, behind, best, find, named_first, reranked
from ingest.encodable import encodable
from ingest.errors import BadQuestion
from ingest.model import Prepared, Reading

if TYPE_CHECKING:
    from ingest.pool import Stop
    from ingest.scan import Problem

MOST_CANDIDATES = 12_800
COMPARED = 64  # records whose events are compared between two transactions
Mode = Literal["hybrid", "dense", "lexical"]


class Library(ReadableLibrary):
    """What can be done with a library. The same door whatever searches it."""

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

    def renew(self, path: str, mtime_ns: int, moved_from: str = "", collection: str = "") -> None:
        """Note that a file has the content we know under another time or, with `moved_from`, under another path.

        Records whose collection was told by their folder belong to `collection` then, if it is given.
        """
        with self.committing():
            if moved_from:
                self.catalogue.move(moved_from, path, collection)
            self.catalogue.touch(path, mtime_ns)

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
        query = encodable(query)
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
