"""Commands that measure the index: `eval index` what size costs, `eval concurrency` what company does."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.options import Json, LibraryFolder, console, load_settings, opened, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval.index_cost import Cost

SPEED_OF = 512  # passages


def register(group: typer.Typer) -> None:
    """Add the commands to `eval`."""
    group.command()(index)
    group.command()(concurrency)


def index(
    sizes: Annotated[str, typer.Option(metavar="N,N,…", help="Numbers of passages.")] = "1000,10000,100000",
    questions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What to ask, JSON Lines with `text`; else titles of records.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the grown libraries in this folder, for another run.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw cost against size: .png or .svg.")] = None,
    library: LibraryFolder = None,
    as_json: Json = False,
) -> None:
    """Measure what a search costs as the library grows, beside plain ways to do the same.

    The library's passages are used as far as they go; beyond, made-up ones lie between them.
    """
    from eval.index_cost import measure, speed
    from eval.index_plain import missing
    from eval.synthetic import real_of
    from ingest.errors import BadSettings

    if not all(size.strip().isdecimal() and int(size) >= 100 for size in sizes.split(",")):
        raise BadSettings(f"--sizes cannot be {sizes!r}.", "Give numbers of 100 or more: 1000,10000.")
    if plot:
        from eval.index_plot import check

        check(plot)
    log = console(errors=True)
    if absent := missing():
        log.print(f"Left out, not installed: {', '.join(absent)}. Run: pip install {' '.join(absent)}")
    with opened(load_settings(library)) as opened_library:
        coming_in = speed(opened_library, real_of(opened_library, SPEED_OF).texts)
        asked = [json.loads(line)["text"] for line in questions.open(encoding="utf-8")] if questions else []
        costs = measure(opened_library, [int(size) for size in sizes.split(",")], asked, keep, log.print)
    if plot:
        from eval.index_plot import plot as draw

        draw(costs, plot)
    if as_json:
        print_json({"coming_in": asdict(coming_in), "costs": [cost.to_json() for cost in costs]})
        return
    console().print(
        f"Coming in: {coming_in.embedded_a_second:,.0f} passages a second embedded, "
        f"{coming_in.committed_a_second:,.0f} embedded, committed and found ({coming_in.passages:,} passages)."
    )
    _print(costs)


def concurrency(
    readers: Annotated[int, typer.Option(min=1, max=64, help="Processes that read.")] = 8,
    passages: Annotated[int, typer.Option(min=100, help="How many are written meanwhile.")] = 20_000,
    as_json: Json = False,
) -> None:
    """Measure searches of many processes while one writes, beside the same with nobody writing; needs no model."""
    from eval.concurrency import measure

    report = measure(readers, passages, on_part=console(errors=True).print)
    if as_json:
        print_json(report.to_json())
    else:
        console().print(
            f"{report.readers} readers while {report.written:,} passages were written in "
            f"{report.write_seconds:,.0f} s: "
            f"{report.reads_busy:,} searches, {report.torn} torn, {len(report.errors)} errors; a search took "
            f"{report.busy_ms[0]} ms (p95 {report.busy_ms[1]}), with nobody writing {report.quiet_ms[0]} ms "
            f"(p95 {report.quiet_ms[1]})."
        )
        for error in report.errors:
            console().print(error, markup=False)
    if report.torn or report.errors:
        raise typer.Exit(1)


def _print(costs: Sequence[Cost]) -> None:
    from rich.table import Table

    for size in dict.fromkeys(cost.passages for cost in costs):
        own = [cost for cost in costs if cost.passages == size]
        table = Table(title=f"{size:,} passages", title_justify="left")
        table.add_column("", no_wrap=True)
        for name in own[0].latency_ms:
            table.add_column(f"{name}: ms p50 / p95, recall", justify="right")
        for name in ("memory MB", "disk MB", "open ms", "built s"):
            table.add_column(name, justify="right")
        for cost in own:
            cells = (
                f"{p50:,.1f} / {p95:,.1f}, {cost.recall[name]:.3f}" for name, (p50, p95) in cost.latency_ms.items()
            )
            figures = (cost.memory_mb, cost.disk_mb, cost.open_ms, cost.build_seconds)
            table.add_row(cost.way, *cells, *(f"{value:,.0f}" if value else "" for value in figures))
        console().print(table)
        for cost in own:
            if cost.ratio is not None:
                stages = ", ".join(f"{stage} {ms}" for stage, ms in cost.stages_ms.items())
                choices = "; ".join(f"{choice} {ms}" for choice, ms in cost.choices_ms.items())
                bare = f"{cost.ratio:.2f} times the embedding and one plain FAISS search"
                console().print(f"{cost.index}; {bare}; stages, ms: {stages}")
                console().print(f"What was chosen between, ms: {choices}")
