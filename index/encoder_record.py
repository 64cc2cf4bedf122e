"""What is known of a model on this machine: how the fast backend runs it fastest and still gives torch's vectors.

Which is the fastest depends on the processor: one with instructions for bfloat16 may run that faster than 8 bits. It is
found out once, by comparing and by timing, and kept in the user's cache under a hash of the model's files, the
processor and the library's version. Without a cache it is found out each time.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, cast

from platformdirs import user_cache_path

from index.encoder_graph import Precision
from index.encoder_recipe import NotReproducible

if TYPE_CHECKING:
    from index.encoder import Encoder

REVISION = 2  # of the graph and of the choice: with another one it is found out anew
SAME: dict[Precision, float] = {"float": 0.999, "int8": 0.99}
"""The least cosine between a text's vectors by the two backends; the slower precision first, for it shows that the
graph is right.
"""
TEXTS = (
    "The pump failed because its inlet filter was blocked.",
    "",
    "Überprüfung: 25 °C, £3.5m – naïve façade; 冷却ポンプ!",
    "Lessons learned: after the review, the team replaced both strainers and logged each check. " * 40,
)
PASSAGES = (f"{TEXTS[0]} " * 22,) * 2
"""What is timed: about as many tokens as a passage has, for speed matters most when thousands are indexed."""
ROUNDS, SECONDS = 5, 0.3
"""How often each is timed, unless that takes longer."""
TRUSTED = frozenset({"83ba6db2b449fc220e043b99349382169b7f97f5214419990a001981f6b12f60"})
"""The packaged weights, which the tests compare: no torch at the first use."""


def recall(digest: str, machine: str) -> Precision | None:
    """What the model runs in; None where that is not known. Raises `NotReproducible` where it is known to differ."""
    try:
        precision = json.loads(_file(digest, machine).read_text(encoding="utf-8"))["precision"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if precision is None:
        raise NotReproducible("its vectors came out different when it was tried.")
    return cast(Precision, precision) if precision in SAME else None


def settle(
    digest: str, machine: str, build: Callable[[Precision], Encoder], reference: Callable[[], Encoder]
) -> Encoder:
    """The model in the fastest precision whose vectors are the reference's, remembered. Raises `NotReproducible`."""
    agreed = {each: build(each) for each in SAME} if digest in TRUSTED else _agreed(build, reference())
    seconds = timed(agreed)
    best = min(seconds, key=seconds.__getitem__, default=None)
    _remember(_file(digest, machine), best)
    if best is None:
        raise NotReproducible("its vectors came out different.")
    return agreed[best]


def _agreed(build: Callable[[Precision], Encoder], reference: Encoder) -> dict[Precision, Encoder]:
    agreed: dict[Precision, Encoder] = {}
    with suppress(NotReproducible):
        for precision, least in SAME.items():
            encoder = build(precision)
            if agreement(encoder, reference) < least:
                break
            agreed[precision] = encoder
    return agreed


def timed(encoders: Mapping[Precision, Encoder]) -> dict[Precision, float]:
    """Seconds for `PASSAGES`: the median of rounds in turns, so that whatever else the machine does falls on all."""
    taken: dict[Precision, list[float]] = {precision: [] for precision in encoders}
    for encoder in encoders.values():
        encoder.encode(PASSAGES, "document")  # the first time is spent on preparing for texts of this length
    until = perf_counter() + SECONDS
    while any(len(each) < ROUNDS for each in taken.values()):
        for precision, encoder in encoders.items():
            started = perf_counter()
            encoder.encode(PASSAGES, "document")
            taken[precision].append(perf_counter() - started)
        if perf_counter() > until:
            break
    return {precision: median(each) for precision, each in taken.items()}


def agreement(encoder: Encoder, reference: Encoder) -> float:
    """The least cosine over texts that try prompts, padding, other scripts and the limit on length."""
    if (encoder.longest, encoder.special, encoder.dimension) != (
        reference.longest,
        reference.special,
        reference.dimension,
    ):
        return 0.0
    if any(list(encoder.tokens(text)) != list(reference.tokens(text)) for text in TEXTS):
        return 0.0
    return min(
        float((encoder.encode(TEXTS, kind) * reference.encode(TEXTS, kind)).sum(axis=1).min())
        for kind in ("query", "document")
    )


def _file(digest: str, machine: str) -> Path:
    name = hashlib.sha256(f"{REVISION} {digest} {machine}".encode()).hexdigest()[:32]
    return user_cache_path("lessons") / "encoders" / f"{name}.json"


def _remember(file: Path, precision: Precision | None) -> None:
    """Put in place at once, so that another process never reads half of it."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as partial:
            json.dump({"precision": precision}, partial)
        os.replace(partial.name, file)  # noqa: PTH105 - a name, not a path
