"""The command line. `lessons --help` lists the commands; each lives in `ui/commands`."""

from __future__ import annotations

import logging
import signal
import sqlite3
import sys

import typer

from ingest.errors import LessonsError, UsageError
from ui.commands import ask, evaluate, exchange, health, index, maintain, people, serve, trends, tune

app = typer.Typer(
    name="lessons",
    help="Ask your organisation's lessons learned. Start with: lessons index FOLDER, then: lessons ask QUESTION",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for module in (index, exchange, ask, trends, health, maintain, tune, evaluate, serve, people):
    module.register(app)


def main() -> None:
    """Run a command. Exit status: 0 done; 1 done in part, or something failed; 2 the call itself is wrong."""
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # what is wrong with a file is said in the report
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that what is temporary is removed
    try:
        app()
    except LessonsError as error:
        print(f"lessons: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except (OSError, sqlite3.Error) as error:
        remedy = "Check that the disk is not full and that you may write to the library's folder."
        print(f"lessons: {type(error).__name__}: {error}. {remedy}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except KeyboardInterrupt:
        print("lessons: stopped.", file=sys.stderr)  # noqa: T201
        sys.exit(130)
