"""The ask page in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.ui.browser import PHONE, WIDE, Visit, needs_chromium, served, visiting
from tests.ui.fake_library import HOSTILE, PDF_QUOTE, TEXT_QUOTE, FakeAssistant, FakeLibrary
from ui.web.app import create_app
from ui.web.settings import ServeSettings

EXAMPLE = "What went wrong when identical connectors sat side by side?"
TOP = "document.querySelector('.claim')?.offsetTop"
WATCH = f"""
window.steps = [];
new MutationObserver(() => {{
  const claims = document.querySelectorAll('.claim').length;
  const stage = document.querySelector('.stage')?.textContent;
  if (stage && window.steps.at(-1)?.claims !== claims) window.steps.push({{claims, stage, top: {TOP}}});
}}).observe(document.body, {{childList: true, subtree: true}});
"""

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> FakeAssistant:
    return FakeAssistant(FakeLibrary(tmp_path_factory.mktemp("library")), delay=0.4)


@pytest.fixture(scope="module")
def address(assistant: FakeAssistant) -> str:
    return served(create_app(assistant.library, assistant, ServeSettings(examples=(EXAMPLE,))))  # type: ignore[arg-type]


@pytest.fixture(params=[WIDE], ids=["wide"])
def visit(request: pytest.FixtureRequest, playwright: Playwright, address: str, tmp_path: Path) -> Iterator[Visit]:
    """The page with an assistant that takes its time, just opened."""
    with visiting(playwright, address, tmp_path / "profile", viewport=request.param) as one:
        one.go()
        yield one


phone = pytest.mark.parametrize("visit", [PHONE], indirect=True, ids=["phone"])


def ask(page: Page, question: str = EXAMPLE) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")


def answered(page: Page) -> None:
    ask(page)
    expect(page.locator(".evidence")).to_be_visible()


def test_an_answer_arrives_in_steps(visit: Visit) -> None:
    page = visit.page
    page.evaluate(WATCH)
    ask(page)
    expect(page.locator(".evidence")).to_be_visible()
    steps = page.evaluate("window.steps")
    assert [step["claims"] for step in steps] == [0, 1, 2]
    assert [step["stage"] for step in steps] == ["Searching the library…", "Writing…", "Writing…"]
    assert steps[1]["top"] == steps[2]["top"] == page.evaluate(TOP)  # what one reads does not move
    expect(page.locator(".stage")).to_have_count(0)
    expect(page.get_by_label("Your question")).to_have_value("")


def test_what_is_typed_meanwhile_stays(visit: Visit) -> None:
    page = visit.page
    ask(page)
    expect(page.locator(".stage")).to_be_visible()
    page.get_by_label("Your question").fill("And then?")
    expect(page.locator(".evidence")).to_be_visible()
    expect(page.get_by_label("Your question")).to_have_value("And then?")


def test_a_citation_opens_the_page_with_the_quote_marked(visit: Visit) -> None:
    page = visit.page
    answered(page)
    page.get_by_role("button", name="Source 1").first.click()
    panel = page.get_by_role("complementary", name="ASTROS star tracker")
    expect(panel.locator("blockquote")).to_have_text(PDF_QUOTE)
    expect(panel.locator(".panel-box")).to_be_visible()
    picture = panel.get_by_role("img", name="Page 2 of astros report.pdf")
    assert picture.evaluate("one => one.naturalWidth") > 0
    inside, around = panel.locator(".panel-box").bounding_box(), picture.bounding_box()
    assert inside is not None
    assert around is not None
    assert inside["width"] > 50
    assert inside["height"] > 5
    assert around["x"] <= inside["x"]
    assert inside["x"] + inside["width"] <= around["x"] + around["width"]
    assert around["y"] <= inside["y"]
    assert inside["y"] + inside["height"] <= around["y"] + around["height"]
    expect(panel.get_by_role("link", name="Open original")).to_have_attribute("href", "/documents/1#page=2")


def test_pages_turn_and_grow(visit: Visit) -> None:
    page = visit.page
    answered(page)
    page.get_by_role("button", name="Source 1").first.click()
    expect(page.locator(".panel-box")).to_be_visible()
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_text("Page 3 of 3")).to_be_visible()
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    expect(page.locator(".panel-box")).to_have_count(0)
    page.get_by_role("button", name="Previous page").click()
    expect(page.locator(".panel-box")).to_be_visible()
    before = page.locator(".panel-page").bounding_box()
    page.get_by_role("button", name="Larger").click()
    after = page.locator(".panel-page").bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > before["width"] * 1.2


def test_a_card_opens_the_text_with_the_quote_marked(visit: Visit) -> None:
    page = visit.page
    answered(page)
    page.locator(".record", has_text="Connector log").locator(".passage").click()
    expect(page.locator("#panel mark")).to_have_text(TEXT_QUOTE)
    expect(page.locator("#panel mark")).to_be_in_viewport()
    expect(page.locator(".panel-text")).to_contain_text(HOSTILE)
    assert page.locator("#panel script, #panel .panel-text img, .turn script, .turn img").count() == 0


def test_the_keyboard_reaches_everything(visit: Visit) -> None:
    page = visit.page
    answered(page)
    citation = page.get_by_role("button", name="Source 1").first
    page.get_by_label("Your question").focus()
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if citation.evaluate("one => one === document.activeElement"):
            break
    expect(citation).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".panel-box")).to_be_visible()
    expect(page.get_by_role("button", name="Close the source")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(citation).to_be_focused()


@phone
def test_a_phone_shows_the_source_as_a_sheet(visit: Visit) -> None:
    page = visit.page
    visit.does_not_scroll_sideways()
    answered(page)
    visit.does_not_scroll_sideways()
    page.get_by_role("button", name="Source 1").first.click()
    sheet = page.get_by_role("dialog", name="ASTROS star tracker")
    expect(sheet.locator(".panel-box")).to_be_visible()
    box = sheet.bounding_box()
    assert box == {"x": 0, "y": 0, **PHONE}
    for _ in range(8):  # the keyboard stays on the sheet
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('#panel') !== null")
    visit.does_not_scroll_sideways()
    sheet.get_by_role("button", name="Close the source").click()
    expect(sheet).to_be_hidden()
    expect(page.get_by_role("button", name="Source 1").first).to_be_focused()


def test_no_lesson_is_calm_and_names_whom_to_ask(visit: Visit) -> None:
    page = visit.page
    ask(page, "quantum?")
    expect(page.locator(".none")).to_contain_text("No lesson found")
    expect(page.locator(".nearest")).to_contain_text("not this")
    expect(page.locator(".ask")).to_contain_text("Communications topic owner")


def test_suggestions_ask_and_carry_the_conversation(visit: Visit, assistant: FakeAssistant) -> None:
    page = visit.page
    page.get_by_role("button", name=EXAMPLE).click()
    expect(page.locator(".evidence")).to_be_visible()
    page.get_by_role("button", name="Did it happen again?").click()
    expect(page.locator(".evidence")).to_have_count(2)
    assert assistant.asked[-1] == ("Did it happen again?", {}, (EXAMPLE,))
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator(".welcome")).to_be_visible()
    answered(page)
    assert not assistant.asked[-1][2]


def test_filters_go_with_the_question(visit: Visit, assistant: FakeAssistant) -> None:
    page = visit.page
    page.locator("#filters > summary").click()
    for label, choice in (("Outcome", "near miss (1)"), ("From year", "1988")):
        page.get_by_label(label).select_option(choice)
    expect(page.locator("#filters > summary")).to_have_text("Filters (2)")
    answered(page)
    assert page.locator(".filter").all_inner_texts() == ["near miss ✕", "from 1988 ✕"]
    assert assistant.asked[-1][1] == {"outcome": "near_miss", "since": "1988"}
    page.get_by_role("button", name="near miss. Ask without it").click()
    expect(page.locator("#now .filter")).to_have_count(1)
    visit.answered()
    assert assistant.asked[-1][1] == {"since": "1988"}
    expect(page.locator(".turn")).to_have_count(1)


def test_an_empty_question_asks_nothing(visit: Visit, assistant: FakeAssistant) -> None:
    page = visit.page
    asked = len(assistant.asked)
    ask(page, "   ")
    page.wait_for_timeout(1000)
    assert len(assistant.asked) == asked
    expect(page.locator(".welcome")).to_be_visible()


def test_a_question_that_is_too_long_is_refused(visit: Visit) -> None:
    page = visit.page
    ask(page, "x" * 50_000)
    expect(page.get_by_role("alert")).to_contain_text("longer than 10,000 characters")
    visit.does_not_scroll_sideways()


def test_a_changed_file_is_shown_as_it_was_indexed(visit: Visit, assistant: FakeAssistant) -> None:
    page = visit.page
    path = Path(assistant.library.sources[1].path)
    before = path.read_bytes()
    answered(page)
    path.write_bytes(b"other")
    try:
        page.get_by_role("button", name="Source 1").first.click()
        expect(page.locator("#panel").get_by_role("alert")).to_contain_text("has changed since it was indexed")
        expect(page.locator("#panel mark")).to_have_text(PDF_QUOTE)
    finally:
        path.write_bytes(before)
    visit.forgive()  # the browser logs the 409


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_system_chooses_light_or_dark(visit: Visit, scheme: str) -> None:
    page = visit.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    visit.go()
    colours = {"light": "rgb(250, 249, 246)", "dark": "rgb(22, 24, 27)"}
    expect(page.locator("gradio-app")).to_have_css("background-color", colours[scheme])


def test_a_question_can_be_called_off(visit: Visit, assistant: FakeAssistant) -> None:
    page = visit.page
    assistant.delay = 3
    try:
        ask(page, "Which connectors?")
        expect(page.locator("#now .stage")).to_be_visible()
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#now .stage")).to_have_text("Stopped.")
        expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    finally:
        assistant.delay = 0.4
    with visit.asking_again():
        page.get_by_role("button", name="Ask the question again").click()
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".evidence")).to_be_visible()


def test_a_server_that_is_gone_is_said(visit: Visit) -> None:
    page = visit.page
    page.route("**/gradio_api/queue/join**", lambda route: route.abort())
    ask(page, "Is anybody there?")
    page.wait_for_timeout(1000)
    expect(page.get_by_label("Your question")).to_have_value("Is anybody there?")  # it is not lost
    page.route("**/parts/**", lambda route: route.abort())
    page.get_by_role("link", name="Library").click()
    expect(page.locator("#library .problem")).to_contain_text("The server does not answer.")
    page.unroute_all(behavior="wait")
    visit.forgive()  # the browser logs the failure


def test_what_was_stopped_takes_nobodys_place(visit: Visit) -> None:
    page = visit.page
    for _ in range(4):  # one more than a person may have answered at once
        ask(page)
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#now .stage")).to_have_text("Stopped.")
        page.wait_for_timeout(2000)  # a step that was under way comes to its end
    answered(page)
