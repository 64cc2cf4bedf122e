"""The plot of cost against size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.index_cost import Cost
from ingest.errors import BadSettings


def check(file: Path) -> None:
    """Raises `BadSettings` for a file that cannot be drawn."""
    if file.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise BadSettings(f"A plot cannot be drawn as {file.suffix or file.name}.", "Name a file .png, .svg or .pdf.")


def plot(costs: Sequence[Cost], file: Path) -> None:
    """Four panels over the number of passages, as the file's suffix says. Raises `BadSettings`, as `check` does."""
    check(file)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 8), layout="constrained")
    panels = figure.subplots(2, 2)
    titles = ("a question, median and p95, ms", "a question with a filter of 1 %, median, ms", "on disk, MB",
              "recall of the ten nearest (dashed: with the filter)")  # fmt: skip
    for panel, title in zip(panels.flat, titles, strict=True):
        panel.set(title=title, xlabel="passages", xscale="log", yscale="linear" if "recall" in title else "log")
        panel.grid(alpha=0.3)
    for number, way in enumerate(dict.fromkeys(cost.way for cost in costs)):
        own = sorted((cost for cost in costs if cost.way == way), key=lambda cost: cost.passages)
        sizes, colour = [cost.passages for cost in own], f"C{number}"
        p50, p95 = zip(*(cost.latency_ms["no filter"] for cost in own), strict=True)
        panels[0, 0].plot(sizes, p50, "o-", color=colour, label=way)
        panels[0, 0].fill_between(sizes, p50, p95, color=colour, alpha=0.15)
        panels[0, 1].plot(sizes, [cost.latency_ms["one percent"][0] for cost in own], "o-", color=colour)
        panels[1, 0].plot(sizes, [cost.disk_mb for cost in own], "o-", color=colour)
        panels[1, 1].plot(sizes, [cost.recall["no filter"] for cost in own], "o-", color=colour)
        panels[1, 1].plot(sizes, [cost.recall["one percent"] for cost in own], "o--", color=colour)
    panels[0, 0].legend()
    figure.savefig(file)
