"""Commands about what is in the library: `index`, `remove`, `status`, `show`, `doctor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.options import Embedder, Json, LibraryFolder, console, load_settings, opened, print_json

if TYPE_CHECKING:
    from index.catalogue import Known
    from index.sync import Report, Step
    from ui.settings import Settings

_NAMED = 20  # files of each kind that a preview lists


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (index, remove, status, show, doctor):
        app.command()(command)


def index(
    paths: Annotated[list[Path], typer.Argument(help="Folders and files to index.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    library: LibraryFolder = None,
    embedder: Embedder = None,
    passage_tokens: Annotated[
        int | None, typer.Option(help="The longest passage, in the embedder's tokens, for a new library.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Index folders: new and changed files are read, deleted ones leave the answers, the rest is left alone."""
    from index.sync import preview, sync
    from ingest.scan import existing

    settings = load_settings(library, {"embedder": embedder, "passage_tokens": passage_tokens})
    existing(paths)  # a mistyped path must not leave an empty library behind
    if dry_run:
        report = preview(_known(settings), paths, settings.ingest, settings.library)
    else:
        with opened(settings, create=True) as opened_library, _progress() as on_step:
            report = sync(opened_library, paths, settings.ingest, on_step)
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report, dry_run=dry_run)
    if report.failed:
        raise typer.Exit(1)


def remove(
    paths: Annotated[list[Path], typer.Argument(help="Indexed files, or folders with all that is indexed below.")],
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Take documents out of search and answers; the files themselves are not touched."""
    from ingest.errors import NotInLibrary
    from ingest.scan import absolute

    with opened(load_settings(library)) as opened_library:
        known = [Path(path) for path in opened_library.known()]
        roots = [absolute(path) for path in paths]
        gone = [str(path) for path in known if any(path.is_relative_to(root) for root in roots)]
        if not gone:
            raise NotInLibrary("Nothing in the library comes from there.", "See what is there: lessons status")
        removed = opened_library.remove(gone)
    if as_json:
        print_json({"removed": removed})
    else:
        console().print(f"{removed} {_plural('document', removed)} removed from the library.")


def status(library: LibraryFolder = None, as_json: Json = False) -> None:
    """Show how much the library holds and what it is made with."""
    settings = load_settings(library)
    with opened(settings) as opened_library:
        stats = opened_library.stats()
    if as_json:
        print_json(stats.to_json() | {"library": str(settings.library)})
        return
    out = console()
    told = stats.to_json() | {"lessons": stats.holds, "library": settings.library}
    del told["guidance"]
    for name, value in told.items():
        out.print(f"{name:<12} {value:,}" if isinstance(value, int) else f"{name:<12} {value}", markup=False)


def show(lesson_id: str, library: LibraryFolder = None, as_json: Json = False) -> None:
    """Show a whole record, and for each field how it was found."""
    with opened(load_settings(library)) as opened_library:
        lesson = opened_library.get(lesson_id)
    if as_json:
        print_json(lesson.to_json())
        return
    out = console()
    out.print(f"{lesson.lesson_id} · {lesson.title}", style="bold", markup=False)
    for name, value in lesson.fields.items():
        if isinstance(value, str):
            method = lesson.provenance.get(name, {}).get("method", "")
            out.print(f"  {name:<14} {value}" + (f"  ({method})" if method else ""), markup=False)
    for name in ("topics", "causes"):
        for tag in lesson.fields[name]:
            quote = f": “{' '.join(tag['quote'].split())}”" if "quote" in tag else ""
            out.print(f"  {name[:-1]:<14} {tag['name']}  ({tag['method']}{quote})", markup=False)
    for action in lesson.fields["actions"]:
        who = ", ".join(filter(None, [action["role"], action["due"], action["state"]]))
        out.print(f"  {'action':<14} {action['text']}  ({who})", markup=False)
    for lesson_id, share in lesson.similar:
        out.print(f"  {'similar':<14} {lesson_id}  ({share:.0%} of the shorter one's words)", markup=False)
    for lesson_id, score in lesson.repeats:
        out.print(f"  {'repeated':<14} {lesson_id}  (a like event at another time, {score:.2f})", markup=False)
    archived = " (no longer there)" if lesson.archived else ""
    out.print(f"  {'source':<14} {lesson.source}{archived}\n\n{lesson.text}", markup=False)


def doctor(library: LibraryFolder = None, as_json: Json = False) -> None:
    """Check the installation and the library, and name the remedy for what is wrong."""
    from ui.doctor import checks

    found = checks(load_settings(library))
    if as_json:
        print_json({"checks": [check.to_json() for check in found]})
    else:
        for check in found:
            remedy = f" {check.remedy}" if check.remedy else ""
            console().print(f"{check.status:<8} {check.name:<16} {check.message}{remedy}", markup=False)
    if any(check.status == "failed" for check in found):
        raise typer.Exit(1)


def print_report(report: Report, *, dry_run: bool = False) -> None:
    """What a sync did, then what could not be read and why."""
    out = console()
    verb = "would be " if dry_run else ""
    parts = ("added", "changed", "renamed", "removed", "unchanged")
    out.print(", ".join(f"{getattr(report, part):,} {verb if part != 'unchanged' else ''}{part}" for part in parts))
    for part, paths in report.files.items():
        for path in paths[:_NAMED]:
            out.print(f"  {part}: {path}", markup=False)
        if len(paths) > _NAMED:
            out.print(f"  {part}: {len(paths) - _NAMED:,} more; --json names all")
    for label, problems in (("Could not be read", report.failed), ("Note", report.warnings)):
        for problem in problems:
            out.print(f"{label}: {problem.path}: {problem.reason} {problem.remedy}".rstrip(), markup=False)
    if report.near_duplicates:
        near = f"{report.near_duplicates:,} {_plural('pair', report.near_duplicates)}"
        out.print(f"{near} of records say nearly the same; `lessons show` names them.")
    for later, earlier in report.repeats[:_NAMED]:
        out.print(f"Again: {later} tells of an event like that of {earlier}.", markup=False)
    if len(report.repeats) > _NAMED:
        out.print(f"Again: {len(report.repeats) - _NAMED:,} more; `lessons trends` lists events that were repeated.")
    if dry_run:
        return
    speed = f", {report.embedded / report.seconds:,.0f} passages/s" if report.embedded and report.seconds else ""
    out.print(
        f"The library holds {report.holds} in {report.passages:,} passages "
        f"({report.seconds:,.1f} s{speed}, {report.peak_memory_mb:,} MB at the most)."
    )


def _known(settings: Settings) -> Mapping[str, Known]:
    """The files the library knows; none where there is no library yet."""
    from ingest.errors import LibraryMissing

    try:
        with opened(settings) as library:
            return library.known()
    except LibraryMissing:
        return {}


@contextmanager
def _progress() -> Iterator[Callable[[Step], None]]:
    """A bar on standard error: files, passages a second, time left."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("Indexing"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[files]} files"),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console(errors=True), transient=True) as bar:
        task = bar.add_task("", total=1.0, files="0", speed="", visible=False)

        def on_step(step: Step) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            speed = f"{step.passages / elapsed:,.0f} passages/s" if elapsed else ""
            bar.update(task, completed=step.share, files=f"{step.files:,}/{step.total:,}", speed=speed, visible=True)

        yield on_step


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
