"""A conversation is exported whole, with its references; what documents say stays text, whatever it looks like."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant.answer import Answer, Cited, Claim, Conflict
from assistant.brief import Brief, TaskBrief
from assistant.tally import Group, Tally
from tests.ui.kept_answers import answers_of_every_kind
from ui.web.export import brief_to_docx, brief_to_markdown, to_docx, to_markdown
from ui.web.kept import KeptTurn
from ui.web.outline import line

AT = "2026-11-27T11:30:00+01:00"
CITED = Cited(
    1, "LL-7", "Ice in the valve", "/docs/2020/valve.pdf", 7, 3, "page 3", "Event", 0, 5, "The valve\nfroze.",
    "2020-03", "near_miss", "lesson_identified", "lessons", unit="Ground", project="Heron",
)  # fmt: skip
OTHER = replace(
    CITED, n=2, lesson_id="LL-8", title="", unit=None, project=None, event_date=None, outcome="failure", place="",
    superseded_by="LL-9", currency="superseded", external=True, collection="NASA", quote="It was warm.",
)  # fmt: skip
CLAIMS = (Claim("The valve froze.", (1,), 1.0), Claim("It was warm.", (2, 1), 1.0))
ANSWER = Answer("Why did it fail?", "factual", "answered", CLAIMS, (CITED, OTHER))
HOSTILE = [
    "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>", "![x](http://example.org/x.png)", "# heading",
    "1. item", "- item", "+ item", "* item", "> quote", "a | b", "|a|b|\n|--|--|\n|1|2|", "```\ncode\n```", "`code`",
    "    code", "**bold**", "_it_ __is__", "~~gone~~", "---", "===",
    "&lt;b&gt; &#106;", "[x]: http://example.org", "[1]", "\\",
    "http://example.org www.example.org", "<http://example.org>", "- [ ] box", "a\n\nb", "$x$", "<!-- x", "[^1]: note",
    "end #", "a\u2028# b",
]  # fmt: skip
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.fixture(scope="module")
def answers(sample, tmp_path_factory):
    return answers_of_every_kind(sample, tmp_path_factory.mktemp("answers"))


def turn(answer: Answer | None = ANSWER, **values: object) -> KeptTurn:
    return replace(KeptTurn(answer.question if answer else "Why?", answer=answer, at=AT), **values)  # type: ignore[arg-type]


def blocks(markdown: str) -> list[tuple[str, str]]:
    """The tag around each piece of text that is shown, and the text."""
    found, tag = [], ""
    for token in MARKDOWN.parse(markdown):
        if token.nesting == 1:
            tag = token.tag
        if token.content:
            children = token.children or []
            shown = "".join("\n" if "break" in one.type else one.content for one in children)
            found.append((tag if token.type == "inline" else token.type, shown))
    return found


def paragraphs(word: bytes) -> list[tuple[str, str]]:
    """The style and the text of each paragraph of a `.docx` file, without those of tables."""
    document = docx.Document(io.BytesIO(word))
    return [(one.style.name if one.style else "", one.text) for one in document.paragraphs if one.text]


def test_a_turn_is_told_with_its_references():
    shown = to_markdown([turn(filters={"outcome": "near_miss", "since": "2015"}, ignored=("unit",))], "On ice")
    told = [one for one in blocks(shown) if not one[1].startswith("Exported on 20")]
    assert told == [
        ("h1", "On ice"),
        ("h2", "Why did it fail?"),
        ("p", "Asked on 2026-11-27 at 10:30 UTC."),
        ("p", "Only: outcome near miss, since 2015"),
        ("p", "Not read from the question: unit"),
        ("p", "The valve froze. [1]"),
        ("p", "It was warm. [2] [1]"),
        ("h3", "References"),
        (
            "p",
            "[1] Ice in the valve\nRecord LL-7 · Ground / Heron · 2020-03 · near miss · lesson identified · page 3"
            " · valve.pdf",
        ),
        ("p", "The valve froze."),
        (
            "p",
            "[2] valve.pdf\nRecord LL-8 · undated · failure · lesson identified · superseded by LL-9"
            " · from elsewhere: NASA · valve.pdf",
        ),
        ("p", "It was warm."),
    ]


def test_word_tells_the_same_in_its_own_styles():
    word = to_docx([turn(filters={"unit": "Ground"})], "On ice")
    told = [one for one in paragraphs(word) if not one[1].startswith("Exported on 20")]
    assert told[:6] == [
        ("Title", "On ice"),
        ("Heading 1", "Why did it fail?"),
        ("Note", "Asked on 2026-11-27 at 10:30 UTC."),
        ("Note", "Only: unit Ground"),
        ("Normal", "The valve froze.\u00a0[1]"),
        ("Normal", "It was warm.\u00a0[2]\u00a0[1]"),
    ]
    assert ("Reference", "[1]\tIce in the valve") in told
    assert ("Quote", "The valve froze.") in told
    about = docx.Document(io.BytesIO(word)).core_properties
    assert (about.title, about.language, about.author) == ("On ice", "en-GB", "")
    with zipfile.ZipFile(io.BytesIO(word)) as parts:
        assert 'w:lang w:val="en-GB"' in parts.read("word/styles.xml").decode()
        assert 'w:instr="PAGE"' in parts.read("word/footer1.xml").decode()


def test_real_answers_of_every_kind_are_told_whole(answers):
    turns = [turn(answer) for answer in answers.values()]
    markdown = "\n".join(text for _, text in blocks(to_markdown(turns, "All")))
    word = "\n".join(text for _, text in paragraphs(to_docx(turns, "All"))).replace("\u00a0", " ").replace("\t", " ")
    for answer in answers.values():
        for shown in (markdown, word):
            for claim in answer.claims:
                assert line(claim.text) + "".join(f" [{n}]" for n in claim.citations) in shown
            for cited in (*answer.sources, *answer.nearest):
                assert line(cited.quote) in shown
                assert f"Record {cited.lesson_id} · " in shown
            told = [*answer.caveats, *answer.who_to_ask, *(one.text for one in (*answer.conflicts, *answer.repeats))]
            assert all(line(text) in shown for text in told)
    for heading in ("The records disagree", "It happened again", "Keep in mind", "Who to ask", "Fuel", "Water"):
        assert f"\n{heading}\n" in markdown
    assert markdown.count("\nAnswered in part\n") == 1
    assert markdown.count("\nNo lesson found\n") == 3
    assert "\nNothing in the 73 records and 4 other texts clearly answers this question.\n" in markdown
    assert "Read from the question: outcome failure" in markdown
    assert len(re.findall(r"^\[1\] .*\nRecord ", markdown, re.M)) == sum(
        bool(each.sources) for each in answers.values()
    )


def test_counts_are_a_table():
    tally = Tally("unit", {}, (), None, 2, 3, 0, 2, (Group("A|B", 1200, ()), Group("*C*", 1, ())), ())
    turns = [turn(replace(ANSWER, tally=tally))]
    cells = [text for tag, text in blocks(to_markdown(turns, "T")) if tag in ("th", "td")]
    assert cells == ["Unit", "Records", "A|B", "1,200", "*C*", "1"]
    (table,) = docx.Document(io.BytesIO(to_docx(turns, "T"))).tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["Unit", "Records"],
        ["A|B", "1,200"],
        ["*C*", "1"],
    ]


def test_a_plan_is_told_in_full_below_its_heading():
    plan = "\n".join(f"- Check the valve number {n} of the second tank" for n in range(9))
    told = blocks(to_markdown([turn(replace(ANSWER, question=plan))], "T"))
    (heading,) = (text for tag, text in told if tag == "h2")
    assert heading.endswith("…")
    assert len(heading) < 170
    assert [text for _, text in told if text.startswith("- Check")][1:] == plan.splitlines()
    assert ("Quote", "- Check the valve number 8 of the second tank") in paragraphs(
        to_docx([turn(replace(ANSWER, question=plan))], "T")
    )


def test_a_question_without_an_answer_is_told_too():
    assert "There is no answer to this question" in to_markdown([turn(None)], "T")
    assert len(paragraphs(to_docx([], "Nothing"))) == 2


def everywhere(text: str) -> KeptTurn:
    """The text wherever text of others is shown."""
    cited = replace(CITED, title=text, quote=text, unit=text, source=f"/docs/{text.replace('/', ' ')}.md")
    tally = Tally("unit", {}, (), None, 1, 1, 0, 1, (Group(text, 1, ()),), ())
    claims = (Claim(text, (1,), 1.0, side="z" + text), Claim(text, (), 1.0))
    conflict = Conflict("advice", text, (cited, cited))
    answer = Answer(
        text, "factual", "partial", claims, (cited,), (), (text,), (conflict,), (text,),
        filters={"unit": text}, tally=tally,
    )  # fmt: skip
    return turn(answer, question="z" + text, filters={"unit": text})


def check_markdown(text: str) -> None:
    """It has the blocks of a harmless text, and shows the text."""
    harmless, shown = to_markdown([everywhere("word")], "word"), to_markdown([everywhere(text)], text)
    structure = [(one.type, one.tag) for one in MARKDOWN.parse(harmless) if one.type != "inline"]
    assert [(one.type, one.tag) for one in MARKDOWN.parse(shown) if one.type != "inline"] == structure
    for token in MARKDOWN.parse(shown):
        kinds = {child.type for child in token.children or ()}
        assert kinds <= {"text", "strong_open", "strong_close", "em_open", "em_close", "hardbreak", "text_special"}
    told = [one for _, one in blocks(shown)]
    assert told.count(line(text)) >= 6


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_others_stays_text_in_markdown(text):
    check_markdown(text)
    assert not re.search(r"(?<!\\)(<|\]\(|`)|https?://|www\.", to_markdown([everywhere(text)], text))


@settings(max_examples=150, deadline=None)
@given(st.text(st.one_of(st.sampled_from("\\`*_{}[]<>()#+-.!|~&=:$^a1 \n\t/;"), st.characters()), min_size=1))
def test_any_text_stays_text_in_markdown(text):
    check_markdown(f"a {text} b")
    if len(line(text)) > 0 and not line(text).startswith("z"):
        shown = to_markdown([turn(replace(ANSWER, claims=(Claim(text, (), 1.0),), sources=()))], "T")
        assert blocks(shown)[-1] == ("p", line(text))


@settings(max_examples=40, deadline=None)
@given(st.text(st.one_of(st.characters(), st.sampled_from("\x00\x0b\x1b\x85\ud800\udfff\ufffe\uffff😀")), min_size=1))
def test_any_text_makes_a_word_document_that_opens(text):
    told = paragraphs(to_docx([everywhere(text)], text))
    assert ("Heading 1", line("z" + text)[:160].rstrip() + ("…" if len(line("z" + text)) > 160 else "")) in told
    assert not line(text) or ("Quote", line(text)) in told
    to_markdown([everywhere(text)], text).encode()


def test_control_characters_are_left_out():
    assert line("a\x00b\x1b[31m\ud800\ufffe\uffff c\r\nd\u2028e") == "ab[31m c d e"
    word = to_docx([turn(question="a\x00b\x1b")], "t\x0bt")
    assert ("Heading 1", "ab") in paragraphs(word)


@pytest.mark.parametrize(
    ("text", "language"),
    [("תחזוקת הגנרטור", "he-IL"), ("سجل المولدات ODR-7", "ar-SA"), ("The word سجل in English", ""), ("12:30", "")],
)
def test_text_from_right_to_left_is_marked_as_such(text, language):
    word = docx.Document(io.BytesIO(to_docx([everywhere(text)], "T")))
    quote = next(one for one in word.paragraphs if one.style and one.style.name == "Quote")
    assert quote.text == text
    assert bool(quote._p.xpath("w:pPr/w:bidi")) == bool(language)
    assert bool(quote.runs[0].font.rtl) == bool(language)
    assert quote._p.xpath("w:r/w:rPr/w:lang/@w:bidi") == ([language] if language else [])
    note = next(one for one in word.paragraphs if one.style and one.style.name == "Note")
    assert not note._p.xpath("w:pPr/w:bidi")


def test_a_checklist_has_a_box_for_each_thing_to_do():
    brief = Brief(
        (
            TaskBrief(
                "Check the valve", (CITED, replace(CITED, n=2)), CLAIMS[:1], ("Heat it. (LL-7)", "Vent\x00it. (LL-7)")
            ),
            TaskBrief("Paint it", (), (), ()),
        )
    )
    told = paragraphs(brief_to_docx(brief, "Before launch", {1}))
    assert told[1][1].startswith("Lessons for 1 of 2 tasks. Exported on 20")
    assert told[:1] + told[2:] == [
        ("Title", "Before launch"),
        ("Heading 1", "Check the valve"),
        ("List", "☐\tHeat it. (LL-7)"),
        ("List", "☑\tVentit. (LL-7)"),
        ("Heading 1", "Paint it"),
        ("Normal", "No lesson found."),
        ("Heading 1", "Records"),
        ("Reference", "Ice in the valve"),
        (
            "Reference Facts",
            "Record LL-7 · Ground / Heron · 2020-03 · near miss · lesson identified · page 3 · valve.pdf",
        ),
    ]
    lines = brief_to_markdown(brief, "Before launch", {1}).splitlines()
    assert [line for line in lines if line.startswith(("#", "- ["))] == [
        "# Before launch",
        "## Check the valve",
        "- [ ] Heat it. (LL-7)",
        "- [x] Ventit. (LL-7)",
        "## Paint it",
        "## Records",
    ]
