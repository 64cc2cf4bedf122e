"""Move a library to another engine: everything is loaded into it, compared, and only then does it serve."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from index.analysis import words_of
from index.engine import Engine, Ranked, engine_class
from index.library import Library
from index.manifest import DEFAULT_ENGINE
from ingest.errors import BadSettings, LibraryError

SAMPLE, DEPTH, DEEP = 50, 10, 200
SAME = 1e-4  # scores that differ by less are equal
LEAST = 0.9  # of the ten nearest must be the same


@dataclass(slots=True)
class Report:
    """`dense` and `lexical`: of the ten best passages of a sample of questions, the share that both engines find.

    `lexical` is None where the new engine has no words.
    """

    engine: str
    previous: str
    passages: int = 0
    questions: int = 0
    dense: float = 0.0
    lexical: float | None = None
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def move(library: Library, engine: str, address: str = "", *, discard: bool = False) -> Report:
    """Let another engine serve; what the old one holds is kept, unless it is to be discarded.

    A run that is cut short goes on where it was. Raises `LibraryError`, and changes nothing, when the new engine does
    not hold what the catalogue holds, or finds something else than the old one.
    """
    started = perf_counter()
    with library.storing(mend=False):
        old, before = _answering(library), library.manifest
        target = replace(before, engine=engine, address=address)
        if engine == before.engine and (address == before.address or engine == DEFAULT_ENGINE):
            raise BadSettings(f"The library is searched by {engine} already.", "See what searches it: lessons status")
        new = engine_class(engine)(replace(library.place(target), address=address), library.catalogue)
        new.repair(library.generation())
        new.settle()
        report = Report(engine, before.engine, library.catalogue.count())
        wrong = new.check()
        if not wrong:
            if old:
                _compare(library, old, new, report)
            if report.questions and report.dense < LEAST:
                wrong = f"only {report.dense:.0%} of the ten nearest passages are the same"
        if wrong:
            new.close()
            raise LibraryError(f"{engine} does not hold what the library holds: {wrong}.", "Nothing was changed.")
        with library.catalogue.transaction():
            target.save(library.catalogue)
        new.close()
        if discard and old:
            old.discard()
    report.seconds = round(perf_counter() - started, 2)
    return report


def _answering(library: Library) -> Engine | None:
    """The engine that serves; None for a server that is gone: the catalogue has everything."""
    try:
        library.engine.generation()
    except LibraryError:
        return None
    return library.engine


def _compare(library: Library, old: Engine, new: Engine, report: Report) -> None:
    """Ask both engines the titles of some records."""
    titles = library.catalogue.rows("SELECT DISTINCT title FROM lessons WHERE archived = 0 AND title <> '' ORDER BY id")
    chosen = np.random.default_rng(0).permutation(len(titles))[:SAMPLE]
    vectors = [library.embedder.query(titles[at]["title"]) for at in chosen]
    words = [list(dict.fromkeys(words_of(titles[at]["title"]))) for at in chosen]
    with library.catalogue.snapshot():
        views = [each.view(library.generation(), anyway=True) for each in (old, new)]
        one, other = (view for view in views if view is not None)
        report.questions = len(chosen)
        dense = [_same(one.near(vector, DEEP), other.near(vector, DEPTH)) for vector in vectors]
        lexical = [_same(one.matching(asked, DEEP), other.matching(asked, DEPTH)) for asked in words if asked]
        report.dense = round(float(np.mean(dense)), 4) if dense else 0.0
        if any(len(other.matching(asked, 1).ids) for asked in words if asked):
            report.lexical = round(float(np.mean(lexical)), 4)


def _same(one: Ranked, other: Ranked) -> float:
    """The share of the best ten of `one` that are among the `other`; one as good as the tenth is as good as it."""
    wanted = min(DEPTH, len(one.ids))
    if not wanted:
        return 1.0
    good = one.ids[one.scores >= one.scores[wanted - 1] - SAME]
    return min(1.0, len(np.intersect1d(good, other.ids)) / wanted)
