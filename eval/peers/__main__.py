"""The command: `python -m eval.peers FOLDER…`."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from eval.beir import Collection
from eval.peers import portion
from eval.peers.catalogue import PEERS, Peer
from eval.peers.compare import Row, measure
from eval.peers.environments import Environments
from ingest.errors import BadSettings, LessonsError, UsageError

HEADINGS = ("peer", "version", "nDCG@10", "recall\n@100", "index\ns", "query\np50 ms", "peak\nMB")
QUIET = 0.1  # of the cores' time: what a machine does by itself
NOTE = (
    "index s: cutting, embedding and building, without loading libraries and model; lessons also writes to disk. "
    "query: ten documents for one question, its embedding included. peak MB: the whole process."
)


def compare(
    folders: Annotated[list[Path], typer.Argument(help="Test collections in the BEIR layout.")],
    only: Annotated[str | None, typer.Option(metavar="NAME,…", help="Only these peers.")] = None,
    environments: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the peers' environments are kept; else your cache.")
    ] = None,
    limit_documents: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the first documents and the questions they answer.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, and the tables to standard error.")
    ] = False,
) -> None:
    """Compare with what a user would pick instead, each in its default recipe and an environment of its own.

    All have the same texts, weights and cores; they run one after the other. Installing them takes gigabytes, once.
    """
    peers = choose(only)
    collections = [Collection.load(folder) for folder in folders]
    log = Console(stderr=True, highlight=False)
    place = Environments(
        environments or user_cache_path("lessons") / "peers", lambda text: log.print(text, markup=False)
    )
    told, failed = [], False
    for whole in collections:
        with tempfile.TemporaryDirectory(prefix="lessons-eval-") as folder:
            collection = portion.write(whole, Path(folder), limit_documents)
            rows = []
            for peer in peers:
                log.print(f"{collection.name}: {peer.name}", markup=False)
                rows.append(measure(peer, collection, place))
            documents = sum(1 for _ in collection.documents())
        failed |= any(row.failed for row in rows)
        sizes = {"dataset": collection.name, "documents": documents, "queries": len(collection.queries)}
        told.append(sizes | {"peers": [row.to_json() for row in rows]})
        show(sizes, rows, log if as_json else Console(highlight=False))
    if as_json:
        machine = {"system": platform.platform(), "cores": os.cpu_count(), "python": platform.python_version()}
        sys.stdout.write(json.dumps({"machine": machine, "collections": told}, indent=1, ensure_ascii=False) + "\n")
    if failed:
        raise typer.Exit(1)


def choose(only: str | None) -> list[Peer]:
    """The peers of these names, in the catalogue's order. Raises `BadSettings`."""
    names = [peer.name for peer in PEERS]
    wanted = [name.strip() for name in only.split(",")] if only is not None else names
    if unknown := [name for name in wanted if name.lower() not in map(str.lower, names)]:
        raise BadSettings(f"There is no peer {unknown[0]!r}.", f"Choose from: {', '.join(names)}.")
    return [peer for peer in PEERS if peer.name.lower() in map(str.lower, wanted)]


def show(sizes: dict[str, Any], rows: Sequence[Row], out: Console) -> None:
    """One table, and why some have no figures."""
    table = Table(title="{dataset}: {documents} documents, {queries} queries".format(**sizes), title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in ("peer", "version") else "right", no_wrap=True)
    for row in rows:
        if not row.failed:
            figures = (f"{row.metrics[name]:.4f}" for name in ("ndcg@10", "recall@100"))
            costs = (f"{row.index_seconds:,.1f}", f"{row.query_ms['p50']:,.1f}", f"{row.peak_mb:,.0f}")
            table.add_row(row.peer, row.version, *figures, *costs)
    out.print(table)
    for row in rows:
        if row.failed:
            out.print(f"{row.peer}: cannot run here: {row.failed}", markup=False)
    if disturbed := [f"{row.peer} {row.others:.0%}" for row in rows if not row.failed and row.others > QUIET]:
        told = f"Times are too long where other processes took much of the cores' time: {', '.join(disturbed)}."
        out.print(told, style="yellow", markup=False)
    out.print(NOTE, style="dim")


def main() -> None:
    """Exit status: 0 done; 1 a peer could not run; 2 the call itself is wrong."""
    try:
        typer.run(compare)
    except LessonsError as error:
        print(f"lessons: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except OSError as error:
        print(f"lessons: {error.filename or ''}: {error.strerror}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


if __name__ == "__main__":
    main()
