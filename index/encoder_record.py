"""What is known of a model on this machine: whether the fast backend gives the vectors that torch gives.

Found out once, by comparing them, and kept in the user's cache under a hash of the model's files, the processor and the
library's version. Without a cache it is found out each time: slower, never different.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from platformdirs import user_cache_path

from index.encoder_graph import Precision
from index.encoder_recipe import NotReproducible, Recipe

if TYPE_CHECKING:
    from index.encoder import Encoder

REVISION = 1  # of the graph: another one is compared anew
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
TRUSTED: dict[str, Precision] = {"83ba6db2b449fc220e043b99349382169b7f97f5214419990a001981f6b12f60": "int8"}
"""The packaged weights, which the tests compare: no torch at the first use."""


def recall(recipe: Recipe, machine: str) -> Precision | None:
    """What the model may run in; None where that is not known. Raises `NotReproducible` where it is known not to."""
    digest = recipe.digest()
    if digest in TRUSTED:
        return TRUSTED[digest]
    try:
        precision = json.loads(_file(digest, machine).read_text(encoding="utf-8"))["precision"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if precision is None:
        raise NotReproducible("its vectors came out different when it was tried.")
    return cast(Precision, precision) if precision in SAME else None


def settle(recipe: Recipe, machine: str, reference: Encoder, build: Callable[[Precision], Encoder]) -> Precision:
    """Compare with the reference, and remember. Raises `NotReproducible`."""
    agreed: list[Precision] = []
    with suppress(NotReproducible):
        for precision, least in SAME.items():
            if agreement(build(precision), reference) < least:
                break
            agreed.append(precision)
    best = agreed[-1] if agreed else None
    _remember(_file(recipe.digest(), machine), best)
    if best is None:
        raise NotReproducible("its vectors came out different.")
    return best


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
