import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.cut import cut
from ingest.model import Document, Lesson, Section
from ingest.prepare import prepare
from tests.fakes import HashEmbedder

tokens = HashEmbedder().tokens


def sized(passage):
    return len(tokens(f"{passage.header}\n{passage.text}"))


def whole(text, **fields):
    return Document(text), Lesson("X-1", "Pump", 0, len(text), sections=(Section(None, "", 0, len(text)),), **fields)


def cut_text(text, limit, count=tokens):
    document, lesson = whole(text)
    return cut(document, lesson, count, limit)


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


def torn(passages, pieces):
    """The pieces that no passage holds whole."""
    return [piece for piece in pieces if not any(piece in passage.text for passage in passages)]


FILLER = "The pump stopped at night because of leaves in the water. " * 4
ITEMS = ["- the strainer was blocked\n  by leaves", "- nobody looked", "* the alarm was off", "3. the spare was gone"]
ROWS = ["Cause | Owner | Days", "strainer | plant | 3", "alarm | control | 12", "spare | stores |"]
MARKDOWN = ["| Cause | Days |", "|---|---:|", "| strainer | 3 |", "| alarm | 12 |"]


@pytest.mark.parametrize("block", ["\n".join(ITEMS), "\n\n".join(ITEMS), "\n".join(ROWS), "\n".join(MARKDOWN)])
@pytest.mark.parametrize("lead", ["The causes were:\n", "The causes were:\n\n", "### Causes\n\n", "Table 2 Causes\n"])
def test_a_list_or_table_that_fits_stays_whole_with_what_introduces_it(block, lead):
    text = f"{FILLER}\n\n{FILLER}\n{lead}{block}\n\n{FILLER}"
    passages = cut_text(text, 70)
    assert len(passages) > 2
    assert torn(passages, [lead + block]) == []


def test_a_sentence_that_ends_introduces_nothing():
    text = f"{FILLER}\n\n{'It was dark and cold. ' * 7}\n" + "\n".join(ITEMS)
    passages = cut_text(text, 60)
    assert passages[-1].text == "\n".join(ITEMS)


@pytest.mark.parametrize("after", ["It went well.\n" * 30, "# Next\n\n" + FILLER * 2, "\n" + FILLER * 2])
def test_a_list_ends_where_text_begins(after):
    items = "\n".join(f"- item number {number} is done." for number in range(6))
    passages = cut_text(f"{FILLER}\n{items}\n{after}", 70)
    assert torn(passages, [items]) == []


def test_a_list_too_long_is_cut_between_items():
    items = [f"- item {number} tells of\n  a pump that failed" for number in range(40)]
    passages = cut_text("The causes were:\n\n" + "\n".join(items), 64)
    assert len(passages) > 5
    assert torn(passages, items) == []
    assert passages[0].text.startswith("The causes were:\n\n- item 0")


@pytest.mark.parametrize(
    ("head", "carried"),
    [
        ("| Cause | Days |\n|---|---|\n", "| Cause | Days"),
        ("| Cause 1 | Days |\n| :- | -: |\n", "| Cause 1 | Days"),
        ("Cause | Days\n", "Cause | Days"),
        ("pump 0 | 0 days\n", ""),
    ],
)
def test_later_parts_of_a_table_carry_its_header_row(head, carried):
    rows = [f"| pump {number} | {number} days |" for number in range(60)]
    text = f"{FILLER}\n\nThe causes were:\n\n{head}" + "\n".join(rows) + f"\n\n{FILLER}"
    passages = cut_text(text, 64)
    assert torn(passages, rows) == []
    first = next(number for number, passage in enumerate(passages) if "pump 0" in passage.text)
    assert "The causes were:" in passages[first].text
    assert passages[first].header == "Pump"
    later = [passage.header for passage in passages[first + 1 :] if passage.text.startswith("| pump")]
    assert len(later) > 4
    assert set(later) == {f"Pump\n{carried}".strip()}
    assert passages[-1].header == "Pump", "after the table"


