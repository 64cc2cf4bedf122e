"""Commands that keep the library and files elsewhere together: `export`, `watch`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ingest.errors import LessonsError
from ui.commands.options import Embedder, Filter, Json, LibraryFolder, console, load_settings, opened, print_json

if TYPE_CHECKING:
    from index.sync import Report


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(export)
    app.command()(watch)


def export(
    target: Annotated[Path, typer.Argument(help="A new .jsonl file; for Markdown a new folder.")],
    form: Annotated[
        Literal["jsonl", "markdown"],
        typer.Option("--format", help="One file of JSON Lines, or a Markdown file a record."),
    ] = "jsonl",
    filters: Filter = None,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Write all records out, or those that match; `lessons index` reads them back without losing a field."""
    from index.filters import parse_filters
    from ingest.export import export as write
    from ingest.scan import absolute

    place = absolute(target)
    with opened(load_settings(library)) as opened_library:
        count = write(opened_library.lessons(parse_filters(filters or [])), place, form)
    if as_json:
        print_json({"records": count, "format": form, "target": str(place)})
    else:
        console().print(f"{count:,} {'record' if count == 1 else 'records'} written to {place}.", markup=False)


def watch(
    paths: Annotated[list[Path], typer.Argument(help="Folders and files to keep in sync with the library.")],
    library: LibraryFolder = None,
    embedder: Embedder = None,
) -> None:
    """Index folders now, and again after every change, until you press Ctrl+C (twice to stop in the midst of it)."""
    import signal
    from contextlib import suppress
    from threading import Event

    from index.watch import watch as follow
    from ingest.scan import existing

    settings = load_settings(library, {"embedder": embedder})
    existing(paths)  # a mistyped path must not leave an empty library behind
    lines, stop = _Lines(), Event()

    def end(*_: object) -> None:
        """The first Ctrl+C lets a sync at work finish, the second one does not."""
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, end)
    try:
        with opened(settings, create=True) as opened_library, suppress(KeyboardInterrupt):
            follow(opened_library, paths, settings.ingest, lines.report, stop, lines.error)
    finally:
        signal.signal(signal.SIGINT, before)


class _Lines:
    """A line for each sync, and one for each file that could not be read, the first time."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def report(self, report: Report) -> None:
        counts = ((getattr(report, part), part) for part in ("added", "changed", "renamed", "removed"))
        done = ", ".join(f"{count:,} {part}" for count, part in counts if count) or "nothing to do"
        self._print(f"{done}; the library holds {report.holds}.")
        now = {(problem.path, problem.reason) for problem in report.failed}
        for problem in report.failed:
            if (problem.path, problem.reason) not in self._told:
                self._print(
                    f"Could not be read: {problem.path}: {problem.reason} {problem.remedy}".rstrip(), errors=True
                )
        self._told = now

    def error(self, error: Exception) -> None:
        said = str(error) if isinstance(error, LessonsError) else f"{type(error).__name__}: {error}."
        self._print(f"{said} Watching goes on.", errors=True)

    def _print(self, text: str, *, errors: bool = False) -> None:
        from datetime import datetime

        line = f"{datetime.now().astimezone():%H:%M:%S}  {text}"
        console(errors=errors).print(line, markup=False, soft_wrap=True)
