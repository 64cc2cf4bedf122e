"""Commands that change what a library is made with: `reindex`, `move`, `compact`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from ui.commands.options import Json, LibraryFolder, console, load_settings, opened, print_json


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (reindex, move, compact):
        app.command()(command)


def reindex(
    embedder: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The sentence-transformers model to serve, by name or folder."),
    ] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the model that served before.")] = False,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Embed everything anew by another model, from the stored text; the library goes on serving meanwhile."""
    from index.reindex import reindex as run
    from ingest.errors import BadSettings

    if (embedder is None) != rollback:
        raise BadSettings("Either name a model or go back.", "lessons reindex --embedder MODEL, or --rollback")
    with opened(load_settings(library)) as opened_library, _progress() as on_step:
        report = run(opened_library, embedder, on_step=on_step)
    if as_json:
        print_json(report.to_json())
        return
    out = console()
    out.print(
        f"{report.embedder} serves now: {report.embedded:,} of {report.passages:,} passages were embedded "
        f"({report.seconds:,.1f} s).",
        markup=False,
    )
    if report.cut:
        out.print(f"Note: {report.cut:,} passages are longer than the model reads; their ends are found by words only.")
    if report.embedder != report.previous:
        out.print(f"Back to {report.previous} with: lessons reindex --rollback", markup=False)


def move(
    engine: Annotated[str, typer.Option(metavar="NAME", help="The engine that is to search: faiss, milvus, …")],
    address: Annotated[str, typer.Option(metavar="URL", help="Where it is, for an engine that is a server.")] = "",
    discard: Annotated[bool, typer.Option("--discard", help="Then remove what the old engine holds.")] = False,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Load the library into another engine, compare the two, and let the new one serve."""
    from index.move import move as run

    with opened(load_settings(library)) as opened_library:
        report = run(opened_library, engine, address, discard=discard)
    if as_json:
        print_json(report.to_json())
        return
    words = "it has no words" if report.lexical is None else f"by words {report.lexical:.0%}"
    console().print(
        f"{report.engine} serves now: {report.passages:,} passages, all there. Of the ten best for {report.questions} "
        f"questions it finds the same as {report.previous}: by meaning {report.dense:.0%}, {words} "
        f"({report.seconds:,.1f} s).",
        markup=False,
    )


def compact(library: LibraryFolder = None, as_json: Json = False) -> None:
    """Give back the room of what was deleted, and of models that no longer serve."""
    from index.maintenance import compact as run

    with opened(load_settings(library)) as opened_library:
        done = run(opened_library)
    if as_json:
        print_json(done.to_json())
    else:
        console().print(f"{done.before / 1e6:,.1f} MB before, {done.after / 1e6:,.1f} MB now.")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error."""
    from rich.progress import Progress

    with Progress(console=console(errors=True), transient=True) as bar:
        task = bar.add_task("Embedding", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
