"""What finds passages: the specification of a search engine, and where engines are registered.

The catalogue (`index/catalogue.py`) holds everything; an engine holds what it needs to find passages fast, made from
the catalogue and at any time made anew from it. `index/conformance.py` tests that an engine does what is said here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from index.encoder import Vectors
from index.filters import Selection
from index.passages import Ids as Ids
from ingest.errors import BadSettings

if TYPE_CHECKING:
    from index.catalogue import Catalogue

GROUP = "lessons.engines"
BUILT_IN = {"faiss": "index.local.engine:LocalEngine", "milvus": "index.milvus.engine:MilvusEngine"}


class Ranked(NamedTuple):
    """Passages found: ids of shape (n,), and their scores, best first."""

    ids: Ids
    scores: Vectors


@dataclass(frozen=True, slots=True)
class Place:
    """Where an engine keeps what it makes.

    `folder` is the library's; `address` and `token` are those of a server, where the engine is one's client;
    `library` identifies the library among others on that server, in letters and digits. `model` and `dimension` are
    those of the vectors.
    """

    folder: Path
    library: str
    model: int
    dimension: int
    address: str = ""
    token: str = ""


class View(Protocol):
    """A state of the library that does not change while it is asked.

    It is used inside the catalogue's `snapshot()` in which it was taken. `near` gives the at most `k` passages nearest
    to a unit vector of shape (dimension,), by cosine similarity. An approximate engine may miss some and give scores
    that are a little off: the library computes them anew. `matching` gives the at most `k` best by BM25 (k1 1.2, b
    0.75) for `words`, stemmed as `index/analysis.py` does. With a `selection`, both act as if the library held the
    passages of these records only: `k` of them are found if there are as many, however few they are, and nothing of
    another record is found.

    `rarity` is the inverse document frequency of each word, as in BM25; the largest for a word that is nowhere.
    """

    def near(self, vector: Vectors, k: int, selection: Selection | None = None) -> Ranked: ...
    def matching(self, words: Sequence[str], k: int, selection: Selection | None = None) -> Ranked: ...
    def rarity(self, words: Sequence[str]) -> Mapping[str, float]: ...


class Engine(Protocol):
    """Finds passages of a catalogue. It is made by `Engine(place, catalogue)`, which opens what is there or makes it.

    Writing. `update` is called inside the catalogue's transaction, just before its commit, by whoever holds the
    library's lock: the passages `came` are in the catalogue and those `gone` are not, each at once. An id is never used
    for another passage. When `update` returns, the passages that came are stored for good, and `generation`, a number
    that grows with every call, is remembered with them. The commit may still fail, so that the engine is ahead of the
    catalogue by one call; `repair` is then called before anything else is written. `settle` is called after the
    commit, for all that may wait: what it does not do for being cut short is done by a later call. `repair` brings
    the engine in line with the catalogue at `generation`, whatever it held, and says in a few words what it did.

    Reading. `view` gives the state that fits the catalogue's snapshot of the calling thread, at `generation`; None
    while the writer is between `update` and the commit, so that the caller takes a newer snapshot. With `anyway` it
    gives the nearest there is. A passage that the snapshot does not hold may be found, the library leaves it out;
    passages that it holds must be found. Several processes may read while one writes.

    `generation()` is the one that was stored last, -1 when there is none or it cannot be read. `check` names what is
    wrong, an empty string when nothing is; it may take long. `discard` removes all the engine stores for its model.
    `compact` gives back room and speed lost to deletions. `describe` says what is used, for people: "faiss (exact)".
    Errors of the server or the disk are raised as `LibraryError` with a remedy.
    """

    def __init__(self, place: Place, catalogue: Catalogue) -> None: ...
    def generation(self) -> int: ...
    def update(self, generation: int, came: Sequence[int], gone: Sequence[int]) -> None: ...
    def settle(self) -> None: ...
    def repair(self, generation: int) -> str: ...
    def view(self, generation: int, *, anyway: bool = False) -> View | None: ...
    def check(self) -> str: ...
    def compact(self) -> None: ...
    def discard(self) -> None: ...
    def describe(self) -> str: ...
    def close(self) -> None: ...


def engine_class(name: str) -> type[Engine]:
    """The engine of that name: ours, or one that a package adds by an entry point of the group `lessons.engines`.

    Raises `BadSettings` for a name nobody has.
    """
    added = {point.name: point for point in entry_points(group=GROUP)}
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found: type[Engine] = getattr(import_module(module), attribute)
        return found
    if name in added:
        loaded: type[Engine] = added[name].load()
        return loaded
    known = ", ".join(sorted({*BUILT_IN, *added}))
    raise BadSettings(f"There is no engine {name!r}.", f"Choose from: {known}.")
