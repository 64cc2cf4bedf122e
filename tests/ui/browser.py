"""The page in a real browser: a server on loopback, Chromium, and what every visit must hold to."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Page, Playwright, Request, expect

from ui.web.server import serve

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
PATIENCE = 20_000  # ms
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium")


def served(app: FastAPI) -> str:
    """The address at which the app is served until the tests end."""
    ready = threading.Event()
    addresses: list[str] = []

    def on_ready(url: str) -> None:
        addresses.append(url)
        ready.set()

    threading.Thread(target=serve, args=(app, "127.0.0.1", 0, on_ready), daemon=True).start()
    assert ready.wait(30)
    return addresses[0]


@dataclass
class Visit:
    """A page, what it asked for, and what its console complained of."""

    page: Page
    address: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, tab: str = "", **query: str) -> Page:
        """Open a tab by its address."""
        asked = "&".join(f"{name}={value}" for name, value in {"tab": tab, **query}.items() if value)
        self.page.goto(f"{self.address}/?{asked}" if asked else self.address)
        place = f"#{tab} .sheet" if tab not in ("", "ask") else ".welcome, .turn"
        expect(self.page.locator(place).first).to_be_visible(timeout=PATIENCE)
        return self.page

    def forgive(self) -> None:
        """What was complained of was provoked; the browser may say it a while after the page shows it."""
        self.page.wait_for_timeout(500)
        self.complaints.clear()

    def ask(self, question: str) -> None:
        """Type a question and wait for its answer."""
        before = self.page.locator(".turn").count()
        self.page.get_by_label("Your question").fill(question)
        self.page.keyboard.press("Enter")
        expect(self.page.locator(".turn")).to_have_count(before + 1)
        self.answered()

    def answered(self) -> None:
        """Wait until nothing is being asked."""
        expect(self.page.locator("#now .stage")).to_have_count(0, timeout=PATIENCE)
        expect(self.page.locator("#now .tools")).to_have_count(1)

    @contextmanager
    def asking_again(self) -> Iterator[None]:
        """What is done inside takes the place of the last turn; wait for its answer."""
        self.page.locator("#now .turn").evaluate("turn => { turn.dataset.old = 'yes'; }")
        yield
        expect(self.page.locator("#now .turn:not([data-old])")).to_have_count(1)
        self.answered()

    def is_accessible(self) -> None:
        """What axe finds serious or critical on the page as it is."""
        found = Axe().run(self.page).response["violations"]
        serious = [
            (each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in ("serious", "critical")
        ]
        assert not serious

    def does_not_scroll_sideways(self) -> None:
        for element in ("document.documentElement", "document.querySelector('gradio-app')"):
            assert self.page.evaluate(f"{element}.scrollWidth <= {element}.clientWidth")


@contextmanager
def visiting(playwright: Playwright, address: str, folder: Path, **options: Any) -> Iterator[Visit]:
    """A browser with nothing in it; afterwards nothing may have been asked of other hosts, nor gone wrong."""
    options = {"viewport": WIDE, "reduced_motion": "reduce"} | options
    context = playwright.chromium.launch_persistent_context(folder, executable_path=CHROMIUM, args=FLAGS, **options)
    page = context.pages[0]
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    visit = Visit(page, address)

    def asked(sent: Request) -> None:
        visit.requests.append(sent.url)

    page.on("request", asked)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("response", lambda got: visit.complaints.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
    yield visit
    # Gradio gives up what it still waits for when a page is left.
    left = ("AbortError", "Unexpected error Connection errored out")
    visit.complaints = [each for each in visit.complaints if not each.startswith(left)]
    title = page.title()
    context.close()
    assert title.endswith("lessons")  # a hostile document would have renamed it
    assert not [url for url in visit.requests if not url.startswith((address, "data:", "blob:"))]
    assert not visit.complaints, visit.complaints
