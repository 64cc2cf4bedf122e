"""Options that commands share, and how they print."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest.encodable import encodable

if TYPE_CHECKING:
    from rich.console import Console

    from index.library import Library
    from ui.settings import Settings

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

LibraryFolder = Annotated[
    Path | None,
    typer.Option("--library", metavar="DIR", help="The library's folder; else $LESSONS_LIBRARY, else your own."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Filter = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="NAME=VALUE", help="Only such records: outcome=failure, unit=…, since=2020, …"),
]
Embedder = Annotated[
    str | None,
    typer.Option(metavar="MODEL", help="A sentence-transformers model, by name or folder, for a new library."),
]


def load_settings(library: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings with a command's flags on top."""
    from ui.settings import Settings

    return Settings.load({"library": library, **(flags or {})})


@contextmanager
def opened(settings: Settings, *, create: bool = False) -> Iterator[Library]:
    """The library the settings name, closed at the end."""
    from index.library import Library

    with Library.open(settings.library.expanduser(), settings.index, create=create) as library:
        yield library


def print_json(value: Any) -> None:
    """The one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def short(text: str, width: int) -> str:
    """As much of a line as fits, with an ellipsis where it is cut."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def times(count: int) -> str:
    """`once`, `2 times`."""
    return "once" if count == 1 else f"{count} times"


def console(*, errors: bool = False) -> Console:
    """Where people read: standard output, or standard error for progress and problems.

    What a document or a file's name holds of control characters never reaches the terminal, which would obey them.
    """
    from rich.console import Console

    class Clean(Console):
        def print(self, *objects: Any, **options: Any) -> None:
            super().print(*(_clean(one) if isinstance(one, str) else one for one in objects), **options)

    return Clean(stderr=errors, highlight=False)


def _clean(text: str) -> str:
    return encodable(_CONTROLS.sub("\ufffd", text))
