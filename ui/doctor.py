"""Checks of the installation and the library, each with the remedy for what it finds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from index.library import Library
from index.maintenance import faults, unfinished
from index.manifest import embedder_of
from ingest.errors import LessonsError, LibraryBusy, LibraryMissing

if TYPE_CHECKING:
    from ui.settings import Settings

LEAST_FREE_GB = 1


@dataclass(frozen=True, slots=True)
class Check:
    """`status` is `ok`, `warning` or `failed`; `remedy` is empty where nothing needs to be done."""

    name: str
    status: Literal["ok", "warning", "failed"]
    message: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def checks(settings: Settings) -> list[Check]:
    """All checks, in the order in which a fault in one explains the next."""
    return [_guarded(name, check, settings) for name, check in _CHECKS.items()]


def _guarded(name: str, check: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return check(settings)
    except (LibraryMissing, LibraryBusy) as error:
        return Check(name, "warning", error.reason, error.remedy)
    except LessonsError as error:
        return Check(name, "failed", error.reason, error.remedy)


def _disk(settings: Settings) -> Check:
    place = next(folder for folder in (settings.library, *settings.library.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free / 1e9
    if free < LEAST_FREE_GB:
        return Check("disk", "warning", f"{free:.1f} GB free at {place}.", "Make room, or move the library.")
    return Check("disk", "ok", f"{free:.0f} GB free at {place}.")


def _embedder(settings: Settings) -> Check:
    embedder = embedder_of(None, settings.index)
    message = f"{embedder.name} runs on {embedder.backend} and gives {embedder.dimension} dimensions."
    return Check("embedder", "ok", message)


def _library(settings: Settings) -> Check:
    with Library.open(settings.library, settings.index) as library:
        stats = library.stats()
        library.search("check", 1)
        wrong = faults(library)
        repaired = library.catalogue.meta("repaired")
        bare = settings.index.token_vectors and not library.manifest.basis
        embedder = library.manifest.embedder
        begun = unfinished(library)
    if wrong:
        remedy = "Run the command that is named; where there is none: lessons compact"
        return Check("library", "failed", f"{'; '.join(wrong)}.", remedy)
    if begun:
        remedy = f"Go on: lessons reindex --embedder {begun}. Or go without: lessons reindex --embedder {embedder}"
        return Check("library", "warning", f"Embedding by {begun} was begun and is not finished.", remedy)
    last = f" Last repair, {repaired}." if repaired else ""
    better = f" With vectors of tokens it would rank better: lessons reindex --embedder {embedder}" if bare else ""
    counts = f"{stats.lessons:,} records in {stats.passages:,} passages, searched by {stats.engine}"
    return Check("library", "ok", f"{counts}, at {settings.library}; all files are whole.{last}{better}")


def _language_model(settings: Settings) -> Check:
    from assistant.writer import write

    if not settings.assistant.llm:
        return Check("language model", "ok", "None is set: answers are quoted from the documents.")
    first = next(write("Say yes.", [("a1b2", "Yes.")], settings.assistant), "")
    return Check("language model", "ok", f"{settings.assistant.llm} answers ({len(first)} characters came first).")


_CHECKS: dict[str, Callable[[Settings], Check]] = {
    "disk": _disk,
    "embedder": _embedder,
    "library": _library,
    "language model": _language_model,
}
