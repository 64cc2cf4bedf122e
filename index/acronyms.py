"""The organisation's own acronyms, learned where its documents explain them, to search for both ways of writing.

"Emergency Water Point (EWP)" and "EWP (Emergency Water Point)" are found about as Schwartz and Hearst do in "A simple
algorithm for identifying abbreviation definitions in biomedical text", 2003: the acronym's characters stand in the name
in this order, the first at the start of a word, in as few words as can be. To be precise rather than greedy, most of
an acronym's letters must be capitals, and more than half of the name's words must begin with one of them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from index.analysis import words_of
from index.database import Database

LONGEST = 10  # characters of an acronym
NAME_WORDS = 6  # of a full name, without stop words
READ = 32  # words of a query that are looked up
COUNTED = 200  # explanations of an acronym, the oldest: enough to tell what it means mostly
MEANINGS, SECOND = 2, 3  # of an acronym: one in so many records at least must have the second

_BRACKET = re.compile(r"[(\[]([^()\[\]]{2,120})[)\]]")
_BEFORE = 300  # characters before a bracket
_STARTS = 32  # of words among them, the last
_BREAK = re.compile(r"\n\s*\n|[.;:!?|•]\s|[()\[\]]")
_DIVIDED = re.compile(r"\u00ad\s*+|(?<=[a-z])[-‐][^\S\n]*+\n\s*+(?=[a-z])")
_MORE = re.compile(r"[,;]\s|\s(?:or|and|also|hereafter|formerly)\s")
_SHORT = re.compile(r"[A-Za-z0-9][\w&/.-]*")
_START = re.compile(r"(?<![^\W_])[^\W_]|(?<=[a-z])[A-Z]")
_MEANING = frozenset("mean stand definit abbrevi acronym".split())
_SMALL = re.compile(r"(?:of|and|the|for|in|on|to|an?|by|with|at|or|from)\b", re.I)
_MARKS = " ,-/*_'\"‘’“”"

_LEARNED = "acronyms"
_FIRST = "SELECT short, full FROM acronyms WHERE {} = ? ORDER BY lesson LIMIT ?"


def find(text: str) -> list[tuple[str, str]]:
    """Each acronym, in the singular, with its full name on one line: once, in the order of the text."""
    return list(dict.fromkeys(_explained(_DIVIDED.sub("", text))))


def note(database: Database, lesson: int, text: str) -> None:
    """Remember what a living lesson explains."""
    rows = [(short, lesson, full) for short, name in find(text) if (full := " ".join(words_of(name)))]
    database.execute_many("INSERT OR IGNORE INTO acronyms VALUES (?, ?, ?)", rows)


def forget(database: Database, lessons: Sequence[int]) -> None:
    """Forget what lessons that are gone explained."""
    database.execute_many("DELETE FROM acronyms WHERE lesson = ?", [(number,) for number in lessons])


def learn(database: Database) -> None:
    """Learn from what was stored before there were acronyms, in a library of an older layout; once."""
    if database.meta(_LEARNED):
        return
    for source, text in database.each("SELECT id, text FROM sources WHERE archived = 0"):
        sql = 'SELECT id, start, "end" FROM lessons WHERE source_id = ? AND archived = 0'
        for lesson, start, end in database.rows(sql, (source,)):
            note(database, lesson, text[start:end])
    database.set_meta({_LEARNED: "yes"})


def other_forms(database: Database, query: str, rarity: Callable[[Sequence[str]], Mapping[str, float]]) -> list[str]:
    """The (stemmed) words of the full names of a query's acronyms, and acronyms for the full names in it.

    They are given only where passages have them more often than what the query says: else little is found by them, and
    what has both would count twice. So nothing is added for "lead" or "safe", either, which are acronyms somewhere.
    """
    own, shorts = words_of(query), _shorts(database, query)
    found = [(words_of(short), name) for short, names in shorts for name in names]
    found += [(name, words_of(short)) for name, short in _names(database, own[:READ])]
    if not found:
        return []
    rare = rarity([word for pair in found for form in pair for word in form])
    better = [other for given, other in found if _rarest(other, rare) < _rarest(given, rare)]
    words = [word for form in better for word in form]
    words += [word for name in _meant(own, shorts) for word in name]
    return [word for word in dict.fromkeys(words) if word not in own]


def meant(database: Database, query: str) -> list[str]:
    """The words of the full name, where a query asks for no more than what an acronym means: "What is an EWP?".

    Of several meanings that of the most explanations: a record that answers has one of them, not all.
    """
    return next(iter(_meant(words_of(query), _shorts(database, query))), [])


def _meant(own: Sequence[str], shorts: Sequence[tuple[str, list[list[str]]]]) -> list[list[str]]:
    asked = _MEANING.union(*(words_of(short) for short, _ in shorts))
    return [name for _, names in shorts for name in names] if asked.issuperset(own) else []


def _shorts(database: Database, query: str) -> list[tuple[str, list[list[str]]]]:
    """The acronyms in a query, each with the words of its most frequent full names.

    A word in capitals is one; another may be if it has three letters or more and is no stop word. One whose meaning the
    query says is left out.
    """
    own = set(words_of(query))
    tokens = [token.rstrip("&/.-") for token in _SHORT.findall(query)[:READ]]
    written = {singular(token) for token in tokens} if len(tokens) == 1 or not query.isupper() else set()
    forms = {form for token in tokens for form in (token, token.removesuffix("s"), singular(token))}
    sql = f"SELECT short, full, count(*) FROM ({_FIRST.format('short')}) GROUP BY 1, 2"
    found = []
    for wanted in sorted(_known(database, "short", forms)):
        counts: Counter[str] = Counter()
        for short, full, count in database.rows(sql, (wanted, COUNTED)):
            if short in written or (len(short) > 2 and words_of(short)):
                counts[full] += count
        best = counts.most_common(MEANINGS)
        if best and not any(own.issuperset(full.split()) for full in counts):
            found.append((wanted, [full.split() for full, count in best if count * SECOND >= best[0][1]]))
    return found


def _names(database: Database, own: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """The full names of two words or more in a query, the longest ones, each with the acronym most used for it."""
    sizes = range(NAME_WORDS, 1, -1)
    known = _known(database, "full", {" ".join(own[at : at + size]) for at in range(len(own)) for size in sizes})
    at = 0
    while at < len(own):
        size = next((size for size in sizes if " ".join(own[at : at + size]) in known), 1)
        if size > 1:
            name = list(own[at : at + size])
            sql = f"SELECT short, count(*) FROM ({_FIRST.format('full')}) GROUP BY 1 ORDER BY 2 DESC, 1"
            short = database.rows(sql, (" ".join(name), COUNTED))[0][0]
            if len(words_of(short)) == 1:  # there is nothing to find by the letters of "S/C"
                yield name, short
        at += size


def _known(database: Database, column: str, wanted: set[str]) -> set[str]:
    sql = f"SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM acronyms WHERE {column} = value)"
    return {row[0] for row in database.rows(sql, (json.dumps(sorted(wanted)),))}


def _rarest(form: Sequence[str], rare: Mapping[str, float]) -> float:
    """How rare a form is: as its rarest word. One of stop words, such as IT, cannot be found at all."""
    return max((rare[word] for word in form), default=float("inf"))


def _explained(text: str) -> Iterator[tuple[str, str]]:
    for bracket in _BRACKET.finditer(text):
        before = _BREAK.split(text[max(0, bracket.start() - _BEFORE) : bracket.start()])[-1].split()
        inside = " ".join(bracket[1].split())
        if not before:
            continue
        if short := singular(_MORE.split(inside, maxsplit=1)[0]):
            if name := _name(short, " ".join(before[-min(len(short) + 5, 2 * len(short)) :])):
                yield short, name
        elif (short := singular(before[-1])) and _name(short, inside) == inside:
            yield short, inside


def singular(word: str) -> str:
    """The acronym that a word is, without dots and the ending of a plural; empty if it is none."""
    word = word.strip(_MARKS)
    if not _SHORT.fullmatch(word):
        return ""
    word = re.sub(r"(?<=[A-Z0-9])['’]?s$", "", word.replace(".", ""))
    letters = [each for each in word if each.isalpha()]
    capitals = sum(map(str.isupper, letters))
    return word if len(word) <= LONGEST and capitals >= 2 and capitals * 2 >= len(letters) else ""


def _name(short: str, before: str) -> str:
    """The shortest end of `before` that an acronym can stand for, one where every letter begins a word if there is one.

    Empty if there is none.
    """
    text, letters = before.lower(), [each for each in short.lower() if each.isalnum()]
    starts = [match.start() for match in _START.finditer(before) if not _SMALL.match(before, match.start())][-_STARTS:]

    @cache
    def begun(letter: int, at: int) -> float:
        """How many words the letters from that one on can begin, if they are found in order from there on."""
        if letter == len(letters):
            return 0
        inside = text.find(letters[letter], at)
        if inside < 0:
            return float("-inf")
        begin = [own for own in starts if own >= at and text[own] == letters[letter]]
        return max(begun(letter + 1, inside + 1), *(1 + begun(letter + 1, own + 1) for own in begin), float("-inf"))

    fallback = ""
    for words, first in enumerate(reversed(starts), 1):
        if text[first] != letters[0] or (initials := 1 + begun(1, first + 1)) * 2 <= words:
            continue
        at = max(before.rfind(" ", 0, first), before.rfind("/", 0, first)) + 1
        name = re.sub(r"['’]s$", "", before[at:].strip(_MARKS))
        if len(name) <= len(short) or re.search(rf"\b{re.escape(short)}\b", name):
            continue
        if initials == len(letters):
            return name
        fallback = fallback or name
    return fallback
