"""Two people with different labels: every route and every event of the page is called as each.

What one may not see never appears to the other, and does appear to whoever may see it, so that this test can fail. A
route or an event that is not tried here fails the test.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from reportlab.pdfgen.canvas import Canvas
from starlette.routing import Mount

from assistant.assistant import Assistant
from assistant.needs import Needs, needs_of
from index.library import Library
from index.sync import Report
from ingest.errors import LibraryBusy
from ingest.prepare import prepare
from ingest.scan import Problem
from tests.fakes import a_library
from tests.ui.browser import served
from tests.ui.gated import PASSWORD, QUICK, add_person
from ui.web import people as people_module
from ui.web.app import create_app
from ui.web.jobs import Job, Jobs
from ui.web.settings import ServeSettings

NEEDLE = "quokka"
"""Stands in whatever is hidden: texts, titles, ids, units, owners, file names, collections, questions, comments."""
WORDS = "transfer pump seal"
"""What everybody may ask, and what finds open and hidden records alike."""
RECORD = """---
lesson_id: {lesson_id}
unit: {unit}
owner: {unit} officer
project: {unit} works
event_date: {date}
outcome: failure
{more}
---
# The transfer pump lost its seal{title}

## What happened

The transfer pump lost its seal at night and {told} before anybody came. The crew replaced it after {hours} hours.

## Root cause

The seal of the transfer pump was of the wrong size{cause}.

## Recommendation

