"""Runs of experiments, kept to be listed, compared and reported.

A run is one collection searched with one setting: `eval retrieval --compare hybrid,dense` makes two. Each is a JSON
file that has all a report shows, so that neither the collection nor the index is needed any more.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from platformdirs import user_state_path
from pydantic import BaseModel, ConfigDict

from eval.beir import Collection
from eval.retrieval import Figures, arguments
from eval.significance import Difference, interval
from eval.significance import compare as paired
from index.library import Library
from ingest.encodable import encodable
from ingest.errors import BadDataset, PathNotFound

_DETAILS = {"per_query", "queries", "found", "judged", "titles"}


class Run(BaseModel):
    """`when` it was made is ISO 8601 in UTC; `fingerprint` tells the collection and split from all others.

    `index_seconds` is None where the index was there already; `disk_mb` is the size of the library's folder, in
    millions of bytes. `intervals` are those of `metrics`. By query id: `queries` has its text, `found` the best
    records, `judged` the grades of its judged ones, and `per_query` each measure's values; `titles` are those of all
    these records.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    when: str
    dataset: str
    split: str
    fingerprint: str
    setting: str
    settings: dict[str, Any]
    documents: int
    passages: int
    disk_mb: float
    index_seconds: float | None
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    latency_ms: dict[str, float]
    per_query: dict[str, dict[str, float]]
    queries: dict[str, str]
    found: dict[str, tuple[str, ...]]
    judged: dict[str, dict[str, int]]
    titles: dict[str, str]

    @classmethod
    def of(
        cls,
        figures: Figures,
        collection: Collection,
        library: Library,
        settings: Mapping[str, Any],
        index_seconds: float | None,
    ) -> Self:
        """What was just measured."""
        now, stats = datetime.now(UTC), library.stats()
        name = re.sub(r"[^\w.+-]+", "-", f"{collection.name}-{figures.setting}")
        files = [file for file in library.folder.rglob("*") if file.is_file()]
        records = {record for best in figures.found.values() for record in best}
        return cls(
            id=f"{now:%Y%m%d-%H%M%S}-{name}-{secrets.token_hex(2)}",
            when=now.isoformat(),
            dataset=collection.name,
            split=collection.split,
            fingerprint=collection.fingerprint(),
            setting=figures.setting,
            settings={**settings, **arguments(figures.setting)},
            documents=stats.documents,
            passages=stats.passages,
            disk_mb=round(sum(file.stat().st_size for file in files) / 1e6, 2),
            index_seconds=None if index_seconds is None else round(index_seconds, 2),
            metrics=figures.metrics,
            intervals={measure: interval(values.values()) for measure, values in figures.per_query.items()},
            latency_ms=figures.latency_ms,
            per_query=figures.per_query,
            # Half characters, which a search takes, cannot be written.
            queries={one.query_id: encodable(one.text) for one in collection.queries},
            found=figures.found,
            judged=collection.qrels,
            titles=collection.titles(records.union(*collection.qrels.values())),
        )

    def summary(self) -> dict[str, Any]:
        """Without what is kept of each query."""
        return self.model_dump(mode="json", exclude=_DETAILS) | {"queries": len(self.queries)}


def default_folder() -> Path:
    """Where runs are kept unless another folder is named."""
    return user_state_path("lessons") / "runs"


def save(run: Run, folder: Path) -> None:
    """Write the run as a file of its own, which is there whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{run.id}.json"
    partial = file.with_suffix(".part")
    partial.write_text(json.dumps(run.model_dump(mode="json"), ensure_ascii=False), "utf-8")
    partial.replace(file)


def find(folder: Path, names: Sequence[str] = ()) -> list[Run]:
    """The runs named, each by its id or a part of it that no other has; without names all, the oldest first.

    Raises `PathNotFound` for a name that fits none or several, `BadDataset` for a file that is no run.
    """
    files = sorted(folder.glob("*.json"))
    if not names:
        return sorted(map(_load, files), key=lambda run: run.when)
    out = []
    for name in names:
        fitting = [file for file in files if file.stem == name] or [file for file in files if name in file.stem]
        if len(fitting) != 1:
            reason = f"{name!r} names {len(fitting) or 'no'} run{'s' * (len(fitting) > 1)} in {folder}."
            raise PathNotFound(
                reason, "Give an id, or a part of it that no other has. List them with: lessons eval runs"
            )
        out.append(_load(fitting[0]))
    return out


def compare(runs: Sequence[Run]) -> list[dict[str, Difference]]:
    """For each run but the first, how it differs from the first. Raises `BadDataset` if the collections differ."""
    first = runs[0]
    for other in runs:
        if other.fingerprint != first.fingerprint:
            reason = f"{first.id} and {other.id} searched different collections, queries or judgments."
            remedy = "Compare runs of one fingerprint (lessons eval runs), or run again: lessons eval retrieval FOLDER"
            raise BadDataset(reason, remedy)
    return paired([run.per_query for run in runs])


def labels(runs: Sequence[Run]) -> list[str]:
    """A name for each: its setting, with the settings in which they differ and, if need be, when it was made."""
    keys = [key for key in runs[0].settings if key not in ("library", "mode", "rerank")]
    differing = [key for key in keys if len({str(run.settings.get(key)) for run in runs}) > 1]
    out = [", ".join((run.setting, *(f"{key} {run.settings.get(key)}" for key in differing))) for run in runs]
    times = Counter(out)
    return [
        f"{label}, {run.when[:19].replace('T', ' ')}" if times[label] > 1 else label
        for label, run in zip(out, runs, strict=True)
    ]


def _is_whole(run: Run) -> bool:
    """Whether each query has all measures, as a report takes for granted."""
    return (
        {"ndcg@10"} <= run.metrics.keys() == run.intervals.keys()
        and {"p50", "p95"} <= run.latency_ms.keys()
        and run.per_query.keys() == run.metrics.keys()
        and all(values.keys() == run.queries.keys() for values in run.per_query.values())
    )


def _load(file: Path) -> Run:
    try:
        run = Run.model_validate_json(file.read_bytes())
        if not _is_whole(run):
            raise ValueError("Some of its figures are missing.")
        return run
    except (ValueError, OSError) as error:
        raise BadDataset(f"{file} is no run of this version.", "Move it to another folder, or delete it.") from error
