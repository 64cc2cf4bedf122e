"""Commands that measure the way in: `eval recognition`, `eval fields`, `eval throughput`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.options import Json, console, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eval.fields import FieldScore
    from eval.recognition import Report


def register(group: typer.Typer) -> None:
    """Add the commands to `eval`."""
    group.command()(recognition)
    group.command()(fields)
    group.command()(embedding)
    group.command()(throughput)


def recognition(
    folder: Annotated[Path, typer.Argument(help="The folder that holds the documents.")],
    labels: Annotated[Path, typer.Argument(help="Labels made by hand, one JSON object a line.")],
    compare: Annotated[
        Path | None, typer.Option(metavar="DETECTOR.py", help="Measure this detector too: sections(text), kind().")
    ] = None,
    negatives: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="A corpus in the BEIR layout that holds no lessons.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure how well documents are recognised: kind, records, sections, date, outcome, false alarms."""
    from eval.recognition import evaluate

    report = evaluate(folder, labels, negatives or (), compare)
    if as_json:
        print_json(report.to_json())
    else:
        _print_recognition(report)


def fields(
    file: Annotated[Path, typer.Argument(help="A file of records, such as a table or JSON Lines.")],
    labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Acceptable values of some records, one JSON object a line.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Count how many records have topics, phase, outcome, cause and severity, and how they were found."""
    from eval.fields import load_labels, load_records, score_fields

    accepted = load_labels(labels) if labels else None
    scores = score_fields(load_records(file), accepted)
    if as_json:
        print_json({name: score.to_json() for name, score in scores.items()})
    else:
        _print_fields(scores, judged=accepted is not None)


def embedding(
    file: Annotated[Path, typer.Argument(help="A file of records; each is embedded as one passage.")],
    records: Annotated[int, typer.Option(min=8, help="How many of them.")] = 256,
    as_json: Json = False,
) -> None:
    """Measure what runs the embedding model: passages a second, CPU time, memory, and how near its vectors are."""
    from rich.table import Table

    from eval.embedding import compare, texts_of

    log = console(errors=True)
    costs = compare(texts_of(file)[:records], on_part=lambda part: log.print(f"Running {part}"))
    if as_json:
        print_json([asdict(cost) for cost in costs])
        return
    table = Table(*(name.replace("_", " ") for name in asdict(costs[0])))
    for cost in costs:
        table.add_row(*(f"{value:,.4g}" if isinstance(value, float) else str(value) for value in asdict(cost).values()))
    console().print(table)


def throughput(
    paths: Annotated[list[Path], typer.Argument(help="Folders and files to index: PDF, Markdown and text.")],
    as_json: Json = False,
) -> None:
    """Measure how fast files are read and embedded, beside the plain recipe: pypdf, splitter, encode, FAISS."""
    from rich.table import Table

    from eval.throughput import compare

    log = console(errors=True)
    speeds = compare(paths, lambda part: log.print(f"Running {part}"))
    if as_json:
        print_json([asdict(one) | one.rates for one in speeds])
        return
    table = Table("", "reading s", "embedding s", "total s", "passages", "passages/s", "characters/s")
    for one in speeds:
        seconds = (f"{value:.1f}" for value in (one.reading, one.embedding, one.total))
        table.add_row(one.name, *seconds, f"{one.passages:,}", *(f"{value:,.0f}" for value in one.rates.values()))
    console().print(table)


def _print_recognition(report: Report) -> None:
    from rich.table import Table

    unread = f", {len(report.unread)} could not be read: {', '.join(report.unread)}" if report.unread else ""
    table = Table(title=f"{report.documents} documents{unread}", title_justify="left")
    table.add_column("")
    table.add_column("lessons", justify="right")
    if report.compared is not None:
        table.add_column("compared", justify="right")
    for name, value in report.figures.items():
        values = [value] if report.compared is None else [value, report.compared[name]]
        table.add_row(name, *("–" if each is None else f"{each:.4f}" for each in values))
    console().print(table)


def _print_fields(scores: Mapping[str, FieldScore], *, judged: bool) -> None:
    from rich.table import Table

    records = next(iter(scores.values())).records
    table = Table(title=f"{records} records", title_justify="left")
    more = ("values judged", "acceptable", "abstained", "of these missed") if judged else ()
    for heading in ("", "by the source", "after derivation", *more, "values by method"):
        table.add_column(heading, justify="left" if heading in ("", "values by method") else "right")
    for name, score in scores.items():
        shares = [f"{number / max(1, records):.0%}" for number in (score.source, score.filled)]
        right = "–" if score.precision is None else f"{score.precision:.0%}"
        checked = [str(score.judged), right, f"{score.abstained} of {score.labelled}", str(score.missed)]
        methods = ", ".join(f"{method} {number}" for method, number in score.methods.most_common())
        table.add_row(name, *shares, *(checked if judged else ()), methods)
    console().print(table)
