"""What is written out comes back as it was, and what somebody edited comes back edited."""

import json
import re
from dataclasses import fields, replace
from typing import get_args

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.errors import UnreadableFile
from ingest.exchange import from_front_matter, from_json_rows, to_markdown, to_row
from ingest.model import (
    Action,
    ActionState,
    Heading,
    Kind,
    Lesson,
    Maturity,
    Method,
    Outcome,
    Provenance,
    Section,
    Severity,
    Tag,
)
from ingest.readers.plain import decode

TEXT = "# Pump\n\n## What happened\nThe pump stopped.\n\n## Action\nClean the filter weekly.\n"
LESSON = Lesson(
    "AAR-7", "Pump", 0, len(TEXT), kind="aar", outcome="failure", maturity="lesson_identified",
    event_date="2021-03", written_date="2021-03-14", project="Water 2", unit="Well team", owner="Site engineer",
    supersedes="AAR-3", superseded_by="AAR-9", url="https://example.org/7", phase="operation", severity="major",
    collection="Wells", access="restricted",
    topics=(Tag("pumps", "text", 2, 6), Tag("filters", "frontmatter")),
    causes=(Tag("maintenance", "text", 26, 30),),
    actions=(Action("Clean the filter weekly", 54, 77, "Site engineer", "2021-04", "open"),),
    contributors=(Tag("operator", "label", 2, 6),),
    sections=(Section(None, "", 0, 8), Section("event", "What happened", 8, 45), Section("action", "Action", 45, 79)),
    provenance={"event_date": Provenance("label", 2, 6), "lesson_id": Provenance("native")},
)  # fmt: skip

ODD = "\r \x0b\x0c\x1b\x00\x07\x1c\x85\u2028\u2029\ufeff\ufffe\U0010ffff\x7f'\"\\{}[]:#&*!|>%@`,-~\n\t é漢😀"
LINES = ["---\n", "...\n", "\n---\nid: 1\n---\n", "\r\n", "null", "# A\n", "- [x] ", "\n\n"]
characters = st.characters(exclude_categories=["Cs"]) | st.sampled_from(ODD)
words = st.text(characters, max_size=12) | st.sampled_from(["null", "~", "yes", "2021", "a, b", "- x", "", "é"])
bodies = st.lists(st.text(characters, max_size=20) | st.sampled_from(LINES), min_size=1, max_size=8).map("".join)


@st.composite
def items(draw):
    """A lesson inside a longer source, with its text: every field drawn, every span in its bounds."""
    text = draw(bodies.filter(str.strip))
    start = draw(st.integers(0, 50))
    place = st.tuples(*[st.integers(start, start + len(text))] * 2).map(sorted)
    method = st.sampled_from(get_args(Method))
    spot = st.one_of(place, st.just([None, None]))
    tags = st.lists(st.builds(lambda n, m, s: Tag(n, m, *s), words, method, spot), max_size=3).map(tuple)
    state = st.sampled_from(get_args(ActionState))
    maybe = st.none() | words
    actions = st.builds(lambda t, s, r, d, e: Action(t, s[0], s[1], r, d, e), words, place, maybe, maybe, state)
    sections = st.builds(lambda k, h, s: Section(k, h, *s), st.sampled_from([None, "event", "cause"]), words, place)
    found = st.builds(lambda m, s: Provenance(m, *s), method, spot)
    names = st.sampled_from(["lesson_id", "owner", "event_date", "title"])
    lesson = Lesson(
        draw(words.filter(str.strip)), draw(words), start, start + len(text),
        kind=draw(st.sampled_from(get_args(Kind))), outcome=draw(st.sampled_from(get_args(Outcome))),
        maturity=draw(st.sampled_from(get_args(Maturity))),
        severity=draw(st.none() | st.sampled_from(get_args(Severity))),
        event_date=draw(st.none() | st.sampled_from(["2021", "2021-03", "2021-03-14"])), written_date=None,
        **{name: draw(maybe) for name in ("project unit owner supersedes superseded_by url phase access".split())},
        collection=draw(maybe),
        topics=draw(tags), causes=draw(tags), contributors=draw(tags),
        actions=tuple(draw(st.lists(actions, max_size=2))), sections=tuple(draw(st.lists(sections, max_size=3))),
        provenance=draw(st.dictionaries(names, found, max_size=3)),
    )  # fmt: skip
    return lesson, text


def row(lesson, text):
    """A row as it is after the way through a file."""
    return json.loads(json.dumps(to_row(lesson, text, "/reports/a.pdf"), ensure_ascii=False))


def divided(content):
    """The front matter and the body of a Markdown file."""
    block = re.match(r"\A---\n(.*?)^---\n", content, re.DOTALL | re.MULTILINE)
    assert block
    return block[1], content[block.end() :]


def read_markdown(content, headings=()):
    """A Markdown file as its reader takes it apart."""
    head, body = divided(decode(content.encode()))
    document = from_front_matter(yaml.load(head, Loader=yaml.BaseLoader), body, headings)
    assert document
    return document


def read_rows(*rows):
    document = from_json_rows(rows)
    assert document
    return document


