"""Near-duplicates among lessons: records that share at least half of their word sequences.

Every lesson keeps a sample of the hashes of its sequences of eight words (Broder's shingles, 1997); lessons whose
samples overlap are compared by all of them. `share` is that of the shorter text.
"""

from __future__ import annotations

import re
import zlib

from index.database import Database

WORDS = 8
LEAST = 16  # sequences: a shorter text says too little to tell a copy from a phrase
SAMPLED = 8  # one in so many is stored
LINKED = 0.5
_BATCH = 500  # SQLite's oldest limit on the parameters of a statement is 999


def shingles(text: str) -> set[int]:
    """Hashes of the text's sequences of eight words, case and punctuation aside."""
    words = re.findall(r"\w+", text.lower())
    return {zlib.crc32(" ".join(words[at : at + WORDS]).encode()) for at in range(len(words) - WORDS + 1)}


def link(database: Database, number: int, text: str) -> int:
    """Note a living lesson's sample and link it with the lessons it nearly repeats; returns how many these are."""
    own = shingles(text)
    sample = sorted(each for each in own if each % SAMPLED == 0)
    database.execute_many("INSERT OR IGNORE INTO shingles VALUES (?, ?)", [(each, number) for each in sample])
    if len(own) < LEAST:
        return 0
    found = [
        (min(number, other), max(number, other), share)
        for other in _candidates(database, number, sample)
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


def _candidates(database: Database, number: int, sample: list[int]) -> list[int]:
    """Lessons that share so much of the sample that half of all may be shared."""
    counts: dict[int, int] = {}
    for at in range(0, len(sample), _BATCH):
        batch = sample[at : at + _BATCH]
        sql = f"SELECT lesson, count(*) FROM shingles WHERE hash IN ({','.join('?' * len(batch))}) GROUP BY lesson"
        for lesson, count in database.rows(sql, batch):
            counts[lesson] = counts.get(lesson, 0) + count
    counts.pop(number, None)
    sizes = {
        lesson: database.rows("SELECT count(*) FROM shingles WHERE lesson = ?", (lesson,))[0][0] for lesson in counts
    }
    # A sample of few errs: what is compared in full may share a quarter of it.
    return [lesson for lesson, count in counts.items() if 4 * count >= min(len(sample), sizes[lesson])]


def _text(database: Database, number: int) -> str:
    sql = 'SELECT substr(s.text, l.start + 1, l."end" - l.start) FROM lessons l JOIN sources s ON s.id = l.source_id'
    return str(database.rows(f"{sql} WHERE l.id = ?", (number,))[0][0])


def _share(one: set[int], other: set[int]) -> float:
    return len(one & other) / min(len(one), len(other)) if min(len(one), len(other)) >= LEAST else 0.0
