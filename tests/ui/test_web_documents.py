"""The documents behind citations."""

from __future__ import annotations

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from tests.ui.browser import served
from tests.ui.fake_library import HOSTILE, PDF_QUOTE, TEXT_QUOTE, FakeAssistant, FakeLibrary, a_desk
from ui.web.app import create_app
from ui.web.documents import DocumentRefused, document_routes, say_refused
from ui.web.settings import ServeSettings


@pytest.fixture
def library(tmp_path: Path) -> FakeLibrary:
    return FakeLibrary(tmp_path)


@pytest.fixture
def client(library: FakeLibrary) -> TestClient:
    app = FastAPI()
    app.add_exception_handler(DocumentRefused, say_refused)
    desk = a_desk(FakeAssistant(library))
    app.include_router(document_routes(lambda: desk))  # type: ignore[arg-type]
    return TestClient(app)


def span(library: FakeLibrary, number: int) -> dict[str, int]:
    cited = library.cited(number)
    return {"start": cited.start, "end": cited.end}


def test_a_pdf_is_served_as_it_is(client: TestClient, library: FakeLibrary) -> None:
    answer = client.get("/documents/1")
    assert answer.status_code == 200
    assert answer.content == Path(library.sources[1].path).read_bytes()
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''astros%20report.pdf"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("media_type", "served", "disposition"),
    [
        ("text/html", "text/plain", "inline"),
        ("image/svg+xml", "text/plain", "inline"),
        ("application/xhtml+xml", "text/plain", "inline"),
        ("text/markdown", "text/plain", "inline"),
        ("image/png", "image/png", "inline"),
        ("application/vnd.ms-word.document", "application/octet-stream", "attachment"),
        ("application/javascript", "application/octet-stream", "attachment"),
    ],
)  # fmt: skip
def test_nothing_but_a_pdf_can_run(
    client: TestClient, library: FakeLibrary, tmp_path: Path, media_type: str, served: str, disposition: str
) -> None:
    path = tmp_path / "page"
    path.write_text("<script>alert(1)</script>")
    answer = client.get(f"/documents/{library.add(path, media_type, 'x')}")
    assert answer.text == "<script>alert(1)</script>"
    assert answer.headers["content-type"].split(";")[0] == served
    assert answer.headers["content-disposition"].startswith(disposition)
    assert answer.headers["content-security-policy"].startswith("sandbox;")


@pytest.mark.parametrize("path", ["/documents/99", "/documents/1/pages/0.png", "/documents/1/pages/4.png",
                                  "/documents/2/pages/1.png", "/documents/99/text?start=0&end=1",
                                  "/documents/2/text?start=0&end=999999", "/documents/2/text?start=5&end=5",
                                  "/documents/2/pages/1/boxes?start=0&end=1"])  # fmt: skip
def test_what_is_not_there_is_said_in_words(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.text in {
        "The library holds no such document.", "This document has no such page.", "This document has no such passage.",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "1%2F..%2F..", "-"])
def test_only_ids_lead_to_files(client: TestClient, name: str) -> None:
    assert client.get(f"/documents/{name}").status_code in {404, 422}


@pytest.mark.parametrize("place", ["", "/pages/2.png", "/pages/2/boxes"])
def test_a_changed_file_is_not_shown(client: TestClient, library: FakeLibrary, place: str) -> None:
    Path(library.sources[1].path).write_bytes(b"%PDF-1.4 other")
    answer = client.get(f"/documents/1{place}", params=span(library, 1) if "boxes" in place else {})
    assert answer.status_code == 409
    assert "astros report.pdf has changed since it was indexed" in answer.text


def test_a_file_that_is_gone_still_has_its_text(client: TestClient, library: FakeLibrary) -> None:
    Path(library.sources[1].path).unlink()
    answer = client.get("/documents/1")
    assert answer.status_code == 404
    assert "no longer where it was" in answer.text
    assert client.get("/documents/1/text", params=span(library, 1)).json()["quote"] == PDF_QUOTE


def test_a_passage_in_its_surroundings(client: TestClient, library: FakeLibrary) -> None:
    found = client.get("/documents/2/text", params=span(library, 2)).json()
    assert found["quote"] == TEXT_QUOTE
    assert found["before"].endswith("second check of every mate.\n\n")
    assert HOSTILE in found["after"]
    assert (found["page"], found["pages"]) == (None, 0)
    assert client.get("/documents/1/text", params=span(library, 1)).json()["page"] == 2


def test_surroundings_have_a_limit(client: TestClient, library: FakeLibrary) -> None:
    library.sources[2] = replace(library.sources[2], text="a" * 9000 + "quote" + "b" * 9000, title="")
    found = client.get("/documents/2/text?start=9000&end=9005").json()
    assert found["before"] == "… " + "a" * 4000
    assert found["after"] == "b" * 4000 + " …"
    assert found["title"] == "connector-log.md"


def test_a_page_as_a_picture(client: TestClient) -> None:
    answer = client.get("/documents/1/pages/2.png?width=400")
    assert answer.headers["content-type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.width == 400
    assert picture.height == pytest.approx(566, abs=2)  # A4
    assert client.get("/documents/1/pages/2.png?width=9999").status_code == 422


def test_boxes_lie_on_the_quoted_line(client: TestClient, library: FakeLibrary) -> None:
    (box,) = client.get("/documents/1/pages/2/boxes", params=span(library, 1)).json()["boxes"]
    assert box["left"] == pytest.approx(72 / 595, abs=0.01)
    assert box["top"] < 1 - 700 / 842 < box["bottom"]  # the baseline of the third line
    assert 0.5 < box["right"] < 0.9


def test_a_quote_over_two_pages_is_boxed_on_both(client: TestClient, library: FakeLibrary) -> None:
    text = library.sources[1].text
    params = {"start": text.index("before any damage"), "end": text.index("What to do") + len("What to do")}
    assert len(client.get("/documents/1/pages/2/boxes", params=params).json()["boxes"]) == 1
    assert len(client.get("/documents/1/pages/3/boxes", params=params).json()["boxes"]) == 1
    assert client.get("/documents/1/pages/1/boxes", params=params).json() == {"boxes": []}


def test_pictures_that_take_long_keep_nobody_else_waiting(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, go_on = [], threading.Event()

    def slow(data: bytes, page: int, width: int) -> bytes:
        drawn.append(page)
        go_on.wait(30)
        return b""

    monkeypatch.setattr("ingest.readers.pdf_pages.picture", slow)
    address = served(create_app(library, FakeAssistant(library), ServeSettings()))  # type: ignore[arg-type]
    with ThreadPoolExecutor(60) as pool:
        pictures = [pool.submit(httpx.get, f"{address}/documents/1/pages/1.png", timeout=60) for _ in range(60)]
        try:
            while not drawn:
                time.sleep(0.05)
            assert httpx.get(f"{address}/parts/library", timeout=20).status_code == 200
        finally:
            go_on.set()
        assert {picture.result().status_code for picture in pictures} == {200}
