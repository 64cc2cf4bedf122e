"""Counts over 2,102 real records, against a truth that this file computes from the raw export by itself."""

import json
import re
from collections import Counter, defaultdict
from datetime import date

import pytest

from assistant.assistant import Assistant
from index.sync import sync
from tests.fakes import a_library

TEXTS = (
    "title abstract driving_event lessons_learned recommendations evidence mission_directorate phase topics "
    "related_policies other_references"
).split()


def unit(row):
    return row["organization"]


def year(row):
    return row["date_occurred"][6:]


def quarter(row):
    return f"{year(row)}-Q{(int(row['date_occurred'][:2]) + 2) // 3}"


def month(row):
    return f"{year(row)}-{row['date_occurred'][:2]}"


def says(pattern):
    wanted = re.compile(rf"\b(?:{pattern})\b", re.I)
    return lambda row: any(wanted.search(str(row[name])) for name in TEXTS)


def years(first, last=9999):
    return lambda row: first <= int(year(row)) <= last


def at(centre):
    return lambda row: unit(row) == centre


QUESTIONS = [
    ("How many lessons come from KSC?", None, [at("KSC")]),
    ("How many lessons does JPL have since 2010?", None, [at("JPL"), years(2010)]),
    ("How many lessons are there from before 1992?", None, [years(0, 1991)]),
    ("How many lessons were recorded each year between 2005 and 2010?", year, [years(2005, 2010)]),
    ("How many lessons concern cranes or hoists, by centre?", unit, [says("cranes?|craned|hoist(s|ed|ing)?")]),
    ("How many lessons mention helicopters?", None, [says("helicopters?")]),
    ("How many lessons are about hydrazine?", None, [says("hydrazine")]),
    ("How many lessons since 2000 are about parachutes?", None, [years(2000), says("parachut(e|es|ed|ing)")]),
    ("How many records mention batteries, by center?", unit, [says("battery|batteries")]),
    ("Which center has the most lessons?", unit, []),
    ("Which centre recorded the most lessons in 2011?", unit, [years(2011, 2011)]),
    ("How many lessons per year at MSFC since 2000?", year, [at("MSFC"), years(2000)]),
    ("How many lessons by quarter in 2010?", quarter, [years(2010, 2010)]),
    ("How many lessons were there each month in 2011?", month, [years(2011, 2011)]),
    ("How many lessons mention Galileo?", None, [says("galileo")]),
    ("How many lessons concern Cassini or Magellan?", None, [says("cassini|magellan")]),
    ("How many KSC lessons are about corrosion?", None, [at("KSC"), says("corrosi(on|ve)")]),
    ("How many JPL lessons mention solder, by year?", year, [at("JPL"), says("solder(s|ed|ing)?")]),
    ("What is the number of lessons about lightning?", None, [says("lightning")]),
    ("How many lessons are from 1999?", None, [years(1999, 1999)]),
    ("How many records are about asbestos?", None, [says("asbestos")]),
    ("How many lessons mention tethers?", None, [says("tether(s|ed|ing)?")]),
    ("Did lessons about software go up or down over the years?", year, [says("software")]),
    ("How many lessons after 2014 mention valves?", None, [years(2015), says("valv(e|es|ed|ing)")]),
    ("Which centers have most lessons about cables?", unit, [says("cabl(e|es|ed|ing)")]),
    ("How many lessons from GSFC until 1995, by year?", year, [at("GSFC"), years(0, 1995)]),
    ("Which year had the most lessons?", year, []),
    (
        "How many lessons from the Space Shuttle Program?",
        None,
        [lambda row: row["project"].casefold() == "space shuttle program"],
    ),
    ("How many lessons by centre in the last nine years?", unit, [years(2015)]),
    ("What is the trend of lessons on gaskets at KSC?", year, [at("KSC"), says("gaskets?")]),
    ("How many ARC lessons mention pilots?", None, [at("ARC"), says("pilot(s|ed|ing)?")]),
    ("Count the lessons on telescopes, by centre", unit, [says("telescop(e|es|ed|ing)")]),
]


@pytest.fixture(scope="module")
def rows(shared):
    return [json.loads(line) for line in (shared / "nasa-llis" / "llis.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def nasa(shared, tmp_path_factory):
    with a_library(tmp_path_factory.mktemp("nasa")) as library:
        sync(library, [shared / "nasa-llis" / "llis.jsonl"])
        yield library


@pytest.fixture(scope="module")
def copies(nasa):
    """For each record, the first of those it nearly repeats: half of the shorter one's runs of eight words are shared.

    Over all runs of all records, without the product's samples.
    """
    runs = {}
    for lesson, text, _ in nasa.lessons():
        words = re.findall(r"\w+", text.lower())
        runs[lesson.lesson_id] = {tuple(words[i : i + 8]) for i in range(len(words) - 7)}
    held = defaultdict(list)
    for lesson_id, own in runs.items():
        for run in own:
            held[run].append(lesson_id)
    likely: Counter[tuple[str, str]] = Counter()
    for holders in held.values():
        if len(holders) <= 50:
            likely.update((a, b) for i, a in enumerate(holders) for b in holders[i + 1 :])
    first = {lesson_id: lesson_id for lesson_id in runs}

    def lead(one):
        while first[one] != one:
            one = first[one]
        return one

    for one, other in likely:
        least = min(len(runs[one]), len(runs[other]))
        if least >= 16 and len(runs[one] & runs[other]) / least >= 0.5:
            first[lead(other)] = lead(one)
    return {lesson_id: lead(lesson_id) for lesson_id in runs}


@pytest.mark.parametrize(("question", "by", "wanted"), QUESTIONS, ids=[question for question, _, _ in QUESTIONS])
def test_counts_equal_the_truth(nasa, rows, copies, monkeypatch, question, by, wanted):
    monkeypatch.setattr("assistant.counted.date", _Today)
    answer = Assistant(nasa).ask(question)
    found = [row for row in rows if all(condition(row) for condition in wanted)]
    ids = {f"LLIS-{row['id']}" for row in found}
    assert answer.tally, answer
    assert set(answer.tally.lesson_ids) == ids
    assert answer.tally.total == len({copies[one] for one in ids})
    assert f"{answer.tally.total:,} record" in answer.answer
    if by:
        truth = defaultdict(set)
        for row in found:
            truth[by(row)].add(f"LLIS-{row['id']}")
        groups = {group.value: group for group in answer.tally.groups if group.lesson_ids}
        assert {value: set(group.lesson_ids) for value, group in groups.items()} == truth
        assert {value: group.count for value, group in groups.items()} == {
            value: len({copies[one] for one in members}) for value, members in truth.items()
        }
        assert all(
            f"{value} {group.count:,}" in answer.answer for value, group in list(groups.items())[:5] if by is not unit
        )


class _Today(date):
    @classmethod
    def today(cls):
        return cls(2024, 1, 1)
