"""The app as a whole: the HTTP API, its reference, the headers, the port."""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from index.hit import Stats
from ingest.errors import LibraryMissing, ServerError
from tests.ui.fake_library import FakeAssistant, FakeLibrary
from ui.web.app import STATIC, create_app
from ui.web.server import serve
from ui.web.settings import ServeSettings

LOCAL = "http://127.0.0.1"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> FakeAssistant:
    return FakeAssistant(FakeLibrary(tmp_path_factory.mktemp("library")))


@pytest.fixture(scope="module")
def client(assistant: FakeAssistant) -> TestClient:
    app = create_app(assistant.library, assistant, ServeSettings())  # type: ignore[arg-type]
    return TestClient(app, base_url=LOCAL)


def test_ask_answers_with_the_contract_keys(client: TestClient, assistant: FakeAssistant) -> None:
    body = {"question": "Why?", "filters": {"outcome": "failure"}, "history": ["What?"]}
    answer = client.post("/api/ask", json=body)
    assert answer.status_code == 200
    assert assistant.asked[-1] == ("Why?", {"outcome": "failure"}, ("What?",))
    assert {
        "question", "kind", "verdict", "answer", "claims", "sources", "caveats", "conflicts", "who_to_ask", "took_ms",
    } <= answer.json().keys()  # fmt: skip
    assert answer.json()["answer"].endswith("[1] [2]")
    assert "nearest" in client.post("/api/ask", json={"question": "quantum"}).json()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"question": " "}, 422),
        ({"question": "x" * 50_000}, 422),
        ({"question": "Why?", "filters": {"colour": "red"}}, 422),
        ({"question": "A broken model?"}, 502),
    ],
)
def test_an_error_names_its_remedy(client: TestClient, body: dict[str, object], status: int) -> None:
    answer = client.post("/api/ask", json=body)
    assert answer.status_code == status
    assert answer.json()["reason"]
    assert answer.json()["remedy"]


def test_a_body_of_another_shape_is_refused(client: TestClient) -> None:
    assert client.post("/api/ask", json={"question": "Why?", "colour": "red"}).status_code == 422
    assert client.post("/api/ask", json={}).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        '{"question": NaN}',
        '{"question": 1e999}',
        '{"question": "Why?", "extra": Infinity}',
        '{"question": "Why?", "\\ud800": 1}',
    ],
)
def test_what_no_answer_can_hold_is_refused_in_words(client: TestClient, body: str) -> None:
    answer = client.post("/api/ask", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["msg"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/ask", '{"question": "Why \\ud800?", "history": ["\\ud800"]}', 200),
        ("/api/ask", '{"question": "Why?", "filters": {"unit": "\\ud800"}}', 200),
        ("/api/brief", '{"plan": "- \\ud800 lift the crane"}', 200),
    ],
)
def test_half_characters_are_borne(client: TestClient, path: str, body: str, status: int) -> None:
    assert client.post(path, content=body, headers={"Content-Type": "application/json"}).status_code == status


def test_a_number_that_no_document_can_have_is_not_there(client: TestClient) -> None:
    for method, path in (("GET", f"/documents/{10**22}/text?start=0&end=1"), ("DELETE", f"/documents/{10**22}")):
        assert client.request(method, path).status_code == 404


def test_search(client: TestClient) -> None:
    found = client.get("/api/search", params={"q": "connector", "k": 1, "filter": ["unit=JPL", "since=1988"]}).json()
    assert found["query"] == "connector"
    assert found["hits"][0]["lesson_id"] == "LLIS-431"
    assert "total" in found["took_ms"]
    assert client.get("/api/search?q=a&filter=colour=red").status_code == 422
    assert client.get("/api/search?q=a&k=0").status_code == 422
    assert client.get("/api/search?q=").status_code == 422


def test_status_and_health(client: TestClient, assistant: FakeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/api/status").json()["lessons"] == 2
    assert client.get("/healthz").json() == {"status": "ok"}

    def gone() -> Stats:
        raise LibraryMissing("The library is gone.", "Run: lessons index FOLDER")

    monkeypatch.setattr(assistant.library, "stats", gone)
    assert client.get("/api/status").status_code == 503


def test_the_reference_lists_every_operation_and_needs_no_other_host(client: TestClient) -> None:
    page = client.get("/docs").text
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/api/ask", "/api/search", "/documents/{source_id}"} <= paths.keys()
    for path in paths:
        assert path in page
    for words in ("question", "(required)", "history", "source_id"):
        assert words in page
    assert not re.search(r"https?://", page)


@pytest.mark.parametrize("path", ["/", "/healthz", "/documents/1", "/documents/99", "/ui/page.css"])
def test_every_response_is_guarded(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "default-src" in headers["content-security-policy"]


def test_the_page_is_ours(client: TestClient) -> None:
    page = client.get("/").text
    assert "fonts.googleapis.com" not in page
    assert "<title>lessons</title>" in page or '"title":"lessons"' in page
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"
    assert client.get("/theme.css").text.count("--accent: ") == 2


def test_nothing_can_be_uploaded(client: TestClient) -> None:
    answer = client.post("/gradio_api/upload", files={"files": ("a.txt", b"content")})
    assert answer.status_code == 404


def test_another_host_name_for_this_machine_is_refused(client: TestClient) -> None:
    assert client.get("/documents/1", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/healthz", headers={"Host": "localhost:7860"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "[::1]:7860"}).status_code == 200


def test_a_public_address_answers_to_any_name(assistant: FakeAssistant) -> None:
    app = create_app(assistant.library, assistant, ServeSettings(host="0.0.0.0"))  # type: ignore[arg-type]
    assert TestClient(app, base_url="http://lessons.example").get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("host", "local"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("box", False)]
)
def test_whether_an_address_is_local(host: str, local: bool) -> None:
    assert ServeSettings(host=host).is_local is local


@pytest.mark.parametrize("wrong", [{"port": -1}, {"port": 70_000}, {"host": ""}, {"colour": "red"}])
def test_settings_have_bounds(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServeSettings.model_validate(wrong)


def test_a_port_in_use_is_named_with_a_way_out(client: TestClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError) as caught:
            serve(client.app, "127.0.0.1", port, lambda address: None)  # type: ignore[arg-type]
    assert f"Port {port}" in caught.value.reason
    assert "in use" in caught.value.reason
    assert "--port" in caught.value.remedy


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_refused(client: TestClient, host: str) -> None:
    with pytest.raises(ServerError) as caught:
        serve(client.app, host, 0, lambda address: None)  # type: ignore[arg-type]
    assert host in caught.value.reason


def test_the_static_files_name_no_other_host() -> None:
    for path in Path(STATIC).glob("*.*"):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(https?:)?//[a-z]", re.sub(r"// .*|/\*.*?\*/", "", text)), path


def test_serve_says_when_it_is_ready(client: TestClient) -> None:
    ready = threading.Event()
    addresses: list[str] = []

    def on_ready(address: str) -> None:
        addresses.append(address)
        ready.set()

    threading.Thread(target=serve, args=(client.app, "127.0.0.1", 0, on_ready), daemon=True).start()
    assert ready.wait(30)
    with socket.create_connection(("127.0.0.1", int(addresses[0].rpartition(":")[2])), timeout=5):
        pass
