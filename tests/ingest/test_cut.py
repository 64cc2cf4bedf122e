from itertools import pairwise
from pathlib import Path

import pytest

from ingest.cut import cut
from ingest.model import Document, Lesson, Section
from ingest.prepare import prepare
from tests.fakes import HashEmbedder

tokens = HashEmbedder().tokens


def sized(passage):
    return len(tokens(f"{passage.header}\n{passage.text}"))


def whole(text, **fields):
    return Document(text), Lesson("X-1", "Pump", 0, len(text), sections=(Section(None, "", 0, len(text)),), **fields)


def test_a_lesson_that_fits_stays_whole():
    document, lesson = whole("The pump stopped.\n\nThe filter was blocked.\n", event_date="2021-03", project="Delta")
    (passage,) = cut(document, lesson, tokens, 64)
    assert passage.text == document.text.strip()
    assert passage.header == "Pump · Delta · 2021"


@pytest.mark.parametrize("limit", [32, 64, 200])
@pytest.mark.parametrize(
    "text",
    [
        "One sentence here. " * 200,
        "\n\n".join("A paragraph of some words that stands by itself." for _ in range(60)),
        "unbroken" + " word" * 900,
        "| a | b |\n" * 300,
        "- item one of the list\n" * 150,
    ],
)
def test_nothing_is_lost_and_nothing_is_too_long(text, limit):
    document, lesson = whole(text)
    passages = cut(document, lesson, tokens, limit)
    assert all(sized(passage) <= limit for passage in passages)
    assert all(text[passage.start : passage.end] == passage.text for passage in passages)
    between = [text[a.end : b.start] for a, b in pairwise(passages)]
    assert not "".join([text[: passages[0].start], *between, text[passages[-1].end :]]).strip()


def test_sections_are_not_mixed_and_name_their_passages():
    parts = [("What happened", "The pump stopped at night. " * 12), ("Lesson", "Clean the filter daily. " * 12)]
    text = "".join(f"## {heading}\n\n{body}\n\n" for heading, body in parts)
    middle = text.index("## Lesson")
    sections = (Section("event", "What happened", 0, middle), Section("lesson", "Lesson", middle, len(text)))
    lesson = Lesson("X-1", "Pump", 0, len(text), sections=sections)
    passages = cut(Document(text), lesson, tokens, 64)
    assert {passage.section for passage in passages} == {"What happened", "Lesson"}
    assert all(passage.end <= middle for passage in passages if passage.section == "What happened")
    assert passages[-1].header.endswith("Lesson")


def test_a_tiny_section_joins_the_next():
    text = "## Date\n\n2021\n\n## What happened\n\n" + "The pump stopped at night. " * 12
    at = text.index("## What")
    sections = (Section("meta", "Date", 0, at), Section("event", "What happened", at, len(text)))
    passages = cut(Document(text), Lesson("X-1", "Pump", 0, len(text), sections=sections), tokens, 64)
    assert passages[0].text.startswith("## Date")
    assert "## What happened" in passages[0].text


def test_a_very_long_title_leaves_room_for_the_text():
    text = "The pump stopped at night because of leaves. " * 10
    lesson = Lesson("X-1", "A title " * 100, 0, len(text))
    passages = cut(Document(text), lesson, tokens, 64)
    assert all(sized(passage) <= 64 for passage in passages)
    assert min(len(tokens(passage.text)) for passage in passages[:-1]) > 20


def test_passages_know_their_page():
    text = "The first page tells of pumps. " * 8 + "\n" + "The second page tells of tents. " * 8
    start = text.index("The second")
    document = Document(text, page_starts=(0, start))
    passages = cut(document, Lesson("X-1", "T", 0, len(text)), tokens, 64)
    assert [passage.page for passage in passages] == [1 if p.start < start else 2 for p in passages]
    assert {passage.page for passage in passages} == {1, 2}


def test_a_file_is_prepared_with_its_hash_and_its_passages():
    one = prepare(Path("/d/pump.md"), b"# Pump\n\nThe pump stopped at night.\n", tokens, 64, mtime_ns=7)
    assert len(one.source.sha256) == 64
    assert (one.source.mtime_ns, one.source.media_type) == (7, "text/markdown")
    ((lesson, passages),) = one.lessons
    assert lesson.lesson_id == "pump#1"
    assert passages[0].text.endswith("at night.")
