"""The Ask tab on the sample library: conversations, marks, charts and sources."""

from __future__ import annotations

import io
import re
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

from assistant.feedback import Feedback
from index.library import Library
from tests.ui.browser import PHONE, Visit, needs_chromium

pytestmark = needs_chromium

POWER = "How long was the Dunmoor field hospital without power?"
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifted += each.value;
}).observe({type: "layout-shift", buffered: false});
"""


def test_an_answer_shows_its_evidence_and_moves_nothing_while_it_grows(visit: Visit) -> None:
    page = visit.go()
    page.evaluate(SHIFTS)
    visit.ask(POWER)
    expect(page.locator("#now .claim").first).to_contain_text("field hospital")
    expect(page.locator("#now .record .facts").first).to_contain_text("Field Hospitals")
    assert page.evaluate("window.shifted") < 0.05
    expect(page.locator("#said")).to_contain_text("Answered:")


def test_a_number_shows_its_quote_before_one_opens_it(visit: Visit) -> None:
    page = visit.go()
    visit.ask(POWER)
    mark = page.locator("#now .cite").first
    mark.hover()
    expect(page.get_by_role("tooltip")).to_contain_text(mark.get_attribute("data-quote") or "none")
    page.mouse.move(5, 5)
    expect(page.get_by_role("tooltip")).to_have_count(0)


def test_a_source_can_be_referred_to_and_its_record_opened(visit: Visit) -> None:
    page = visit.go()
    visit.ask(POWER)
    page.locator("#now .cite").first.click()
    expect(page.locator(".panel-box").first).to_be_visible()
    page.get_by_role("button", name="Copy a reference").click()
    expect(page.locator(".panel-copy")).to_have_text("Copied")
    page.get_by_label("Your question").fill("")
    page.get_by_label("Your question").press("Control+V")
    expect(page.get_by_label("Your question")).to_have_value(re.compile(r"\(AAR-2018-06\).*page 1: “"))
    page.get_by_role("link", name="Open record").click()
    expect(page.locator("#library h1")).to_have_text("Loss of power in the Dunmoor field hospital")


def test_tables_are_shown_as_tables(visit: Visit, own_sample: Library) -> None:
    page = visit.go()
    (row,) = own_sample.catalogue.rows(
        "SELECT s.id, instr(s.text, 'Accuracy before') AS at FROM sources s WHERE path LIKE '%depot-stock-count.docx'"
    )
    page.evaluate(
        "([source, start]) => { const b = document.createElement('button'); b.id = 'opener';"
        " Object.assign(b.dataset, {source, start, end: start + 15}); document.body.append(b); b.click(); }",
        [row["id"], row["at"] - 1],
    )
    expect(page.locator(".panel-text td mark")).to_have_text("Accuracy before")
    expect(page.locator(".panel-text td", has_text="Brackwell")).to_be_visible()


def test_a_conversation_is_kept_and_can_be_opened_saved_and_deleted(visit: Visit) -> None:
    page = visit.go()
    visit.ask(POWER)
    visit.ask("How many failures per year?")
    expect(page).to_have_url(re.compile(r"\?c="))
    page.reload()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn .claim").first).to_be_visible()
    page.locator(".brand").click()
    expect(page.locator(".welcome")).to_be_visible()
    recent = page.locator("#recent li", has_text=POWER)
    recent.locator("> a").click()
    expect(page.locator(".turn")).to_have_count(2)
    recent.hover()
    recent.locator("summary").click()
    with page.expect_download() as markdown:
        recent.get_by_role("link", name="Save as Markdown").click()
    text = markdown.value.path().read_text(encoding="utf-8")
    assert POWER in text
    assert "AAR" in text
    with page.expect_download() as word:
        recent.get_by_role("link", name="Save as Word").click()
    with ZipFile(io.BytesIO(word.value.path().read_bytes())) as parts:
        assert "Dunmoor" in parts.read("word/document.xml").decode()
    page.once("dialog", lambda dialog: dialog.accept())
    recent.get_by_role("button", name="Delete").click()
    expect(page.locator("#recent li", has_text=POWER)).to_have_count(0)
    expect(page.locator(".welcome")).to_be_visible()  # it was the one that was shown


def test_a_question_can_be_asked_again_and_changed(visit: Visit) -> None:
    page = visit.go()
    visit.ask("What happened in 2022?")
    visit.ask(POWER)
    expect(page.locator("#past .tools")).to_be_hidden()  # what follows would be lost
    page.locator("#now .turn").hover()
    page.get_by_role("button", name="Edit the question").click()
    page.locator(".editing textarea").fill("How many lessons are there by unit?")
    with visit.asking_again():
        page.locator(".editing").get_by_role("button", name="Ask").click()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".tally th", has_text="Water & Sanitation")).to_be_visible()
    page.locator("#now .turn").hover()
    with visit.asking_again():
        page.get_by_role("button", name="Ask the question again").click()
    expect(page.locator(".turn")).to_have_count(2)
    page.reload()  # what was asked before is gone from the history as well
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator("#now .question")).to_have_text("How many lessons are there by unit?")


def test_a_filter_read_from_the_question_can_be_taken_back(visit: Visit) -> None:
    page = visit.go()
    visit.ask("Which failures with generators were there since 2020?")
    chip = page.locator("#now .filter", has_text="from 2020")
    expect(chip).to_have_attribute("data-read", "1")
    with visit.asking_again():
        chip.click()
    expect(page.locator("#now .filter", has_text="from 2020")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(1)


def test_counts_are_drawn_and_open_their_records(visit: Visit) -> None:
    page = visit.go()
    visit.ask("How many failures per year?")
    assert page.locator(".tally rect").count() == page.locator(".tally tbody tr").count() > 5
    page.locator(".tally summary").first.click()
    page.locator(".tally details[open] .chip").first.click()
    expect(page.locator("#library .fields")).to_be_visible()
    expect(page.locator("#library .fields .outcome")).to_have_text("failure")


def test_an_objection_comes_to_the_review_list(visit: Visit, own_sample: Library) -> None:
    page = visit.go()
    visit.ask(POWER)
    page.locator("#now .feedback summary").click()
    page.get_by_label("Say more").fill("The switch was replaced in 2019.")
    page.get_by_role("button", name="It is outdated").click()
    expect(page.locator("#now .feedback")).to_have_text("Thank you. It is on the review list.")
    item = Feedback(own_sample.folder).open_items(None)[0]
    assert (item.reason, item.comment, item.question) == ("outdated", "The switch was replaced in 2019.", POWER)
    page = visit.go("contribute")
    card = page.locator(".card", has_text="The switch was replaced in 2019.")
    expect(card.locator(".chip", has_text="AAR-2018-06")).to_be_visible()
    card.get_by_role("button", name="The record was corrected").click()
    expect(page.locator(".card", has_text="The switch was replaced in 2019.")).to_have_count(0)


def test_what_nobody_could_answer_is_listed_where_one_contributes(visit: Visit) -> None:
    page = visit.go()
    visit.ask("What did we learn from our quantum-networking payload?")
    expect(page.locator("#now .none")).to_contain_text("Kept among the open questions")
    page = visit.go("contribute")
    expect(page.locator(".card", has_text="quantum-networking payload")).to_contain_text("no lesson found")
    page = visit.go("health")
    expect(page.locator("#health")).to_contain_text("quantum-networking payload")


@pytest.mark.parametrize("visit", [{"viewport": PHONE, "has_touch": True}], indirect=True)
def test_a_phone_shows_conversations_and_their_history(visit: Visit) -> None:
    page = visit.go()
    visit.ask("How many lessons are there by unit?")
    visit.does_not_scroll_sideways()
    page.get_by_role("button", name="History").click()
    expect(page.locator("#recent li").first).to_be_visible()
    visit.does_not_scroll_sideways()


def test_other_scripts_and_long_words_survive(visit: Visit) -> None:
    page = visit.go()
    visit.ask("ما الذي تعلمناه من انقطاع الكهرباء في المستشفى الميداني؟ " + "Donaudampfschifffahrtsgesellschaft" * 8)
    expect(page.locator(".turn .question")).to_have_css("direction", "rtl")
    visit.does_not_scroll_sideways()


def test_earlier_and_reopened_answers_can_be_marked(visit: Visit, own_sample: Library) -> None:
    page = visit.go()
    visit.ask("Which failures with pumps were there?")
    visit.ask(POWER)
    page.locator("#past .feedback").get_by_role("button", name="Useful", exact=True).click()
    expect(page.locator("#past .feedback")).to_contain_text("Thank you.")
    expect(page).to_have_url(re.compile(r"\?c="))
    page.reload()
    expect(page.locator("#past .feedback")).to_contain_text("Thank you.")
    page.locator("#now .feedback").get_by_role("button", name="Useful", exact=True).click()
    expect(page.locator("#now .feedback")).to_contain_text("Thank you.")
    assert Feedback(own_sample.folder).counts(["AAR-2018-06"])["AAR-2018-06"].useful >= 1
