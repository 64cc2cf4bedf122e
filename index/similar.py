"""Near-duplicates among lessons: records that share at least half of their word sequences.

Every lesson keeps a sample of the hashes of its sequences of eight words (Broder's shingles, 1997); lessons whose
samples overlap most are compared by all of them. `share` is that of the shorter text.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter

from index.database import Database

WORDS = 8
LEAST = 16  # sequences: a shorter text says too little to tell a copy from a phrase
SAMPLED = 8  # one in so many is stored
LINKED = 0.5
COMMON = 50  # lessons
COMPARED = 20  # lessons that are compared by all their sequences


def shingles(text: str) -> set[int]:
    """Hashes of the text's sequences of eight words, case and punctuation aside."""
    words = re.findall(r"\w+", text.lower())
    return {zlib.crc32(" ".join(words[at : at + WORDS]).encode()) for at in range(len(words) - WORDS + 1)}


def link(database: Database, number: int, text: str) -> int:
    """Note a living lesson's sample and link it with the lessons it nearly repeats; returns how many these are."""
    own = shingles(text)
    sample = sorted(each for each in own if each % SAMPLED == 0)
    likely = _likely(database, sample) if len(own) >= LEAST else []
    database.execute_many("INSERT OR IGNORE INTO shingles VALUES (?, ?)", [(each, number) for each in sample])
    found = [
        (min(number, other), max(number, other), share)
        for other in likely
        if (share := _share(own, shingles(_text(database, other)))) >= LINKED
    ]
    database.execute_many("INSERT OR REPLACE INTO links VALUES (?, ?, ?)", found)
    return len(found)


def unlink(database: Database, numbers: list[int]) -> None:
    """Forget lessons that are gone."""
    for statement in (
        "DELETE FROM shingles WHERE lesson = ?",
        "DELETE FROM links WHERE lesson = ?",
        "DELETE FROM links WHERE other = ?",
    ):
        database.execute_many(statement, [(number,) for number in numbers])


def linked(database: Database, number: int) -> list[tuple[str, float]]:
    """The ids of the lessons that a lesson nearly repeats, and the share of the shorter one's text."""
    rows = database.rows(
        "SELECT l.lesson_id, k.share FROM links k JOIN lessons l ON l.id = k.lesson + k.other - ? "
        "WHERE k.lesson = ? OR k.other = ? ORDER BY k.share DESC, l.lesson_id",
        (number, number, number),
    )
    return [(row["lesson_id"], round(row["share"], 3)) for row in rows]


def _likely(database: Database, sample: list[int]) -> list[int]:
    """The lessons that share most of the sample; what more than `COMMON` of them have is a form's."""
    counts: Counter[int] = Counter()
    for rows in database.rows_of("SELECT hash, lesson FROM shingles WHERE hash IN ({})", sample):
        holders: dict[int, list[int]] = {}
        for row in rows:
            holders.setdefault(row["hash"], []).append(row["lesson"])
        for lessons in holders.values():
            if len(lessons) <= COMMON:
                counts.update(lessons)
    return [lesson for lesson, _ in counts.most_common(COMPARED)]


def _text(database: Database, number: int) -> str:
    rows = database.rows("SELECT text FROM passages WHERE lesson = ? ORDER BY start", (number,))
    return " ".join(row["text"] for row in rows)


def _share(one: set[int], other: set[int]) -> float:
    return len(one & other) / min(len(one), len(other)) if min(len(one), len(other)) >= LEAST else 0.0
