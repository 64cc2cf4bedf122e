"""Answers as HTML, and the conversation they are part of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest

from assistant.answer import Answer
from assistant.tally import Group, Tally
from index.hit import Stats
from tests.ui.fake_library import HOSTILE, FakeAssistant, FakeLibrary, a_desk
from ui.outcomes import OUTCOMES
from ui.web import render
from ui.web.conversation import Conversation, respond
from ui.web.fill import locale_of
from ui.web.render import Asking
from ui.web.theme import PALETTE


class Page(HTMLParser):
    """The tags and the text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(str(html))  # plain: what is added to Markup is escaped again

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data + " "

    def of(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.tags if name in (attributes.get("class") or "").split()]


@pytest.fixture
def assistant(tmp_path: Path) -> FakeAssistant:
    return FakeAssistant(FakeLibrary(tmp_path))


@pytest.fixture
def answer(assistant: FakeAssistant) -> Answer:
    return assistant.ask("What went wrong?")


def last(assistant: FakeAssistant, question: str, before: Conversation | None = None) -> Conversation:
    *_, now = respond(a_desk(assistant), Asking(question), before or Conversation())
    return now


def test_each_mark_opens_its_quote(answer: Answer) -> None:
    marks = Page(render.answer(answer)).of("cite")
    assert marks[0]["aria-label"] == "Source 1: Cross-mating of identical connectors"
    first = answer.sources[0]
    assert (marks[0]["data-source"], marks[0]["data-start"], marks[0]["data-end"]) == (
        "1", str(first.start), str(first.end),
    )  # fmt: skip
    assert [mark["data-source"] for mark in marks[:3]] == ["1", "1", "2"]
    assert (marks[0]["data-quote"], marks[0]["data-from"]) == (first.quote, first.title)


def test_the_evidence_says_what_it_is_worth(answer: Answer) -> None:
    text = Page(render.answer(answer)).text
    for words in ("failure", "JPL / ASTROS", "1988", "lesson identified", "page 2", "near miss", "undated",
                  "superseded by LLIS-1700", "Who to ask", "The records disagree", "Keep in mind"):  # fmt: skip
        assert words in text


@pytest.mark.parametrize(("outcome", "shown"), [(name, mark) for name, (mark, _) in OUTCOMES.items()])
def test_an_outcome_has_a_sign_of_its_own(answer: Answer, outcome: str, shown: str) -> None:
    sources = (replace(answer.sources[0], outcome=outcome),)  # type: ignore[arg-type]
    assert shown in Page(render.answer(replace(answer, sources=sources))).text
    assert len({mark for mark, _ in OUTCOMES.values()}) == len(OUTCOMES)


def test_currency_and_review_are_noted(answer: Answer) -> None:
    source = replace(answer.sources[0], currency="expired", confidence="verified")
    assert len(Page(render.answer(replace(answer, sources=(source,)))).of("note")) == 2


@pytest.mark.parametrize(
    "place",
    [
        lambda a: replace(a, claims=(replace(a.claims[0], text=HOSTILE),)),
        lambda a: replace(a, sources=(replace(a.sources[0], quote=HOSTILE, unit=HOSTILE, event_date=HOSTILE),)),
        lambda a: replace(a, caveats=(HOSTILE,), who_to_ask=(HOSTILE,), follow_ups=(HOSTILE,)),
        lambda a: replace(a, verdict="none", message=HOSTILE, nearest=a.sources),
        lambda a: replace(a, verdict="partial", claims=(), message=HOSTILE),
    ],
)
def test_nothing_in_an_answer_becomes_markup(answer: Answer, place: Callable[[Answer], Answer]) -> None:
    html = render.turn(
        0, Asking(HOSTILE, {"unit": HOSTILE}), render.answer(place(answer)), render.chips({"unit": HOSTILE})
    )
    page = Page(html)
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert all((link["href"] or "").startswith("/?tab=library&record=") for tag, link in page.tags if tag == "a")
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert HOSTILE in page.text.replace("  ", " ")


def test_no_lesson_looks_different(assistant: FakeAssistant) -> None:
    page = Page(render.answer(assistant.ask("quantum?")))
    assert page.of("none")
    assert page.of("nearest")
    assert "No lesson found: none of the 1,270 records" in page.text
    assert "not this" in page.text
    assert "Communications topic owner" in page.text
    assert not page.of("claim")


def test_a_part_of_an_answer_says_so(answer: Answer) -> None:
    assert "Answered in part" in render.answer(replace(answer, verdict="partial"))
    assert "Answered in part" not in render.answer(answer)


def test_a_count_is_a_table_whose_figures_open_their_records(answer: Answer) -> None:
    groups = (Group("Delta", 4, ("A-1", "A-2")), Group(HOSTILE, 1, (HOSTILE,)))
    counted = Tally("unit", {}, (), None, 5, 9, 0, 5, groups, ("A-1", "A-2"))
    page = Page(render.answer(replace(answer, tally=counted)))
    (bars,) = [row for tag, row in page.tags if tag == "figure"]
    assert bars["class"] == "tally"
    assert [style["style"] for tag, style in page.tags if tag == "span" and "style" in style] == [
        "width:100.0%", "width:25.0%",
    ]  # fmt: skip
    opened = [chip["href"] for chip in page.of("chip") if "href" in chip]
    assert opened[:2] == ["/?tab=library&record=A-1", "/?tab=library&record=A-2"]
    assert opened[2] == f"/?tab=library&record={quote(HOSTILE, safe='/')}"
    assert "Records by unit" in page.text
    assert page.of("columns") == []
    assert Page(render.answer(replace(answer, tally=replace(counted, by=None)))).of("tally") == []


