"""Commands that measure without labels: `eval auto`, `eval support` on one's own library, `eval gate` on the sample."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.options import Json, LibraryFolder, console, load_settings, opened, print_json

if TYPE_CHECKING:
    from eval.auto import Abstention, Figure, Report


def register(group: typer.Typer) -> None:
    """Add the commands to `eval`."""
    group.command()(auto)
    group.command()(gate)
    group.command()(support)


def support(
    library: LibraryFolder = None,
    sentences: Annotated[int, typer.Option(min=10, metavar="N", help="Sentences of so many records.")] = 500,
    written: Annotated[
        Path | None, typer.Option(metavar="LABELS", help="Sentences of a model, judged by hand, in their place.")
    ] = None,
    examples: Annotated[bool, typer.Option("--examples", help="Print what was told wrong.")] = False,
    as_json: Json = False,
) -> None:
    """Check the proof: alter a number, a name, a negation or a cause in your own sentences, and see what it catches."""
    from assistant.proof import by_meaning
    from eval.altered import evaluate, quotes

    if written:
        _written(written, examples, as_json)
        return
    with opened(load_settings(library)) as opened_library:
        found = evaluate(quotes(opened_library, sentences), by_meaning)
    if as_json:
        print_json(found.to_json())
        return
    out = console()
    out.print(f"{found.sentences} sentences, each from another record")
    for kind, count in found.altered.items():
        out.print(f"  {kind:<14} {found.caught[kind]:.3f} of {count:>4} altered sentences caught")
    out.print(f"  {'in all':<14} {found.caught_in_all:.3f}")
    for kind, count in found.true.items():
        out.print(f"  {kind:<14} {found.refused[kind]:.3f} of {count:>4} true sentences refused")
    for example in found.examples if examples else ():
        out.print(example, style="dim", markup=False)


def _written(labels: Path, examples: bool, as_json: bool) -> None:
    """How right the sentences are that the proof lets pass."""
    from eval.written import load_written, shown

    every = load_written(labels)
    passed = shown(every)
    right = sum(one.right for one in passed)
    good, precision = sum(one.right for one in every), round(right / len(passed), 3) if passed else None
    if as_json:
        print_json({"sentences": len(every), "right": good, "shown": len(passed), "precision": precision})
        return
    out = console()
    out.print(f"{len(every)} sentences that a model wrote, {good} of them right")
    out.print(f"  {len(passed)} are shown, {right} of them right: citation precision {precision}")
    for one in (each for each in passed if examples and not each.right):
        out.print(f"shown, and wrong: {one.said} <> {one.quote}", style="dim", markup=False)


def auto(
    library: LibraryFolder = None,
    questions: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many of each kind.")] = 100,
    compare: Annotated[
        str | None,
        typer.Option(
            metavar="SETTINGS",
            help="hybrid, dense, lexical, each also with +rerank; the first is reported. Else what your settings say.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure your own library by questions made of its records, and of questions that it cannot answer."""
    from eval.auto import evaluate_auto
    from eval.retrieval import named

    settings = load_settings(library)
    own = "hybrid+rerank" if settings.index.rerank else "hybrid"
    names, log = named(compare or own), console(errors=True)
    with opened(settings) as opened_library:
        report = evaluate_auto(opened_library, questions, names, lambda part: log.print(f"{part} …", markup=False))
    if as_json:
        print_json(report.to_json())
    else:
        _print_auto(report)


def gate(
    record: Annotated[bool, typer.Option("--record", help="Make what is measured now the record.")] = False,
    as_json: Json = False,
) -> None:
    """Check on the sample library that nothing became worse since the record was made."""
    from eval.gate import RECORD, Measured, check, gold_questions, measure, sample_library

    before = None if record else Measured.load(RECORD)
    with sample_library() as library:
        now = measure(library, gold_questions())
    if before is None:
        now.save(RECORD)
        if as_json:
            print_json({"recorded": True, "made": now.made, "settings": now.settings, "figures": now.figures})
        else:
            _print_figures(now.figures)
        return
    verdict = check(before, now)
    if as_json:
        figures = {name: asdict(change) for name, change in verdict.changes.items()}
        made = {"made": before.made, "settings": before.settings}
        print_json({"passed": not verdict.problems, "problems": verdict.problems, "figures": figures, "record": made})
    else:
        out = console()
        out.print(f"The record is of {before.made}, with {before.settings['embedder']}.", markup=False)
        for name, change in verdict.changes.items():
            shown = f"{change.before:.4f} → {change.now:.4f}"
            out.print(f"{'FAIL' if change.failed else 'ok  '} {name:<20} {shown}", markup=False)
        for problem in verdict.problems:
            out.print(problem, markup=False)
    if verdict.problems:
        raise typer.Exit(1)


def _print_figures(figures: dict[str, float]) -> None:
    for name, value in figures.items():
        console().print(f"{name:<20} {value:.4f}", markup=False)


def _print_auto(report: Report) -> None:
    from rich.table import Table

    out = console()
    out.print(f"{report.records:,} records. Below each figure is its 95 % interval.")
    for setting, kinds in report.settings.items():
        asked = {kind: figures for kind, figures in kinds.items() if figures}
        table = Table(title=setting, title_justify="left", box=None)
        for heading in ("", "asked", *next(iter(asked.values()), ())):
            table.add_column(heading, justify="right" if heading else "left")
        for kind, figures in asked.items():
            cells = (f"{figure.mean:.3f}\n{figure.low:.2f}–{figure.high:.2f}" for figure in figures.values())
            table.add_row(kind, str(figures["hit@1"].questions), *cells)
        out.print(table)
    for reason, count in report.skipped.items():
        out.print(f"{count:,} records passed over, {reason}", markup=False)
    _print_abstention(report.abstention)
    if report.worst:
        out.print("\nQuestions to look at, the worst first:")
    for miss in report.worst:
        rank = "not found" if miss.rank is None else f"rank {miss.rank}"
        out.print(f"{miss.kind}, {rank}: {miss.query}", markup=False)
        out.print(f"     wanted {miss.wanted} · {miss.title}", style="dim", markup=False)
        if miss.first:
            out.print(f"     first  {miss.first} · {miss.first_title}", style="dim", markup=False)
    out.print("\nWhat this cannot show:")
    for limit in report.limits:
        out.print(f"- {limit}", markup=False)


def _print_abstention(found: Abstention) -> None:
    out = console()
    out.print("\nDeclined, of:")
    for name, figure in (
        ("foreign questions (all should be)", found.foreign),
        ("questions about records (few should be)", found.answerable),
        ("the same, record hidden (the more the better)", found.hidden),
    ):
        out.print(f"  {figure.questions:>4} {name:<45} {_shown(figure)}", markup=False)
    if found.skipped:
        out.print(f"  {found.skipped} foreign questions not asked: the library has their words.")
    for what, questions in (("foreign, answered", found.answered), ("about a record, declined", found.refused)):
        for question in questions:
            out.print(f"  {what}: {question}", markup=False)


def _shown(figure: Figure) -> str:
    return f"{figure.mean:.3f} ({figure.low:.2f}–{figure.high:.2f})" if figure.questions else "–"
