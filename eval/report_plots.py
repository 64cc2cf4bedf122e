"""The plots of a report, as SVG that takes its colours and its font from the page around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from eval.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SERIES = 8
"""How many colours the page has; then they repeat, with other marks."""
_INK, _LINE, _WIN, _LOSS = "#010203", "#010204", "#010205", "#010206"
_COLOURS = {_INK: "ink", _LINE: "line", _WIN: "success", _LOSS: "failure"} | {
    f"#02030{number}": f"series-{number}" for number in range(SERIES)
}
_MARKS = "osD^vPX*"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a dollar sign in a name is one
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.titlesize": 10,
    "font.size": 10,
    "grid.color": _LINE,
    "legend.labelcolor": _INK,
    "legend.frameon": False,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def quality(title: str, runs: Sequence[Run], names: Sequence[str], measure: str) -> Markup:
    """Each run's mean, with its interval, against its latency: a mark at the median, a line to the 95th percentile."""

    def draw(panels: Sequence[Axes]) -> None:
        (panel,) = panels
        for number, (run, name) in enumerate(zip(runs, names, strict=True)):
            (p50, p95), mean = (run.latency_ms[part] for part in ("p50", "p95")), run.metrics[measure]
            low, high = run.intervals[measure]
            up_and_down, onwards = [[max(0.0, mean - low)], [max(0.0, high - mean)]], [[0.0], [p95 - p50]]
            panel.errorbar([p50], [mean], up_and_down, onwards, label=name, capsize=3, **_series(number))
        _logarithmic(panel, "a search, ms: median, line to the 95th percentile")
        panel.set_ylabel(measure)
        _legend(panel)

    return _svg(title, (11, 3.8), 1, draw)


def changes(title: str, values: Sequence[float], measure: str) -> Markup:
    """The difference of each query to the baseline, the largest gain first; those that stay the same between."""

    def draw(panels: Sequence[Axes]) -> None:
        (panel,) = panels
        edges, tops = range(len(values) + 1), sorted(values, reverse=True)
        for sign, colour in ((1, _WIN), (-1, _LOSS)):
            panel.stairs([max(0.0, sign * top) * sign for top in tops], edges, fill=True, color=colour)
        panel.axhline(0, color=_INK, linewidth=0.8)
        panel.set(xlim=(0, len(values)), ylim=(-1.05, 1.05), xlabel="queries", ylabel=f"change of {measure}")
        panel.grid(axis="y")

    return _svg(title, (11, 2.8), 1, draw)


def cost(title: str, runs: Sequence[Run]) -> Markup:
    """What indexing, searching and keeping a collection cost, against its number of passages."""

    def draw(panels: Sequence[Axes]) -> None:
        fresh = [(run.passages, run.index_seconds) for run in runs if run.index_seconds is not None]
        if not fresh:
            panels[0].text(0.5, 0.5, "no index was made anew", transform=panels[0].transAxes, ha="center")
            panels[0].set_yticks([])
        for panel, pairs in ((panels[0], fresh), (panels[2], [(run.passages, run.disk_mb) for run in runs])):
            panel.plot([size for size, _ in pairs], [figure for _, figure in pairs], "o", color=_INK)
        for number, setting in enumerate(dict.fromkeys(run.setting for run in runs)):
            own = sorted((run for run in runs if run.setting == setting), key=lambda run: run.passages)
            sizes = [run.passages for run in own]
            look = _series(number)
            panels[1].plot(sizes, [run.latency_ms["p50"] for run in own], label=setting, **look)
            panels[1].plot(sizes, [run.latency_ms["p95"] for run in own], linestyle=":", **look | {"mfc": "none"})
        titles = ("indexing, seconds", "a search, ms: median; hollow, p95", "on disk, MB")
        for panel, title in zip(panels, titles, strict=True):
            panel.set_title(title)
            panel.set_ylim(bottom=0)
            _logarithmic(panel, "passages")
        _legend(panels[1])

    return _svg(title, (11, 3.6), 3, draw)


def _series(number: int) -> dict[str, Any]:
    mark = _MARKS[(number + number // SERIES) % len(_MARKS)]
    return {"color": f"#02030{number % SERIES}", "marker": mark, "markersize": 7}


def _logarithmic(panel: Axes, label: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    panel.set(xscale="log", xlabel=label)
    panel.margins(x=0.15)
    low, high = panel.get_xlim()
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5) if high < 20 * low else (1, 3)))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    panel.grid()


def _legend(panel: Axes) -> None:
    panel.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)


def _svg(title: str, size: tuple[float, float], panels: int, draw: Callable[[Sequence[Axes]], None]) -> Markup:
    """Draw panels side by side. The title, another for each plot of a page, is for those who cannot see the plot."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    out = StringIO()
    with rc_context({**_STYLE, "svg.hashsalt": title}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots(1, panels, squeeze=False, sharex=True)[0])
        without: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(out, format="svg", transparent=True, metadata=without)
    drawn = out.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r' id="[\w.]+_\d+"', "", drawn)  # they would be the same in every plot of the page
    drawn = re.sub("|".join(_COLOURS), lambda found: f"var(--{_COLOURS[found[0]]})", drawn)
    return Markup(drawn.replace("<svg", Markup('<svg role="img" aria-label="{}"').format(title), 1))  # noqa: S704
