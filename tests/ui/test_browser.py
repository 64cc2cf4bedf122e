"""The ask page in a real browser."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, Request, expect, sync_playwright

from tests.ui.fake_library import HOSTILE, PDF_QUOTE, TEXT_QUOTE, FakeAssistant, FakeLibrary
from ui.web.app import create_app
from ui.web.server import serve
from ui.web.settings import ServeSettings

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
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
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium")


@dataclass
class Visit:
    """A page, the hosts it asked, and what its console complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> FakeAssistant:
    return FakeAssistant(FakeLibrary(tmp_path_factory.mktemp("library")), delay=0.4)


@pytest.fixture(scope="module")
def address(assistant: FakeAssistant) -> str:
    app = create_app(assistant.library, assistant, ServeSettings(examples=(EXAMPLE,)))  # type: ignore[arg-type]
    ready = threading.Event()
    addresses: list[str] = []

    def on_ready(url: str) -> None:
        addresses.append(url)
        ready.set()

    threading.Thread(target=serve, args=(app, "127.0.0.1", 0, on_ready), daemon=True).start()
    assert ready.wait(30)
    return addresses[0]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(params=[WIDE], ids=["wide"])
def visit(request: pytest.FixtureRequest, playwright: Playwright, address: str, tmp_path: Path) -> Iterator[Visit]:
    """The ask page, just opened; afterwards nothing may have been asked of other hosts, nor gone wrong."""
    context: BrowserContext = playwright.chromium.launch_persistent_context(
        tmp_path / "profile", executable_path=CHROMIUM, args=FLAGS, viewport=request.param, reduced_motion="reduce"
    )
    page = context.pages[0]
    page.set_default_timeout(15_000)
    visit = Visit(page)

    def asked(sent: Request) -> None:
        visit.requests.append(sent.url)

    page.on("request", asked)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
    page.goto(address)
    expect(page.locator(".chip")).to_be_visible()
    yield visit
    assert page.title() == "lessons"  # the hostile document would have renamed it
    context.close()
    assert not [url for url in visit.requests if not url.startswith((address, "data:", "blob:"))]
    assert not visit.complaints


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
    page.locator(".card", has_text="Connector log").click()
    expect(page.locator("#panel mark")).to_have_text(TEXT_QUOTE)
    expect(page.locator("#panel mark")).to_be_in_viewport()
    expect(page.locator(".panel-text")).to_contain_text(HOSTILE)
    assert page.locator("#panel script, #panel img, .turn script, .turn img").count() == 0


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
    assert_no_sideways_scroll(page)
    answered(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Source 1").first.click()
    sheet = page.get_by_role("dialog", name="ASTROS star tracker")
    expect(sheet.locator(".panel-box")).to_be_visible()
    box = sheet.bounding_box()
    assert box == {"x": 0, "y": 0, **PHONE}
    for _ in range(8):  # the keyboard stays on the sheet
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('#panel') !== null")
    assert_no_sideways_scroll(page)
    sheet.get_by_role("button", name="Close the source").click()
    expect(sheet).to_be_hidden()
    expect(page.get_by_role("button", name="Source 1").first).to_be_focused()


def assert_no_sideways_scroll(page: Page) -> None:
    for element in ("document.documentElement", "document.querySelector('gradio-app')"):
        assert page.evaluate(f"{element}.scrollWidth <= {element}.clientWidth")


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
    expect(page.locator(".welcome")).to_be_visible()
    answered(page)
    assert not assistant.asked[-1][2]


def test_filters_go_with_the_question(visit: Visit, assistant: FakeAssistant) -> None:
    page = visit.page
    filters = page.get_by_role("button", name="Filters")
    expect(filters).to_have_attribute("aria-expanded", "false")
    filters.click()
    expect(filters).to_have_attribute("aria-expanded", "true")
    for label, choice in (("Outcome", "near miss (1)"), ("From year", "1988")):
        page.get_by_label(label).click()
        page.get_by_role("option", name=choice).click()
    expect(page.get_by_role("button", name="Filters (2)")).to_be_visible()
    answered(page)
    expect(page.locator(".applied")).to_have_text("Only: near miss, from 1988")
    assert assistant.asked[-1][1] == {"outcome": "near_miss", "since": "1988"}


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
    assert_no_sideways_scroll(page)


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
    visit.complaints.clear()  # the browser logs the 409


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_system_chooses_light_or_dark(visit: Visit, scheme: str) -> None:
    page = visit.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.reload()
    expect(page.locator(".chip")).to_be_visible()
    colours = {"light": "rgb(250, 249, 246)", "dark": "rgb(22, 24, 27)"}
    expect(page.locator("gradio-app")).to_have_css("background-color", colours[scheme])