def at(lesson, start):
    """The lesson as it is where its text starts elsewhere."""

    def moved(each):
        return each if each.start is None else replace(each, start=each.start + by, end=each.end + by)

    by = start - lesson.start
    lists = {name: tuple(map(moved, getattr(lesson, name))) for name in ("topics", "causes", "contributors")}
    lists |= {name: tuple(map(moved, getattr(lesson, name))) for name in ("actions", "sections")}
    provenance = {name: moved(found) for name, found in lesson.provenance.items()}
    return replace(lesson, start=start, end=lesson.end + by, provenance=provenance, **lists)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(items(), min_size=1, max_size=3, unique_by=lambda item: item[0].lesson_id.lower()))
def test_json_lines_lose_nothing(given_items):
    document = read_rows(*(row(*item) for item in given_items))
    assert len(document.lessons) == len(given_items)
    for (lesson, text), restored in zip(given_items, document.lessons, strict=True):
        assert document.text[restored.start : restored.end] == text
        assert restored == at(lesson, restored.start)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(items())
def test_markdown_loses_nothing(item):
    lesson, text = item
    document = read_markdown(to_markdown(lesson, text, "/reports/a.pdf"))
    assert document.text == text
    assert document.lessons == (at(lesson, 0),)
    assert document.warnings == ()


def test_every_field_of_a_lesson_is_set_in_the_example():
    unset = [each.name for each in fields(Lesson) if not getattr(LESSON, each.name) and each.name != "start"]
    assert unset == []


def test_a_row_says_what_it_is_and_keeps_no_folder_of_this_machine():
    found = row(LESSON, TEXT)
    assert (found["lessons_export"], found["source"], found["text"]) == (1, "a.pdf", TEXT)
    assert found["actions"][0]["due"] == "2021-04"


def test_other_files_are_left_to_their_readers():
    assert from_json_rows([{"lesson_id": "A", "title": "B", "text": "C"}]) is None
    assert from_front_matter({"id": "A", "title": "B"}, "C") is None
    assert from_front_matter({"lessons_export": "1"}, "C") is None  # neither an id nor what restores one


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lessons_export": 2}, "version"),
        ({"kind": "saga"}, "kind"),
        ({"text": "Short."}, "text was changed"),
        ({"text": None}, "text was changed"),
        ({"title": "\ud800"}, "JSON"),
    ],
)
def test_a_damaged_row_is_named_and_costs_no_other(change, said):
    document = read_rows(row(LESSON, TEXT) | change, row(LESSON, TEXT))
    assert document.lessons == (LESSON,)
    assert len(document.warnings) == 1
    assert "Record 1" in document.warnings[0]
    assert said in document.warnings[0]
    with pytest.raises(UnreadableFile, match=said):
        from_json_rows([row(LESSON, TEXT) | change])


def test_exports_of_two_libraries_in_one_file_keep_all_records():
    other = replace(LESSON, lesson_id="aar-7", title="Tent")
    document = read_rows(row(LESSON, TEXT), row(other, TEXT), row(LESSON, TEXT))
    assert [lesson.lesson_id for lesson in document.lessons] == ["AAR-7", "aar-7~2", "AAR-7~3"]
    assert document.text[slice(document.lessons[1].start, document.lessons[1].end)] == TEXT


def test_a_place_outside_of_the_record_is_forgotten_and_its_value_kept():
    inner = replace(
        at(LESSON, 10),
        topics=(Tag("pumps", "text", 2, 6),),
        provenance={"owner": Provenance("label", 0, 12)},
        actions=(Action("Order a pump", 0, 5, due="2022"),),
    )
    (restored,) = read_rows(row(inner, TEXT)).lessons
    assert restored.topics == (Tag("pumps", "text"),)
    assert restored.provenance == {"owner": Provenance("label")}
    assert restored.actions == (Action("Order a pump", 0, 0, due="2022"),)


def test_front_matter_reads_well():
    content = to_markdown(LESSON, TEXT, "/reports/a.pdf")
    head = content.split("record:")[0]
    for line in ("id: AAR-7", "title: Pump", "outcome: failure", "owner: Site engineer", "- pumps", "source: a.pdf"):
        assert line in head
    assert content.endswith("---\n" + TEXT)


def test_white_space_that_an_editor_adds_at_the_end_changes_nothing():
    text = TEXT.rstrip()
    lesson = replace(LESSON, end=len(text), sections=LESSON.sections[:2])
    document = read_markdown(to_markdown(lesson, text, "") + "\n  \n")
    assert (document.text, document.lessons) == (text, (lesson,))


@pytest.mark.parametrize("text", ["One.\r\nTwo.\rThree.", "One.\x00\x01\x02 Two.", "\ufeffOne."])
def test_a_text_that_no_text_file_can_hold_comes_back_all_the_same(text):
    lesson = Lesson("A-1", "One", 0, len(text))
    document = read_markdown(to_markdown(lesson, text, ""))
    assert (document.text, document.lessons) == (text, (lesson,))


