"""The report of experiments: one HTML file that shows itself without a network, by `report.html.j2`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from eval.report_plots import changes, cost, quality
from eval.runs import Run, compare, labels
from eval.significance import LEVEL, Difference

MEASURE = "ndcg@10"
MOST = 20  # queries shown on each side
JUDGED = 10  # judged records named with a query


@dataclass(frozen=True, slots=True)
class Record:
    """A record found or judged: `grade` is None where nobody judged it, `ranks` where each run found it."""

    id: str
    title: str
    grade: int | None
    ranks: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A query to read: its scores with the baseline and with the run compared, and what each of them found."""

    id: str
    text: str
    before: float
    after: float
    found: tuple[list[Record], list[Record]]
    judged: list[Record]


@dataclass(frozen=True, slots=True)
class Versus:
    """A run against the baseline of its collection."""

    name: str
    differences: dict[str, Difference]
    plot: Markup
    losses: list[Reading]
    wins: list[Reading]


@dataclass(frozen=True, slots=True)
class Group:
    """The runs of one collection, the baseline first; `versus` has one less."""

    runs: list[Run]
    names: list[str]
    plot: Markup
    versus: list[Versus]


def write(runs: Sequence[Run], file: Path) -> None:
    """Compare the runs of each collection with its first run, and write the report."""
    from jinja2 import Environment, StrictUndefined

    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.fingerprint, []).append(run)
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    text = page.from_string(files("eval").joinpath("report.html.j2").read_text("utf-8")).render(
        groups=[_group(own) for own in groups.values()],
        cost=cost("Cost against size", runs),
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        measure=MEASURE,
        level=LEVEL,
        shown=JUDGED,
    )
    file.write_text(text, "utf-8", "replace")


def _group(runs: list[Run]) -> Group:
    names = labels(runs)
    baseline, dataset = runs[0], runs[0].dataset
    versus = []
    for run, name, differences in zip(runs[1:], names[1:], compare(runs), strict=True):
        title = f"{dataset}: {name} against {names[0]}, change of {MEASURE} query by query"
        before, after = baseline.per_query[MEASURE], run.per_query[MEASURE]
        by_change = sorted(before, key=lambda query: (after[query] - before[query], query))
        values = [after[query] - before[query] for query in by_change]
        lost, won = by_change[: differences[MEASURE].losses], by_change[::-1][: differences[MEASURE].wins]
        readings = ([_reading(query, baseline, run) for query in some[:MOST]] for some in (lost, won))
        versus.append(Versus(name, differences, changes(title, values, MEASURE), *readings))
    return Group(runs, names, quality(f"{dataset}: {MEASURE} against latency", runs, names, MEASURE), versus)


def _reading(query: str, baseline: Run, run: Run) -> Reading:
    grades = run.judged[query]
    titles = baseline.titles | run.titles
    lists = [one.found[query] for one in (baseline, run)]

    def record(id_: str) -> Record:
        ranks = tuple(best.index(id_) + 1 if id_ in best else None for best in lists)
        return Record(id_, titles.get(id_, ""), grades.get(id_), ranks)

    relevant = sorted((id_ for id_ in grades if grades[id_] > 0), key=lambda id_: -grades[id_])
    return Reading(
        query,
        run.queries[query],
        baseline.per_query[MEASURE][query],
        run.per_query[MEASURE][query],
        ([record(id_) for id_ in lists[0]], [record(id_) for id_ in lists[1]]),
        [record(id_) for id_ in relevant],
    )
