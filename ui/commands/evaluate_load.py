"""The command that loads the web page: `eval load`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ui.commands.options import Json, console, print_json

QUESTIONS = (
    "What went wrong most often?",
    "Which lessons recommend a test before use?",
    "What did we learn about power supply failures?",
    "Who knows about training?",
    "How many failures are there per year?",
    "What should we do before a handover?",
    "Which near misses involved vehicles or cranes?",
    "What was learned about software updates?",
    "How long did it take to restore service?",
    "What do we know about unicorn farming?",
    "What was learned about {title}?",
    "What went wrong with {title}?",
    "How do we avoid {title}?",
    "Has anyone dealt with {title}?",
    "What should we do about {title}?",
    "Who knows about {title}?",
)


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command()(load)


def load(
    address: Annotated[str, typer.Argument(metavar="URL", help="A server on this machine, without sign-in.")],
    people: Annotated[int, typer.Option(min=1, max=200, help="How many ask at the same time.")] = 20,
    minutes: Annotated[float, typer.Option(min=0.05, max=60, help="For how long.")] = 3.0,
    pause: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds that each reads an answer, on average.")] = 10,
    index: Annotated[Path | None, typer.Option(metavar="DIR", help="A folder to be indexed meanwhile.")] = None,
    questions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Questions to ask, one a line; {title} is any record's.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Let simulated people use the page at the same time; count errors and measure how long they wait."""
    from eval.load import load as run
    from ingest.scan import existing

    if index is not None:
        existing([index])
    asked = [line for line in questions.read_text(encoding="utf-8").splitlines() if line.strip()] if questions else []
    folder = str(index.absolute()) if index else ""
    found = run(address, asked or QUESTIONS, people, 60 * minutes, pause, folder).to_json()
    if as_json:
        print_json(found)
        return
    out = console()
    out.print(f"{found['people']} people asked {found['questions']:,} questions in {found['seconds']:,.0f} s.")
    for name, label in (("first_ms", "first sentence"), ("answer_ms", "whole answer"), ("page_ms", "other pages")):
        times = found[name]
        if times["p50"] is not None:
            out.print(f"{label:<15} p50 {times['p50']:>8,.0f} ms   p95 {times['p95']:>8,.0f} ms")
    out.print(f"errors          {sum(found['errors'].values())}  {found['errors'] or ''}", markup=False)
    if found["indexed"]:
        out.print(f"indexing        {found['indexed']['said']}", markup=False)
    if found["errors"]:
        raise typer.Exit(1)
