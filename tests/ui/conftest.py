"""Fixtures of the browser tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from assistant.assistant import Assistant
from assistant.needs import needs_of
from index.library import Library
from tests.ui.browser import Visit, served, visiting
from ui.commands.serve import DEMO_EXAMPLES
from ui.web.app import create_app
from ui.web.settings import ServeSettings


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Of one module: while it runs, this thread has an event loop, and no test can run one of its own."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def own_sample(sample: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A copy of the sample library that the web tests may write to."""
    folder = shutil.copytree(sample.folder, tmp_path_factory.mktemp("web") / "library")
    with Library.open(folder) as library:
        yield library


@pytest.fixture(scope="session")
def site(own_sample: Library) -> str:
    """The address of the page on the sample library, with the real assistant and no model."""
    assistant = Assistant(own_sample)
    assistant = Assistant(own_sample, assistant.settings, needs_of(own_sample, assistant.settings))
    return served(create_app(own_sample, assistant, ServeSettings(examples=DEMO_EXAMPLES)))


@pytest.fixture
def visit(request: pytest.FixtureRequest, playwright: Playwright, site: str, tmp_path: Path) -> Iterator[Visit]:
    """A browser at the page on the sample library; a parameter gives the context's options."""
    with visiting(playwright, site, tmp_path / "profile", **getattr(request, "param", {})) as one:
        yield one
