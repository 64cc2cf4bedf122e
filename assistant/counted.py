"""Answer a question about all records with figures computed over all of them, each with the records behind it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from assistant.answer import Claim, Event
from assistant.counting import Counting, asked_to_count
from assistant.evidence import covered
from assistant.quotable import quotable
from assistant.repeated import TIMES, recommended, repeated
from assistant.reply import Reply
from assistant.tally import TIMES as OVER_TIME
from assistant.tally import Group, Tally, matching, tally
from index.filters import described
from index.hit import Hit
from index.library import Library

SAME_MEANING = 0.6
"""The least cosine similarity of a subject to a tag that is counted in its place: "people slipping", "Slips and falls"
have .63; the best tag for a subject that has none reached .50."""
_REPEATS = {
    "repeated-advice": f"Nothing is recommended by {TIMES} independent records or more",
    "repeated-events": "No event was found to have happened again",
}
FEW = 3  # where fewer than one in so many records have a value, the most frequent one says little
LISTED = 8  # values that a sentence names
FOLLOW_UPS = ("By unit?", "By year?", "What were the causes?")


def count(reply: Reply, ignore: Collection[str]) -> Iterator[Event] | None:
    """The answer as it comes, where the question asks to count records; None where it does not."""
    asked = asked_to_count(reply.library, reply.question, date.today())
    return _counted(reply, asked, ignore) if asked else None


def _counted(reply: Reply, asked: Counting, ignore: Collection[str]) -> Iterator[Event]:
    said = {name: value for name, value in asked.filters.items() if name not in {*ignore, *reply.filters}}
    asked = replace(asked, filters={**reply.filters, **said})
    if asked.kind in _REPEATS:
        yield from _again(reply, asked, said)
        return
    found = _tally(reply.library, asked)
    reply.filters, reply.tally = dict(found.filters), found
    reply.read = tuple(name for name in found.filters if name in said or name not in asked.filters)
    reply.clock.lap("count")
    if not found.total:
        yield reply.none(None, f"No record found{about(found)}: {found.of:,} were counted.")
        return
    if found.terms:
        reply.caveats.append("Counted are records that mention these words, whatever they say of them (“no …” too).")
    if found.read:
        whose = "These records do" if found.read == found.total else f"{found.read:,} of these records do"
        reply.caveats.append(f"{whose} not state an outcome: it was read from their words, and may be wrong.")
    for name, value in asked.unread.items():
        reply.verdict = "partial"
        reply.caveats.append(f"“{value}” was not counted: one {name} at a time.")
    if asked.kind == "most-common" and found.groups and FEW * found.stated < found.total:
        reply.verdict = "partial"
    shown = found.lesson_ids
    if asked.kind == "most-common" and found.groups:
        shown = _extreme([group for group in found.groups if group.count], asked.least)[0].lesson_ids
    examples = tuple(_cite(reply, lesson_id) for lesson_id in shown[: reply.settings.max_sources])
    for at, sentence in enumerate(figures(found, asked.kind, asked.most or LISTED, asked.least)):
        yield reply.draft(Claim(sentence, examples if at == 0 else (), 1.0, computed=True))
    reply.clock.lap("cite")
    yield reply.answer(asked.kind, FOLLOW_UPS)


def _again(reply: Reply, asked: Counting, said: Collection[str]) -> Iterator[Event]:
    """What is recommended, or happened, more than once, each with the records that tell it."""
    reply.filters, reply.read = dict(asked.filters), tuple(said)
    records = matching(reply.library, asked.filters, asked.terms)
    if asked.kind == "repeated-advice":
        advice = recommended(reply.library, records, asked.filters)[: reply.settings.max_sources]
        lines = [
            (
                f"{one.records} independent records recommend: “{one.said[0].text}”",
                [each.lesson_id for each in one.said],
            )
            for one in advice
        ]
    else:
        events = repeated(reply.library, records)[: reply.settings.max_sources]
        lines = [
            (f"{len(event.records)} times: {event.text}", [each.lesson_id for each in event.records])
            for event in events
        ]
    reply.clock.lap("count")
    if not lines:
        yield reply.none(None, f"{_REPEATS[asked.kind]} in {len(records):,} records.")
        return
    for text, lesson_ids in lines:
        cited = tuple(_cite(reply, lesson_id) for lesson_id in dict.fromkeys(lesson_ids))
        yield reply.draft(Claim(text, cited, 1.0, computed=True))
    reply.clock.lap("cite")
    yield reply.answer(asked.kind, FOLLOW_UPS)


def _tally(library: Library, asked: Counting) -> Tally:
    """A subject that no record mentions is taken for the tag that means the same, if there is one."""
    found = tally(
        library, asked.by, asked.filters, asked.terms, asked.state, asked.without, without_terms=asked.without_terms
    )
    if found.total or not asked.terms:
        return found
    subject = " or ".join(" ".join(words) for words in asked.terms)
    records = library.records(asked.filters)
    for name, column in (("topic", "topics"), ("cause", "causes")):
        tags = sorted({tag for record in records for tag in getattr(record, column)})
        if name not in asked.filters and (tag := _like(library, subject, tags)):
            return tally(library, asked.by, {**asked.filters, name: tag}, (), asked.state, asked.without)
    return found


def _like(library: Library, subject: str, tags: Sequence[str]) -> str | None:
    """The tag that means the same as a subject, if one does."""
    if not tags:
        return None
    near = library.embedder.sentences(tags) @ np.asarray(library.embedder.query(subject))
    best = int(near.argmax())
    return tags[best] if near[best] >= SAME_MEANING else None


def _cite(reply: Reply, lesson_id: str) -> int:
    """The number of a quote from a record that was counted: its sentence nearest to the question."""
    wanted = reply.library.rarity(reply.question.text)
    hits = reply.library.search(reply.question.text, 2, {"lesson_id": lesson_id}, rerank=False).hits
    spans = [(hit, span) for hit in hits for span in quotable(hit)] or [(hits[0], (hits[0].start, hits[0].end))]

    def telling(one: tuple[Hit, tuple[int, int]]) -> float:
        hit, (start, end) = one
        return covered(wanted, reply.library.words_of(hit.text[start - hit.start : end - hit.start]))

    hit, (start, end) = max(spans, key=telling)
    return reply.citations.cite(hit, start, end).n


def figures(found: Tally, kind: str = "count", most: int = LISTED, least: bool = False) -> list[str]:
    """A tally in sentences: how many, then by value or over time, at most so many values."""
    total = "1 record" if found.total == 1 else f"{found.total:,} records"
    narrowed = about(found)
    lines = [f"{total} of {found.of:,}{narrowed}." if narrowed else f"{total} in all."]
    if found.copies:
        lines[0] += f" Near-copies are counted once ({found.copies:,} left out)."
    shown = [group for group in found.groups if group.count or found.by in OVER_TIME]
    if not shown:
        return lines
    if kind == "most-common":
        best = _extreme(shown, least)
        names = " and ".join(group.value for group in best[:LISTED])
        few = f"Only {found.stated:,} of {found.total:,} records state a {found.by}. "
        few = few if FEW * found.stated < found.total else ""
        way = "Least" if least else "Most"
        lines.insert(0, f"{few}{way} frequent {found.by}: {names} ({best[0].count:,} of {found.stated:,}).")
    listed = shown if found.by in OVER_TIME else shown[:most]
    more = f", and {len(shown) - len(listed):,} more" if len(shown) > len(listed) else ""
    values = ", ".join(f"{group.value} {group.count:,}" for group in listed)
    lines.append(f"By {found.by}: {values}{more}.{_direction(shown) if found.by in OVER_TIME else ''}")
    if found.stated < found.total:
        silent = found.total - found.stated
        lines.append(f"{silent:,} of them {'states' if silent == 1 else 'state'} no {found.by}.")
    return lines


def _extreme(groups: Sequence[Group], least: bool) -> list[Group]:
    """The groups with the most records, or the fewest."""
    count = (min if least else max)(group.count for group in groups)
    return [group for group in groups if group.count == count]


def about(found: Tally) -> str:
    """What was counted, in words and brackets; "" for everything."""
    parts = [described(found.filters)] if found.filters else []
    if found.without:
        parts.append(f"without {described(found.without)}")
    if found.terms:
        parts.append("mentioning " + " or ".join(f"“{' '.join(words)}”" for words in found.terms))
    if found.without_terms:
        parts.append("not mentioning " + " or ".join(f"“{' '.join(words)}”" for words in found.without_terms))
    if found.state:
        parts.append(f"with an action that is {found.state}")
    return f" ({', '.join(parts)})" if parts else ""


def _direction(groups: Sequence[Group]) -> str:
    """Whether the later half has surely more than the earlier one: by more than twice what chance alone would do."""
    if len(groups) < 2:
        return ""
    half = len(groups) // 2
    first, last = groups[:half], groups[-half:]
    before, after = (sum(group.count for group in each) for each in (first, last))
    sure = abs(after - before) > 2 * math.sqrt(before + after)
    change = ("Up" if after > before else "Down") if sure else "No clear change"
    spans = (f"{n:,} in {_span(each)}" for n, each in ((before, first), (after, last)))
    return f" {change}: {', '.join(spans)}."


def _span(groups: Sequence[Group]) -> str:
    return groups[0].value if len(groups) == 1 else f"{groups[0].value} to {groups[-1].value}"
