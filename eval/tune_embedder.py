"""Train a library's embedder on pairs its own records give, and let it serve if it is better on records held out.

Half of the records are kept out of training. Their titles are asked of a copy that lacks them (`eval/untitled.py`),
before and after, and what they say of others they cite. Of a large library a part is searched.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

from eval.auto import measures, search
from eval.contrastive import train
from eval.known_item import ItemKind, KnownItem, known_items
from eval.pairs import Pair, PairKind, batches, pairs_of
from eval.retrieval import arguments
from eval.significance import LEVEL, Difference, difference
from eval.tune import KINDS, held_out
from eval.untitled import untitled
from index.embedder import MODELS, OWN, SentenceTransformerEmbedder, locate
from index.library import Library
from index.reindex import reindex

PAIRS = 2_000  # three to four minutes on two cores
BATCH = 32
QUESTIONS = 400  # of each kind
PASSAGES = 3_000  # searched at most, for both models have to embed them
FEWEST = 20  # questions that can tell anything
SEARCHES: Mapping[str, dict[str, Any]] = {"default": {}, "dense": arguments("dense")}
"""As the library's settings have it, and by vectors alone."""
MEASURES = ("ndcg@10", "mrr@10")
_NAMED = "-tuned-"

Scores = Mapping[tuple[str, ItemKind, str], Mapping[str, float]]
"""By search, kind of question and measure, the value of each question."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The mean of a measure over questions about records held out, by the embedder that serves and by the trained."""

    search: str
    kind: ItemKind
    measure: str
    questions: int
    before: float
    after: float
    difference: Difference


@dataclass(frozen=True, slots=True)
class Report:
    """`pairs` were trained on; `passages` were searched. Where either were too few, nothing is compared.

    `embedder` serves now: the trained one if that was `taken`, and `previous` before.
    """

    embedder: str
    previous: str
    taken: bool
    pairs: dict[PairKind, int]
    passages: int
    compared: tuple[Compared, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def tune_embedder(library: Library, pairs: int = PAIRS, on_part: Callable[[str], None] = lambda _: None) -> Report:
    """Train on at most `pairs` pairs; the weights are kept in the library's folder if they are to serve.

    Raises `LibraryMissing` for a library without records, `LibraryBusy`, `ModelError` for an embedder that
    sentence-transformers cannot load.
    """
    started, before = time.perf_counter(), library.manifest.embedder
    on_part("making pairs and questions")
    given = batches(pairs_of(library, pairs, held_out), BATCH)
    counts = dict(Counter(pair.kind for batch in given for pair in batch))
    items, records = _asked(library)
    after, passages, compared = before, 0, list[Compared]()
    if given and sum(item.kind == "title" for item in items) >= FEWEST:
        with TemporaryDirectory(dir=library.folder, prefix="training-") as place:
            folder = Path(place) / "model"
            _train(library, given, folder, on_part)
            passages, compared = _compare(library, items, records, folder, on_part)
            if better(compared):
                after = _keep(library, folder)
                on_part(f"embedding everything by {after}")
    if after != before:
        reindex(library, after)
    seconds = round(time.perf_counter() - started, 1)
    return Report(after, before, after != before, counts, passages, tuple(compared), seconds)


def better(compared: Sequence[Compared]) -> bool:
    """Whether the default search finds records by their titles surely better, and nothing surely worse."""
    sure = [one for one in compared if one.measure == MEASURES[0] and one.difference.p < LEVEL]
    gained = any(one.search == "default" and one.kind == "title" and one.difference.mean > 0 for one in sure)
    return gained and all(one.difference.mean > 0 for one in sure)


def _asked(library: Library) -> tuple[list[KnownItem], set[str]]:
    """Questions about records held out, and the records to search: theirs, and others up to the limit."""
    sql = "SELECT l.lesson_id, count(*) FROM passages p JOIN lessons l ON l.id = p.lesson GROUP BY l.id"
    sizes: dict[str, int] = {row[0]: row[1] for row in library.catalogue.rows(sql)}
    items = [item for item in known_items(library, 3 * QUESTIONS, KINDS) if held_out(item.lesson_id)]
    items = [item for kind in KINDS for item in [one for one in items if one.kind == kind][:QUESTIONS]]
    first = [id_ for item in items for id_ in (item.lesson_id, *item.relevant)]
    others = sorted(sizes, key=lambda id_: (crc32(id_.encode()), id_))
    records, room = set[str](), PASSAGES
    for id_ in dict.fromkeys((*first, *others)):
        room -= sizes.get(id_, 0)
        if room < 0:
            break
        records.add(id_)
    return [item for item in items if {item.lesson_id, *item.relevant} <= records], records


def _train(library: Library, given: Sequence[Sequence[Pair]], folder: Path, on_part: Callable[[str], None]) -> None:
    def on_step(done: int) -> None:
        if 10 * done // len(given) > 10 * (done - 1) // len(given):
            on_part(f"trained on {done} of {len(given)} batches")

    on_part(f"training on {sum(map(len, given)):,} pairs")
    train(locate(library.manifest.embedder, library.folder), given, folder, on_step)


def _compare(
    library: Library, items: Sequence[KnownItem], records: set[str], folder: Path, on_part: Callable[[str], None]
) -> tuple[int, list[Compared]]:
    """The number of passages searched, and both embedders' figures."""
    manifest, settings = library.manifest, library.settings
    trained = SentenceTransformerEmbedder(str(folder), manifest.passage_tokens, settings.batch_size, settings.backend)
    with untitled(library, [item for item in items if item.kind == "title"], records=records) as copy:
        passages = copy.catalogue.count()
        on_part(f"searching {passages:,} passages with {len(items)} questions")
        reindex(copy, manifest.embedder, embedder=library.embedder)  # as the trained one has it: with tokens' vectors
        old = _scores(copy, items)
        on_part("the same with the trained embedder")
        reindex(copy, trained.name, embedder=trained)
        with Library.open(copy.folder, copy.settings, embedder=trained) as again:
            new = _scores(again, items)
    return passages, [_compared(*key, old[key], new[key]) for key in old]


def _scores(library: Library, items: Sequence[KnownItem]) -> Scores:
    made: dict[tuple[str, ItemKind, str], dict[str, float]] = {}
    for name, how in SEARCHES.items():
        for item in items:
            figures = measures(search(library, item, how), item.relevant)
            for measure in MEASURES:
                made.setdefault((name, item.kind, measure), {})[item.id] = figures[measure]
    return {key: values for key, values in made.items() if len(values) >= FEWEST}


def _compared(
    search: str, kind: ItemKind, measure: str, old: Mapping[str, float], new: Mapping[str, float]
) -> Compared:
    before, after = (round(fmean(values.values()), 4) for values in (old, new))
    return Compared(search, kind, measure, len(old), before, after, difference(old, new))


def _keep(library: Library, folder: Path) -> str:
    """Move the weights to where the library has its own, under a name that none has had; returns it."""
    base = library.manifest.embedder.rpartition(":")[2].rstrip("/\\").replace("\\", "/").rpartition("/")[2]
    name = f"{base.partition(_NAMED)[0]}{_NAMED}{time.strftime('%Y-%m-%d')}"
    models = library.folder / MODELS
    models.mkdir(exist_ok=True)
    known = {row["name"] for row in library.catalogue.rows("SELECT name FROM models")}
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    free = next(each for each in names if OWN + each not in known and not (models / each).exists())
    folder.rename(models / free)
    return OWN + free
