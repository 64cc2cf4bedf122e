"""The log of who came in, went out and was refused: the logger `lessons.access`, one line each.

A line holds no password, no token and no question. What a client chose is written with its control characters
escaped, so that no name can forge a line.
"""

from __future__ import annotations

import logging
import time

LONGEST = 200  # characters of a path or a name that are written

logger = logging.getLogger("lessons.access")


def note(what: str, name: str, address: str, detail: str = "") -> None:
    """Write a line; `what` is the program's own word, the rest may come from anybody."""
    parts = [f"name={name[:LONGEST]!a}", f"address={address[:LONGEST]!a}"]
    if detail:
        parts.append(f"at={detail[:LONGEST]!a}")
    logger.info("%s %s", what, " ".join(parts))


def write_to_stderr() -> None:
    """Write the log, with the time in UTC, to standard error."""
    formatter = logging.Formatter("%(asctime)s access: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