def edited(**changes):
    """The document after somebody changed lines of the front matter; None takes a key out."""
    head, body = divided(to_markdown(LESSON, TEXT, "a.md"))
    values = {key: value for key, value in (yaml.safe_load(head) | changes).items() if value is not None}
    return read_markdown(f"---\n{yaml.safe_dump(values, sort_keys=False)}---\n{body}")


@pytest.mark.parametrize(
    ("key", "said", "field", "value"),
    [
        ("owner", "Head of wells", "owner", "Head of wells"),
        ("id", "AAR-8", "lesson_id", "AAR-8"),
        ("event_date", "14 March 2021", "event_date", "2021-03-14"),
        ("outcome", "Near miss", "outcome", "near_miss"),
        ("maturity", "lesson learned", "maturity", "lesson_learned"),
        ("severity", "Critical", "severity", "critical"),
        ("collection", "Old wells", "collection", "Old wells"),
        ("access", " Internal, Board", "access", "internal; board"),
        ("access", "x" * 70, "access", "x" * 60),
        ("access", None, "access", None),
        ("owner", None, "owner", None),
    ],
)
def test_an_edited_field_holds_and_the_rest_stays(key, said, field, value):
    document = edited(**{key: said})
    (lesson,) = document.lessons
    assert getattr(lesson, field) == value
    assert lesson.provenance.get(field) == (Provenance("frontmatter") if value else None)
    rest = {each: found for each, found in LESSON.provenance.items() if each != field}
    left = {each: found for each, found in lesson.provenance.items() if each != field}
    assert left == rest
    assert replace(lesson, **{field: getattr(LESSON, field)}, provenance=LESSON.provenance) == LESSON


@pytest.mark.parametrize("said", [["pumps", "wells"], "pumps, wells"])
def test_an_edited_list_keeps_the_quotes_of_what_stays(said):
    (lesson,) = edited(topics=said).lessons
    assert lesson.topics == (Tag("pumps", "text", 2, 6), Tag("wells", "frontmatter"))
    assert edited(topics=None).lessons[0].topics == ()


@pytest.mark.parametrize(("key", "said"), [("kind", "saga"), ("outcome", "purple"), ("event_date", "soon")])
def test_a_value_that_a_field_cannot_have_is_named_and_not_taken(key, said):
    document = edited(**{key: said})
    assert document.lessons == (LESSON,)
    assert key in document.warnings[0]
    assert said in document.warnings[0]


def test_a_required_field_that_was_taken_out_stays():
    assert edited(title=None, kind=None).lessons == (LESSON,)


def test_an_edited_body_is_recognised_anew_and_the_plain_fields_hold():
    content = to_markdown(LESSON, TEXT, "").replace("The pump stopped.", "The pump, which was new, stopped again.")
    found = tuple(
        Heading(len(match[1]), match[2], match.start(), match.end())
        for match in re.finditer(r"^(#+) (.+)$", divided(content)[1], re.MULTILINE)
    )
    document = read_markdown(content, found)
    (lesson,) = document.lessons
    assert document.text == TEXT.replace("The pump stopped.", "The pump, which was new, stopped again.")
    assert (lesson.start, lesson.end) == (0, len(document.text))
    plain = (
        "lesson_id title kind outcome maturity event_date written_date project unit owner phase severity url".split()
    )
    for name in (*plain, "supersedes", "superseded_by", "collection", "access"):
        assert getattr(lesson, name) == getattr(LESSON, name), name
    assert [tag.name for tag in lesson.topics] == ["pumps", "filters"]
    event = next(section for section in lesson.sections if section.key == "event")
    assert "which was new" in document.text[event.start : event.end]


def test_what_restores_a_record_may_get_lost():
    content = re.sub(r"^record: .*\n", "", to_markdown(LESSON, TEXT, ""), flags=re.MULTILINE)
    (lesson,) = read_markdown(content).lessons
    assert (lesson.lesson_id, lesson.owner, lesson.kind) == ("AAR-7", "Site engineer", "aar")
    assert read_markdown(re.sub(r"^id: .*\n", "", to_markdown(LESSON, TEXT + "More.", ""), flags=re.MULTILINE)).lessons


def test_an_id_that_was_taken_out_with_a_new_body_is_the_old_one():
    content = re.sub(r"^id: .*\n", "", to_markdown(LESSON, TEXT, ""), flags=re.MULTILINE) + "More was learned.\n"
    assert read_markdown(content).lessons[0].lesson_id == "AAR-7"


def test_a_body_that_was_emptied_is_no_record():
    head = to_markdown(LESSON, TEXT, "").removesuffix(TEXT)
    document = read_markdown(head)
    assert (document.text, document.lessons) == ("", ())


def test_what_is_deeper_than_a_list_is_no_value():
    values = yaml.load("lessons_export: 1\nid: A-1\nowner: {a: b}\nproject: [x, [y], z]\n", Loader=yaml.BaseLoader)
    document = from_front_matter(values, "The pump stopped.")
    assert document
    (lesson,) = document.lessons
    assert (lesson.lesson_id, lesson.owner, lesson.project) == ("A-1", None, "x, z")