Keep a spare seal beside the transfer pump{advice}.
"""
QUESTIONS = (
    f"What went wrong with the {WORDS}?",
    "How many failures are there by unit?",
    "How many failures are there per year?",
    "Who knows about the transfer pump?",
    "What does H-1 say?",
    f"What does {NEEDLE[:3]}?",
    "Compare Harbour and Quay on the transfer pump",
    "What is our policy on unicorns?",
)


def record(lesson_id: str, year: int, *, hidden: bool, more: str = "") -> str:
    word = NEEDLE if hidden else "water"
    return RECORD.format(
        lesson_id=lesson_id, unit=f"{word.title()} Quay" if hidden else "Harbour", date=f"{year}-03-01", more=more,
        title=f" to a {word}" if hidden else "", told=f"{word} ran out", hours=year % 100, cause=f", said the {word}",
        advice=f" and a {word}",
    )  # fmt: skip


def write_documents(folder: Path) -> list[Path]:
    """Open and hidden documents, and two that are hidden in part."""
    texts = {
        "one.md": record("O-1", 2021, hidden=False),
        "two.md": record("O-2", 2022, hidden=False),
        f"{NEEDLE}-1.md": record("H-1", 2023, hidden=True, more="access: restricted\nsupersedes: O-1"),
        f"{NEEDLE}-2.md": record("H-2", 2019, hidden=True, more=f"collection: {NEEDLE.title()} Cases"),
        f"{NEEDLE}-3.md": record("H-3", 2018, hidden=True, more="access: restricted; legal"),
        "log.csv": "id,title,description,access\nR-1,The hoist,The hoist was found sound by its crew in spring.,\n"
        f"R-2,The {NEEDLE} hoist,The {NEEDLE} hoist was bent by its transfer pump crew in spring.,restricted\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    canvas = Canvas(str(folder / f"{NEEDLE}.pdf"))
    for line, text in enumerate(
        ("The sluice report", "Access: Official-Sensitive", f"The {NEEDLE} opened the sluice.")
    ):
        canvas.drawString(72, 760 - 30 * line, text)
    canvas.save()
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("leaks")
    (folder / "documents").mkdir()
    with a_library(folder / "library") as opened:
        tokens, limit = opened.embedder.tokens, opened.manifest.passage_tokens
        for path in write_documents(folder / "documents"):
            opened.add([prepare(path, path.read_bytes(), tokens, limit, path.stat().st_mtime_ns)])
        numbers = {row[1]: row[0] for row in opened.catalogue.rows("SELECT id, lesson_id FROM lessons")}
        pairs = [(numbers["O-1"], numbers["H-1"], 0.9), (numbers["O-2"], numbers["H-2"], 0.8)]
        with opened.catalogue.transaction():
            for table in ("repeats", "links"):
                opened.catalogue.execute_many(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", pairs)
        yield opened


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("people") / "people.txt"


@pytest.fixture(scope="module")
def app(library: Library, people: Path) -> Iterator[FastAPI]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people_module, "_hasher", QUICK)
        add_person(people, "outsider", "admin")
        add_person(people, "insider", "admin", ("restricted", "legal", "hr", "official-sensitive"))
        add_person(people, "chief", "admin", ("*",))
        assistant = Assistant(library)
        assistant = Assistant(library, assistant.settings, needs_of(library, assistant.settings))
        settings = ServeSettings(people=people, collections={f"{NEEDLE} cases": "hr"})
        yield create_app(library, assistant, settings)


@pytest.fixture(scope="module")
def address(app: FastAPI) -> str:
    return served(app)


@contextmanager
def signed_in(address: str, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60, headers={"Sec-Fetch-Site": "same-origin"}) as client:
        assert client.post("/sign-in", data={"name": name, "password": PASSWORD, "next": "/"}).status_code == 303
        yield client


@pytest.fixture(scope="module")
def left_behind(address: str, library: Library) -> dict[str, str]:
    """What the insiders leave: conversations, an objection, a brief, questions without an answer."""
    with signed_in(address, "insider") as client:
        said = send(client, "submit", {"question": f"What went wrong with the {WORDS} of the {NEEDLE}?"})
        kept = said.split('data-conversation=\\"')[-1].split('\\"')[0]
        mark = {"reason": "wrong", "comment": f"The {NEEDLE} did not."}
        assert client.post(f"/conversations/{kept}/0/feedback", data=mark).status_code == 200
        client.post("/api/ask", json={"question": f"Why do {NEEDLE}s need unicorns?"})
        brief = client.post("/parts/brief", data={"plan": f"- Fit the {WORDS}\n- Feed the {NEEDLE}\n"}).text
    with signed_in(address, "chief") as client:
        client.post("/api/ask", json={"question": f"Which {NEEDLE} likes unicorns best?"})
    assert len(Needs(library.folder, None).gaps(library.embedder, date.today())) > 0
    return {"kept": kept, "token": brief.split("/briefs/")[-1].split(".")[0]}


def blocks(app: FastAPI) -> Any:
    (mounted,) = (route.app for route in app.routes if isinstance(route, Mount) and hasattr(route.app, "get_blocks"))
    return mounted.get_blocks()


def send(client: httpx.Client, event: str, data: dict[str, Any], session: str = "") -> str:
    """Send an event of the page as its scripts do, and read all that comes of it."""
    config = json.loads(client.get("/").text.split("window.gradio_config = ")[1].split(";</script>")[0])
    session = session or f"s{abs(hash((event, str(data), id(client))))}"
    out = ""
    for each in config["dependencies"]:
        if [event] != [name for _, name in each["targets"]]:
            continue
        body = {
            "data": [None] * len(each["inputs"]), "event_data": data, "fn_index": each["id"], "session_hash": session,
            "trigger_id": each["targets"][0][0],
        }  # fmt: skip
        joined = client.post("/gradio_api/queue/join", json=body)
        assert joined.status_code == 200, joined.text
        out += client.get("/gradio_api/queue/data", params={"session_hash": session}).text
    assert out
    return out


NUMBERS = range(1, 12)
PROBES: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("POST", "/api/ask"): [
        *({"json": {"question": question}} for question in QUESTIONS),
        {"json": {"question": WORDS, "filters": {"access": "restricted"}}},
        {"json": {"question": "And there?", "history": [f"What went wrong with the {WORDS}?"]}},
    ],
    ("POST", "/api/brief"): [{"json": {"plan": f"- Check the {WORDS}\n- Replace the seal of the transfer pump"}}],
    ("GET", "/api/search"): [
        {"params": {"q": query, "k": 100, **more}}
        for query in (WORDS, "H-1", "hoist")
        for more in ({}, {"filter": "access=restricted"}, {"filter": "outcome=failure"})
    ],
    ("GET", "/api/trends"): [{}, {"params": {"by": ["unit", "owner", "project", "year", "collection"]}}],
    ("GET", "/api/gaps"): [{}],
    ("GET", "/api/status"): [{}],
    ("GET", "/documents/{source_id}"): [{"path": {"source_id": number}} for number in NUMBERS],
    ("GET", "/documents/{source_id}/pages/{page}.png"): [
        {"path": {"source_id": number, "page": 1}} for number in NUMBERS
    ],
    ("GET", "/documents/{source_id}/pages/{page}/boxes"): [
        {"path": {"source_id": number, "page": 1}, "params": {"start": 0, "end": 40}} for number in NUMBERS
    ],
    ("GET", "/documents/{source_id}/text"): [
        {"path": {"source_id": number}, "params": {"start": start, "end": start + 30}}
        for number in NUMBERS
        for start in (0, 120, 200)
    ],
    ("GET", "/parts/recent"): [{}, {"params": {"search": NEEDLE[:3]}}],
    ("GET", "/parts/filters"): [{}],
    ("GET", "/conversations/{kept}.md"): [{}],
    ("GET", "/conversations/{kept}.docx"): [{}],
    ("POST", "/conversations/{kept}/{number}/feedback"): [{"path": {"number": 0}, "data": {"reason": "useful"}}],
    ("DELETE", "/conversations/{kept}"): [{}],
    ("DELETE", "/conversations"): [{}],
    ("GET", "/parts/brief"): [{}],
    ("POST", "/parts/brief"): [{"data": {"plan": f"- Check the {WORDS}\n- Replace the seal of the transfer pump"}}],
    ("GET", "/briefs/{token}.md"): [{}],
    ("GET", "/briefs/{token}.docx"): [{}],
    ("GET", "/parts/library"): [
        {"params": given}
        for given in (
            {},
            {"words": WORDS},
            {"words": "H-1"},
            {"outcome": "failure"},
            {"access": "restricted"},
            {"view": "documents"},
            {"view": "documents", "words": "md"},
            {"add": "1"},
            {"order": "oldest"},
            *({"record": name} for name in ("O-1", "O-2", "H-1", "H-2", "H-3", "R-1", "R-2")),
        )
    ],
    ("GET", "/parts/adding"): [{}],
    ("GET", "/parts/job"): [{}],
    ("POST", "/parts/job/cancel"): [{}],
    ("POST", "/parts/index"): [{"data": {"folder": "/no/such/folder"}}],
    ("POST", "/uploads"): [
        {"data": {"collection": f"{NEEDLE} Cases"}, "files": {"files": ("a.md", b"# A\n\nText.\n")}}
    ],
    ("GET", "/parts/contribute"): [{}],
    ("POST", "/parts/gaps/forget"): [{"data": {"questions": "none of these"}}],
    ("POST", "/parts/reviews/{number}"): [
        {"path": {"number": number}, "data": {"how": "withdrawn"}} for number in (1, 2)
    ],
    ("GET", "/parts/health"): [{}],
    ("DELETE", "/documents/{source_id}"): [],  # below: it would take away what the others look for
}
"""What each route is asked; `left_behind` fills in the ids of what the insider left."""
HAND_OUT_NOTHING = {
    ("GET", "/healthz"), ("GET", "/docs"), ("GET", "/sign-in"), ("POST", "/sign-in"), ("POST", "/sign-out"),
    ("GET", "/openapi.json"),
}  # fmt: skip
SAY_NOTHING_OF_RECORDS = {
    "/api/status", "/parts/job", "/parts/job/cancel", "/parts/index", "/parts/brief", "/uploads", "/parts/gaps/forget",
    "/documents/{source_id}/pages/{page}.png", "/documents/{source_id}/pages/{page}/boxes", "/briefs/{token}.docx",
    "/conversations/{kept}.docx", "/conversations/{kept}/{number}/feedback", "/conversations/{kept}",
    "/parts/reviews/{number}",
}  # fmt: skip
"""Routes whose answer to the insider does not spell the needle: pictures, archives, or nothing but what was done."""


def every_route(routes: Iterable[Any]) -> Iterator[Any]:
    """Those of included routers in their places."""
    for route in routes:
        included = getattr(route, "original_router", None)
        yield from every_route(included.routes) if included else [route]


def test_each_route_is_tried(app: FastAPI) -> None:
    routes = list(every_route(app.routes))
    own = {
        (method, route.path)
        for route in routes
        for method in (getattr(route, "methods", None) or ())
        if method != "HEAD"
    }
    assert own == PROBES.keys() | HAND_OUT_NOTHING
    assert [route.path for route in routes if not getattr(route, "methods", None)] == ["/ui", ""]  # files, and Gradio


def calls(client: httpx.Client, route: tuple[str, str], left_behind: dict[str, str]) -> Iterator[httpx.Response]:
    method, template = route
    for probe in PROBES[route]:
        given = {name: value for name, value in probe.items() if name != "path"}
        path = template.format(**{**left_behind, "number": 0, **probe.get("path", {})})
        yield client.request(method, path, **given)


READS = [route for route in PROBES if route[0] == "GET" or route[1].startswith(("/api/", "/parts/brief"))]
CHANGES = [route for route in PROBES if route not in READS]


@pytest.mark.parametrize("route", [*READS, *CHANGES], ids=" ".join)
def test_no_route_shows_what_is_hidden(address: str, left_behind: dict[str, str], route: tuple[str, str]) -> None:
    with signed_in(address, "outsider") as client:
        for answer in calls(client, route, left_behind):
            assert answer.status_code < 500
            if route != ("POST", "/uploads"):
                assert NEEDLE not in f"{answer.text} {answer.headers}".lower()
            else:
                assert answer.status_code == 403


@pytest.mark.parametrize("route", READS, ids=" ".join)
def test_who_may_see_it_sees_it(address: str, left_behind: dict[str, str], route: tuple[str, str]) -> None:
    with signed_in(address, "insider") as client:
        answers = list(calls(client, route, left_behind))
    assert any(answer.status_code == 200 for answer in answers)
    if route[1] not in SAY_NOTHING_OF_RECORDS:
        assert any(NEEDLE in answer.text.lower() for answer in answers)


@pytest.mark.parametrize("event", ["select", "submit", "stop"])
def test_no_event_of_the_page_shows_what_is_hidden(address: str, left_behind: dict[str, str], event: str) -> None:
    tries: list[dict[str, Any]] = [{"open": left_behind["kept"]}, *({"question": each} for each in QUESTIONS)]
    tries.append({"question": WORDS, "filters": {"access": "restricted"}, "at": 0})
    with signed_in(address, "outsider") as client:
        for number, data in enumerate(tries):
            assert NEEDLE not in send(client, event, data, f"out{event}{number}").lower()
    if event != "stop":
        with signed_in(address, "insider") as client:
            told = [send(client, event, data, f"in{event}{number}").lower() for number, data in enumerate(tries)]
        assert any(NEEDLE in each for each in told)


def test_each_event_of_the_page_is_tried(app: FastAPI) -> None:
    assert {name for each in blocks(app).fns.values() for _, name in each.targets} == {"select", "stop", "submit"}


def test_a_session_of_the_page_belongs_to_one_person(address: str) -> None:
    with signed_in(address, "insider") as client:
        send(client, "submit", {"question": WORDS}, "theirs")
    with signed_in(address, "outsider") as client:
        assert client.get("/gradio_api/queue/data", params={"session_hash": "theirs"}).status_code == 403
        body = {"data": [], "fn_index": 0, "session_hash": "theirs"}
        assert client.post("/gradio_api/queue/join", json=body).status_code == 403


def test_a_label_that_is_taken_away_closes_the_history_too(address: str, people: Path) -> None:
    add_person(people, "leaver", "reader", ("restricted", "legal", "hr"))
    with signed_in(address, "leaver") as client:
        said = send(client, "submit", {"question": f"What went wrong with the {WORDS}?"}, "leaver1")
        assert NEEDLE in said.lower()
        kept = said.split('data-conversation=\\"')[-1].split('\\"')[0]
        assert NEEDLE in client.get(f"/conversations/{kept}.md").text.lower()
        assert kept in client.get("/parts/recent", params={"search": NEEDLE}).text
    add_person(people, "leaver", "reader")
    with signed_in(address, "leaver") as client:
        assert kept not in client.get("/parts/recent", params={"search": NEEDLE}).text
        assert NEEDLE not in client.get(f"/conversations/{kept}.md").text.lower()
        told = send(client, "select", {"open": kept}, "leaver2").lower()
        assert NEEDLE not in told
        assert "no longer open to you" in told


def test_what_is_hidden_cannot_be_removed(address: str, library: Library) -> None:
    hidden = library.get("H-1").source_id
    with signed_in(address, "outsider") as client:
        assert client.delete(f"/documents/{hidden}").status_code == 404
    assert not library.get("H-1").archived


def test_a_closed_collection_is_empty_to_who_knows_its_name(address: str) -> None:
    asked = {"question": WORDS, "filters": {"collection": f"{NEEDLE} cases"}}
    with signed_in(address, "outsider") as client:
        answer = client.post("/api/ask", json=asked).json()
        assert (answer["sources"], answer["nearest"]) == ([], [])
    with signed_in(address, "insider") as client:
        assert client.post("/api/ask", json=asked).json()["sources"]


def test_what_was_left_is_closed_with_the_records_it_shows(address: str, library: Library, people: Path) -> None:
    """A record is given a label after somebody read it: stopped and later answers, briefs and objections follow."""
    add_person(people, "reader", "reviewer")
    path = Path(library.get("O-2").source).with_name("new.md")

    def put(more: str) -> None:
        text = record("N-1", 2024, hidden=False, more=more).replace("transfer pump", "wombat gate")
        path.write_text(text)
        tokens, limit = library.embedder.tokens, library.manifest.passage_tokens
        library.add([prepare(path, path.read_bytes(), tokens, limit, path.stat().st_mtime_ns)])

    put("kind: aar")
    with signed_in(address, "reader") as client:
        said = send(client, "submit", {"question": "What went wrong with the wombat gate seal?"}, "wombat")
        kept = said.split('data-conversation=\\"')[-1].split('\\"')[0]
        brief = client.post("/parts/brief", data={"plan": "- Check the wombat gate seal"}).text
        assert "wombat gate lost" in said
        assert brief.count("<!--next-->") == 2
        token = brief.split("/briefs/")[-1].split(".")[0]
        assert client.get(f"/briefs/{token}.md").status_code == 200
        assert "wombat gate lost" in client.get("/parts/brief", params={"brief": token}).text
        assert client.post(f"/conversations/{kept}/0/feedback", data={"reason": "wrong"}).status_code == 200
        assert "wombat gate lost" in client.get("/parts/contribute").text
        put("access: restricted")
        assert client.get(f"/briefs/{token}.md").status_code == 404
        assert "no longer kept" in client.get("/parts/brief", params={"brief": token}).text
        assert "wombat gate lost" not in client.get("/parts/contribute").text
        assert client.post(f"/conversations/{kept}/0/feedback", data={"reason": "outdated"}).status_code == 404
        for event, data in (("stop", {}), ("submit", {"question": "How many records are there?"})):
            assert "wombat gate lost" not in send(client, event, data, "wombat")


@pytest.mark.parametrize(
    "name",
    [f"{NEEDLE} cases", f"{NEEDLE} cases.", f".{NEEDLE.upper()} Cases", f"{NEEDLE} ca\u00adses", f"~{NEEDLE} cases"],
)
def test_a_closed_collection_takes_no_uploads_however_it_is_spelt(address: str, name: str) -> None:
    with signed_in(address, "outsider") as client:
        files = {"files": ("a.md", b"# A\n\nText.\n")}
        assert client.post("/uploads", data={"collection": name}, files=files).status_code == 403


def test_what_cannot_be_read_is_told_to_who_gave_it_alone(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report(failed=[Problem(f"/srv/{name}.pdf", "It is no PDF.", "") for name in ("mine", "older")])
    job = Job(
        paths=(Path("/srv"),), by="outsider", given=frozenset({"/srv/mine.pdf"}), started=datetime.now(UTC),
        state="done", stopping=False, files=2, total=2, passages=0, share=1.0, path="", seconds=1.0, rate=0.0,
        left=None, report=report, problem="",
    )  # fmt: skip
    monkeypatch.setattr(Jobs, "current", lambda _: job)
    with signed_in(address, "outsider") as giver, signed_in(address, "insider") as other:
        told = giver.get("/parts/job").text
        assert "mine.pdf" in told
        assert "/srv" not in told
        assert "older" not in told
        assert ".pdf" not in other.get("/parts/job").text


def test_what_is_refused_while_documents_are_indexed_is_not_kept(
    address: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: Jobs) -> None:
        raise LibraryBusy("Documents are being indexed already.", "Wait.")

    monkeypatch.setattr(Jobs, "check_free", busy)
    with signed_in(address, "outsider") as client:
        assert client.post("/uploads", files={"files": ("never-kept.md", b"# A\n\nText.\n")}).status_code == 409
    assert not list(library.folder.rglob("never-kept*"))


def test_what_the_server_keeps_of_people_is_never_indexed(address: str, library: Library, people: Path) -> None:
    with signed_in(address, "outsider") as client:
        for path in (library.folder, library.folder / "history.sqlite", people, people.parent):
            answer = client.post("/parts/index", data={"folder": str(path)})
            assert (answer.status_code, answer.json()["reason"].endswith("of people.")) == (403, True)


def test_one_person_cannot_keep_all_others_waiting(address: str) -> None:
    plan = {"plan": "\n".join(f"- Check the transfer pump seal number {number} of the harbour" for number in range(20))}
    with signed_in(address, "insider") as client, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(client.post, "/api/brief", json=plan) for _ in range(8)]
        assert client.get("/healthz", timeout=5).status_code == 200
        codes = sorted(answer.result().status_code for answer in answers)
        streams = [pool.submit(client.post, "/parts/brief", data=plan) for _ in range(6)]
        told = [stream.result() for stream in streams]
    assert set(codes) == {200, 429}
    assert codes.count(200) >= 3
    assert {one.status_code for one in told} == {200, 429}
    assert all("/briefs/" in one.text for one in told if one.status_code == 200)