def test_counts_over_time_are_drawn_with_a_column_each(answer: Answer) -> None:
    groups = tuple(Group(str(year), count, ()) for year, count in ((2019, 2), (2020, 0), (2021, 4)))
    counted = Tally("year", {}, (), None, 6, 9, 0, 6, groups, ())
    columns = [row for tag, row in Page(render.answer(replace(answer, tally=counted))).tags if tag == "rect"]
    assert [float(column["height"] or 0) for column in columns] == [16, 0, 32]


def test_quotes_of_one_record_are_on_one_card(answer: Answer) -> None:
    second = replace(answer.sources[0], n=3, quote="Another quote of it.")
    page = Page(render.answer(replace(answer, sources=(*answer.sources, second))))
    assert len(page.of("record")) == 2
    assert len(page.of("passage")) == 3


def test_sides_stand_beside_each_other(answer: Answer) -> None:
    claims = tuple(replace(claim, side=side) for claim, side in zip(answer.claims, ("North", "South"), strict=True))
    page = Page(render.answer(replace(answer, claims=claims, conflicts=())))
    assert len(page.of("side")) == 2
    assert "North" in page.text
    assert "South" in page.text


@pytest.mark.parametrize(
    ("accepted", "shown"),
    [("de-DE,de", "03.05.1988"), ("en-US", "May 3, 1988"), ("", "3 May 1988"), ("x", "3 May 1988")],
)
def test_dates_are_in_the_readers_format(answer: Answer, accepted: str, shown: str) -> None:
    dated = replace(answer, sources=(replace(answer.sources[0], event_date="1988-05-03"),))
    assert shown in Page(render.answer(dated, locale_of(accepted))).text


def test_an_empty_library_names_the_command_that_fills_it() -> None:
    empty = render.welcome(Stats(0, 0, 0, "faiss-flat", "fake", ""), ["Why?"], may_add=True)
    assert "lessons index FOLDER" in empty
    assert "Why?" not in empty
    assert "lessons index" not in render.welcome(Stats(0, 0, 0, "faiss-flat", "fake", ""), ())
    assert "3 records from 2 documents" in render.welcome(Stats(2, 3, 4, "faiss-flat", "fake", ""), ())


def test_filters_are_repeated_with_the_question() -> None:
    chips = render.chips({"outcome": "near_miss", "unit": "JPL", "since": "1988"}, ["since"])
    page = Page(render.turn(0, Asking("Why?"), render.problem("a", "b"), chips))
    assert [(chip["data-drop"], chip["data-read"]) for chip in page.of("filter")] == [
        ("outcome", "0"), ("unit", "0"), ("since", "1"),
    ]  # fmt: skip
    for words in ("near miss", "JPL", "from 1988"):
        assert words in page.text


def test_an_answer_grows_sentence_by_sentence(assistant: FakeAssistant) -> None:
    steps = respond(a_desk(assistant), Asking("Why?"), Conversation())
    counts = [len(Page(now.turns[-1].html).of("claim")) for now in steps]
    assert counts[0] == 0
    assert 1 in counts
    assert counts[-1] == 2
    assert counts == sorted(counts)


def test_a_person_has_so_many_questions_answered_at_once(assistant: FakeAssistant) -> None:
    desk = a_desk(assistant)
    running = [respond(desk, Asking("Why?"), Conversation()) for _ in range(3)]
    for each in running:
        next(each)
    (refused,) = respond(desk, Asking("Why?"), Conversation())
    assert "having much done already" in refused.turns[-1].html
    list(running[0])
    assert len(list(respond(desk, Asking("Why?"), Conversation()))) > 1


def test_earlier_questions_are_context_when_they_were_answered(assistant: FakeAssistant) -> None:
    now = last(assistant, "First?")
    now = last(assistant, "A broken model?", now)
    now = last(assistant, "Second?", now)
    assert assistant.asked[-1] == ("Second?", {}, ("First?",))
    assert [turn.asked.question for turn in now.turns] == ["First?", "A broken model?", "Second?"]


def test_an_error_is_shown_with_its_remedy(assistant: FakeAssistant) -> None:
    html = last(assistant, "A broken model?").turns[-1].html
    assert "The language model does not answer." in html
    assert "lessons doctor" in html


def test_a_question_that_is_too_long_is_refused_in_few_words(assistant: FakeAssistant) -> None:
    html = last(assistant, "x" * 50_000).turns[-1].html
    assert "longer than 10,000 characters" in html
    assert len(Page(html).text) < 1000


def test_a_bug_is_logged_and_not_shown(assistant: FakeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    html = last(assistant, "bug?").turns[-1].html
    assert "Something went wrong on the server." in html
    assert "internal detail" not in html
    assert "internal detail" in caplog.text


@pytest.mark.parametrize("dark", [0, 1])
@pytest.mark.parametrize("ink", ["ink", "soft", "accent", "failure", "near_miss", "success", "mixed"])
@pytest.mark.parametrize("ground", ["paper", "surface", "raised", "accent_wash"])
def test_text_has_enough_contrast(ink: str, ground: str, dark: int) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    lighter, darker = sorted((luminance(PALETTE[name][dark]) for name in (ink, ground)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize("dark", [0, 1])
@pytest.mark.parametrize(("ink", "ground"), [("ink", "highlight"), ("on_accent", "accent")])
def test_text_on_colour_has_enough_contrast(ink: str, ground: str, dark: int) -> None:
    test_text_has_enough_contrast(ink, ground, dark)


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