def test_a_long_header_row_is_cut_to_its_share():
    columns = " | ".join(f"column {letter}" for letter in "abcdefgh" * 8)
    text = columns + "\n" + "\n".join("a pump | a day" for _ in range(60))
    passages = cut_text(text, 64)
    assert all(sized(passage) <= 64 for passage in passages)
    assert passages[-1].header.startswith("Pump\ncolumn a | column b")


def test_a_row_too_long_by_itself_is_cut_and_no_other():
    rows = ["| a | b |", "| " + "long words here. " * 40 + "| x |", *(f"| pump {number} | y |" for number in range(20))]
    passages = cut_text("\n".join(rows), 40)
    assert torn(passages, rows) == [rows[1]]


@pytest.mark.parametrize("text", ["x" * 5000, "word " + "y" * 900 + " word", " ".join("z" * 150 for _ in range(40))])
def test_words_of_any_length_make_passages_of_bounded_length(text):
    passages = cut_text(text, 20)
    assert all(0 < len(passage.text) <= 12 * 20 for passage in passages)
    assert "".join(passage.text for passage in passages).replace(" ", "") == text.replace(" ", "")
    words = [word for word in text.split() if len(word) <= 12 * 20]
    assert torn(passages, words) == []


def test_a_part_of_an_overlong_word_may_have_many_tokens():
    def wordpiece(text):
        """As BERT's: a word over 100 characters is one token, a shorter one is a token for every two."""
        words = re.finditer(r"\S+", text)
        return [at for w in words for at in range(w.start(), w.end(), 2 if len(w[0]) <= 100 else len(w[0]))]

    text = "ab " * 10 + "q" * 130 + " " + "cd " * 10
    for passage in cut_text(text, 8, wordpiece):
        assert len(wordpiece(f"{passage.header}\n{passage.text}")) <= 8


def test_headers_are_counted_once_for_each_heading():
    asked = []

    def counted(text):
        asked.append(text)
        return tokens(text)

    cut_text(FILLER * 50, 64, counted)
    assert len(asked) < 5


_CELL = st.text(alphabet="ab .", min_size=1, max_size=30).map(lambda cell: f"c{cell}c")
_TABLE = st.lists(st.tuples(_CELL, _CELL).map(" | ".join), min_size=2, max_size=25)
_LIST = st.lists(_CELL.map(lambda item: f"- {item}"), min_size=1, max_size=25)
_TEXT = st.text(alphabet="ab.:\n #-|", max_size=300).map(lambda text: [f"{text}z"])
_BLOCKS = st.lists(st.one_of(_TABLE, _LIST, _TEXT, st.just(["w" * 700])), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(_BLOCKS, st.sampled_from([16, 40, 100]))
def test_whatever_the_text(found, limit):
    text = "\n\n".join("\n".join(block) for block in found)
    passages = cut_text(text, limit)
    at = 0
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert not re.search(r"\w", text[at : passage.start])
        assert sized(passage) <= limit
        assert len(passage.text) <= 12 * limit
        at = passage.end
    assert not re.search(r"\w", text[at:])
    pieces = [line for block in found if len(block) > 1 for line in block if re.match(r"- |c.* \| ", line)]
    room = limit - 2 * (limit // 4)
    assert torn(passages, [piece.strip() for piece in pieces if len(tokens(piece)) <= room]) == []


def test_a_long_text_is_given_to_the_tokenizer_in_parts_between_words(monkeypatch):
    monkeypatch.setattr("ingest.cut.AT_ONCE", 100)
    text = "# Log\n\n" + " ".join(f"word{number}" for number in range(300))
    given = []

    def noted(part):
        given.append(part)
        return tokens(part)

    one = prepare(Path("/d/log.md"), text.encode(), noted, 64, mtime_ns=7)
    whole = prepare(Path("/d/log.md"), text.encode(), tokens, 64, mtime_ns=7)
    assert one == whole
    assert max(map(len, given)) <= 100
