"""Who comes in and who does not, on the whole app."""

import asyncio
import json
import logging
import re
from base64 import b64encode

import pytest
from fastapi import FastAPI
from starlette.requests import Request

from tests.ui.gated import HOST, HTML, PASSWORD, QUICK, add_person, app_of, client_of, sign_in
from ui.web import people as people_module
from ui.web.gradio_routes import API, Conversations, check_route
from ui.web.pace import Pace, place_of
from ui.web.refusal import Refused

HEADER = "X-Forwarded-User"
ASK = {"question": "Why?"}


def with_probe(app: FastAPI) -> FastAPI:
    """Routes that tell what the gate lets through; before the ask page, which takes all paths."""

    @app.get("/api/probe")
    @app.post("/api/probe")
    @app.post("/uploads/probe")
    async def probe(request: Request) -> dict[str, object]:
        person = request.state.person
        return {
            "name": person.name,
            "role": person.role,
            "labels": sorted(person.labels),
            "id": request.state.person_id,
            "headers": sorted(request.headers),
            "bytes": len(await request.body()),
        }

    for route in [route for route in app.router.routes if getattr(route, "path", "") == ""]:
        app.router.routes.remove(route)
        app.router.routes.append(route)
    return app


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(people_module, "_hasher", QUICK)


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.txt"
    add_person(path, "anna", "reader", ("hr",))
    add_person(path, "rita", "reviewer")
    return path


@pytest.fixture
def signed(tmp_path, people):
    """An app on which one signs in by password."""
    return with_probe(app_of(tmp_path, people=people))


@pytest.fixture
def by_proxy(tmp_path, people):
    """An app on which a proxy in 10.0.0.0/24 signs people in."""
    return with_probe(app_of(tmp_path, people=people, user_header=HEADER, trusted_proxies=("10.0.0.0/24",)))


def basic(name="anna", password=PASSWORD):
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


# --- without sign-in


def test_on_loopback_everybody_is_admin_and_has_a_history(tmp_path):
    app = with_probe(app_of(tmp_path))
    client = client_of(app)
    assert client.get("/api/probe").json() | {"headers": [], "bytes": 0} == {
        "name": "", "role": "admin", "labels": ["*"], "id": "visitor:127.0.0.1", "headers": [], "bytes": 0,
    }  # fmt: skip
    cookie = client.get("/", headers=HTML).headers["set-cookie"]
    assert re.fullmatch(r"lessons_visitor=[\w-]{43}; HttpOnly; Max-Age=31536000; Path=/; SameSite=Lax", cookie), cookie
    kept = client.get("/api/probe").json()["id"]
    assert re.fullmatch(r"visitor:[0-9a-f]{32}", kept)
    assert client.get("/", headers=HTML).headers.get("set-cookie") is None
    assert client.get("/api/probe").json()["id"] == kept
    assert client.cookies["lessons_visitor"] not in kept
    other = client_of(app)
    other.get("/", headers=HTML)
    assert other.get("/api/probe").json()["id"] != kept
    assert client.get("/sign-in").headers["location"] == "/"
    assert not (tmp_path / "sessions.sqlite").exists()


def test_a_proxy_does_not_let_others_in_where_nobody_signs_in(tmp_path):
    client = client_of(with_probe(app_of(tmp_path)))
    assert client.get("/api/probe", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403
    assert client.get("/api/probe", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 200


def test_on_a_network_nobody_comes_in_without_people(tmp_path):
    client = client_of(with_probe(app_of(tmp_path, host="0.0.0.0")), "192.0.2.1")
    assert client.get("/api/probe").status_code == 401
    assert client.get("/", headers=HTML).status_code == 401
    assert client.get("/healthz").status_code == 200


# --- by password


def test_who_is_not_signed_in_is_sent_to_the_page_or_told(signed):
    client = client_of(signed)
    page = client.get("/documents/1?page=2", headers=HTML)
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=/documents/1%3Fpage%3D2")
    for path in ("/documents/1", "/", "/docs", "/openapi.json", "/config", "/theme.css", "/gradio_api/queue/data"):
        answer = client.get(path)
        assert answer.status_code in (401, 404), path
        assert answer.json().keys() - {"detail"} == {"reason", "remedy"}
        assert "www-authenticate" not in answer.headers
    told = client.get("/api/status", headers=HTML)
    assert told.status_code == 401
    assert told.headers["www-authenticate"] == 'Basic realm="lessons"'
    for path in ("/healthz", "/ui/page.css", "/favicon.ico", "/sign-in"):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("path", ["/ui/../api/status", "/ui/%2e%2e/api/status", "//ui/page.css", "/healthz/x", "/UI/x"])
def test_what_only_looks_open_is_not(signed, path):
    answer = client_of(signed).get(path)
    assert answer.status_code in (401, 404)


def test_the_host_header_opens_no_path(tmp_path, people):
    """Starlette puts `request.url` together with it."""
    client = client_of(with_probe(app_of(tmp_path, people=people, host="0.0.0.0")))
    for host in ("x/ui/", "x/healthz?", "x/ui/#"):
        assert client.get("/api/status", headers={"Host": host}).status_code in (400, 401)


def test_a_session_lets_in(signed):
    client = client_of(signed)
    assert sign_in(client).status_code == 303
    seen = client.get("/api/probe").json()
    assert (seen["name"], seen["role"], seen["labels"], seen["id"]) == ("anna", "reader", ["hr"], "user:anna")
    assert client.get("/", headers=HTML).status_code == 200
    client.cookies.clear()
    client.cookies.set("lessons_session", "x" * 43)
    assert client.get("/api/probe").status_code == 401


@pytest.mark.parametrize("change", ["removed", "role", "password"])
def test_a_person_who_is_changed_or_removed_is_out_at_once(signed, people, change):
    anna, rita = client_of(signed), client_of(signed)
    sign_in(anna)
    sign_in(rita, "rita")
    assert anna.get("/api/probe").status_code == 200
    assert client_of(signed).get("/api/probe", headers=basic()).status_code == 200
    before = people.read_text()
    if change == "removed":
        people.write_text("".join(line for line in before.splitlines(True) if not line.startswith("anna")))
    else:
        add_person(people, "anna", "admin" if change == "role" else "reader", ("hr",), "another password")
    assert anna.get("/api/probe").status_code == 401
    assert client_of(signed).get("/api/probe", headers=basic()).status_code == 401
    assert rita.get("/api/probe").status_code == 200
    people.write_text(before)
    assert anna.get("/api/probe").status_code == 401  # that session is over for good


def test_while_the_people_file_is_wrong_nobody_comes_in(signed, people):
    client = client_of(signed)
    sign_in(client)
    people.write_text("nonsense\n")
    answer = client.get("/api/probe")
    assert answer.status_code == 503
    assert str(people) not in answer.text


def test_basic_is_taken_on_the_api_only(signed):
    client = client_of(signed)
    assert client.get("/api/probe", headers=basic()).json()["name"] == "anna"
    assert client.post("/api/ask", json=ASK, headers=basic()).status_code == 200
    assert client.get("/documents/1", headers=basic()).status_code == 401
    assert client.get("/", headers=basic() | HTML).status_code == 303
    for header in (
        basic(password="wrong password"),
        basic("nobody"),
        {"Authorization": "Basic !"},
        {"Authorization": "Bearer x"},
    ):
        answer = client.get("/api/probe", headers=header)
        assert answer.status_code == 401
        assert "www-authenticate" in answer.headers
    assert "set-cookie" not in client.get("/api/probe", headers=basic()).headers


def test_basic_is_verified_once_in_a_while(signed, monkeypatch):
    calls = []
    real = people_module.People.verify

    def verify(self, name, password):
        calls.append(name)
        return real(self, name, password)

    monkeypatch.setattr(people_module.People, "verify", verify)
    client = client_of(signed)
    for _ in range(5):
        assert client.get("/api/probe", headers=basic()).status_code == 200
    assert calls == ["anna"]


def test_roles_are_required_and_refusals_logged(signed, caplog):
    answers = []
    with caplog.at_level(logging.INFO, "lessons.access"):
        for name in ("anna", "rita"):
            client = client_of(signed)
            sign_in(client, name)
            own = {"Sec-Fetch-Site": "same-origin"}
            answers.append(client.post("/parts/gaps/forget", data={"questions": ["Why?"]}, headers=own))
    assert [answer.status_code for answer in answers] == [403, 200]
    assert answers[0].json()["remedy"]
    assert [line for line in caplog.messages if line.startswith("refused")] == [
        "refused 403 name='anna' address='127.0.0.1' at='POST /parts/gaps/forget'"
    ]


# --- by a proxy


def test_a_trusted_proxy_names_the_person(by_proxy):
    client = client_of(by_proxy, "10.0.0.7")
    seen = client.get("/api/probe", headers={HEADER: "Anna"}).json()
    assert (seen["name"], seen["labels"], seen["id"]) == ("anna", ["hr"], "user:anna")
    assert HEADER.lower() not in seen["headers"]
    assert client.get("/", headers=HTML | {HEADER: "anna"}).status_code == 200


@pytest.mark.parametrize("path", ["/api/probe", "/", "/healthz", "/ui/page.css", "/sign-in"])
def test_a_forged_header_is_refused_everywhere(by_proxy, path):
    answer = client_of(by_proxy, "10.0.1.7").get(path, headers={HEADER: "rita"})
    assert answer.status_code == 403


def test_nobody_becomes_a_trusted_proxy_by_saying_so(by_proxy):
    client = client_of(by_proxy, "10.0.1.7")
    assert client.get("/api/probe", headers={HEADER: "rita", "X-Forwarded-For": "10.0.0.7"}).status_code == 403
    assert client.get("/api/probe", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 401


def test_whom_the_proxy_does_not_name_or_the_file_does_not_know_stays_out(by_proxy, people):
    client = client_of(by_proxy, "10.0.0.7")
    assert client.get("/api/probe").status_code == 401
    assert client.get("/", headers=HTML).status_code == 401
    assert client.get("/api/probe", headers={HEADER: "eve"}).status_code == 403
    assert client.get("/api/probe", headers=[(HEADER, "eve"), (HEADER, "anna")]).status_code == 403
    add_person(people, "*", "reader", ("public",), password="")
    assert client.get("/api/probe", headers={HEADER: "eve"}).json()["labels"] == ["public"]
    assert client.get("/api/probe", headers={HEADER: "*"}).status_code == 403


def test_with_a_proxy_no_password_is_taken(by_proxy):
    client = client_of(by_proxy, "10.0.0.7")
    answer = client.get("/api/probe", headers=basic())
    assert answer.status_code == 401
    assert "www-authenticate" not in answer.headers
    assert "set-cookie" not in sign_in(client).headers


# --- other sites


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": HOST}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": HOST}, 200),
        ({"Origin": "http://127.0.0.1:81"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[evil"}, 403),
        ({}, 403),
    ],
)
def test_another_sites_page_changes_nothing(signed, headers, status):
    client = client_of(signed)
    sign_in(client)
    assert client.post("/api/ask", json=ASK, headers=headers).status_code == status


def test_a_visitor_is_guarded_as_well_and_curl_passes(tmp_path):
    client = client_of(app_of(tmp_path))
    assert client.post("/api/ask", json=ASK).status_code == 200
    client.get("/", headers=HTML)
    assert client.post("/api/ask", json=ASK).status_code == 403
    assert client.post("/api/ask", json=ASK, headers={"Origin": HOST}).status_code == 200
    assert client_of(app_of(tmp_path)).post("/api/ask", json=ASK, headers={"Origin": "null"}).status_code == 403


def test_the_host_behind_a_proxy_is_the_one_it_names(by_proxy):
    said = {HEADER: "anna", "X-Forwarded-Host": "lessons.example", "Origin": "https://lessons.example"}
    assert client_of(by_proxy, "10.0.0.7").post("/api/ask", json=ASK, headers=said).status_code == 200
    del said[HEADER]
    assert client_of(by_proxy, "10.0.1.7").post("/sign-in", headers=said).status_code == 403


def test_no_other_origin_is_given_leave_to_read(shared_client):
    for origin in ("http://localhost:3000", "https://evil.example"):
        answer = shared_client.get("/theme.css", headers={"Origin": origin})
        asked = shared_client.options(
            "/gradio_api/queue/join", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
        )
        assert not [name for name in (*answer.headers, *asked.headers) if name.startswith("access-control")]


# --- limits


def test_requests_and_questions_are_limited_for_each_person(signed):
    client = client_of(signed)
    asked = [client.post("/api/ask", json=ASK, headers=basic()).status_code for _ in range(61)]
    assert asked == [200] * 60 + [429]
    refused = client.post("/api/ask", json=ASK, headers=basic())
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "Try again" in refused.json()["remedy"]
    assert client.get("/api/probe", headers=basic()).status_code == 200
    assert client.post("/api/ask", json=ASK, headers=basic("rita")).status_code == 200


def test_strangers_are_limited_by_address(tmp_path, people):
    app = app_of(tmp_path, people=people)
    client = client_of(app, "192.0.2.1")
    codes = [client.get("/healthz").status_code for _ in range(1201)]
    assert codes == [200] * 1200 + [429]
    assert client.get("/api/status").status_code == 429
    assert client_of(app, "192.0.2.2").get("/healthz").status_code == 200


def test_wrong_passwords_are_limited_for_name_and_address(signed):
    client, other = client_of(signed, "192.0.2.1"), client_of(signed, "192.0.2.2")
    codes = [client.get("/api/probe", headers=basic(password="wrong")).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    assert client.get("/api/probe", headers=basic()).status_code == 429  # the right one tells nothing now
    assert client.get("/api/probe", headers=basic("rita")).status_code == 200
    assert other.get("/api/probe", headers=basic()).status_code == 200


def test_an_address_counts_by_its_subscriber():
    assert place_of("2001:db8:1:2:3::4") == place_of("2001:db8:1:2:ffff::1") != place_of("2001:db8:1:3::1")
    assert place_of("::ffff:192.0.2.1") == place_of("192.0.2.1") != place_of("192.0.2.2")
    pace = Pace()
    for at in range(20):
        pace.check_sign_in(f"name{at}", f"2001:db8::{at}")
        pace.note_wrong(f"name{at}", f"2001:db8::{at}")
    with pytest.raises(Refused):
        pace.check_sign_in("other", "2001:db8::ffff")
    pace.check_sign_in("other", "2001:db9::1")


# --- bodies


def chunks(size, piece=100_000):
    for start in range(0, size, piece):
        yield b" " * min(piece, size - start)


def test_a_body_that_is_too_large_is_refused(tmp_path):
    client = client_of(with_probe(app_of(tmp_path, most_upload_mb=2)))
    assert client.post("/api/probe", content=b" " * 1_000_000).json()["bytes"] == 1_000_000
    refused = client.post("/api/probe", content=b" " * 1_000_001)
    assert refused.status_code == 413
    assert "1 MB" in refused.json()["reason"]
    assert client.post("/uploads/probe", content=b" " * 2_000_000).status_code == 200
    assert client.post("/uploads/probe", content=b" " * 2_000_001).status_code == 413
    assert client.post("/parts/brief", content=b" " * 5_000_000).status_code != 413


@pytest.mark.parametrize("path", ["/api/probe", "/api/ask", "/gradio_api/queue/join", "/uploads/probe"])
def test_a_body_that_grows_too_large_is_refused_while_it_comes(tmp_path, path):
    client = client_of(with_probe(app_of(tmp_path, most_upload_mb=2)))
    sent = []

    def growing():
        for piece in chunks(4_000_000):
            sent.append(len(piece))
            yield piece

    answer = client.post(path, content=growing(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["reason"]


def test_the_app_stops_reading_at_the_limit(tmp_path):
    """TestClient sends a body at once; here each piece is counted as it is asked for."""
    app, read, sent = app_of(tmp_path), [], []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/api/ask",
        "raw_path": b"/api/ask", "query_string": b"", "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
    }  # fmt: skip

    async def receive():
        read.append(1)
        return {"type": "http.request", "body": b" " * 100_000, "more_body": True}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 413
    assert len(read) == 11


# --- Gradio


def test_gradio_serves_only_what_the_page_needs(tmp_path):
    app = app_of(tmp_path, with_page=True)
    (gradio,) = [route.app for route in app.routes if getattr(route, "path", "?") == ""]
    served = set()
    for said, methods in gradio.openapi()["paths"].items():
        for method in map(str.upper, methods):
            path = re.sub(r"\{[^}]*\}", "x", said)
            try:
                check_route(method, path)
            except Refused:
                continue
            served.add((method, path))
    assert {(method, path) for method, path in served if path.startswith(API)} == {
        ("POST", f"{API}queue/join"), ("GET", f"{API}queue/data"), ("GET", f"{API}heartbeat/x"),
        ("POST", f"{API}cancel"), ("POST", f"{API}reset"), ("GET", f"{API}app_id"),
    }  # fmt: skip
    assert {path for _, path in served if not path.startswith(API)} <= {
        "/", "/theme.css", "/assets/x", "/static/x", "/favicon.ico", "/robots.txt", "/manifest.json",
        "/pwa_icon",
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    "upload upload/ upload_progress?upload_id=1 file=/etc/passwd file/x proxy=http://x stream/1 component_server "
    "mcp mcp/sse deep_link login login_check run/answer call/answer call/v2/answer api/answer info openapi.json "
    "monitoring runs run-history/buckets token user startup-events queue/status queue/join/ queue/data/ heartbeat/ "
    "heartbeat/a/b profiling/traces vibe-edit process_recording dev/reload custom_component/a/client/b/c".split(),
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_rest_of_gradio_is_not_there(shared_client, method, path):
    assert shared_client.request(method, f"/gradio_api/{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/monitoring", "/monitoring/summary", "/login", "/logout", "/config", "/gradio_api", "/pwa_icon/9000"]
)
def test_gradios_other_pages_are_not_there(shared_client, path):
    assert shared_client.get(path).status_code == 404


@pytest.fixture(scope="module")
def shared_client(tmp_path_factory):
    return client_of(app_of(tmp_path_factory.mktemp("library"), with_page=True))


def test_a_conversation_is_its_persons(tmp_path, people):
    app = app_of(tmp_path, people=people, with_page=True)
    anna, rita = client_of(app), client_of(app)
    sign_in(anna)
    sign_in(rita, "rita")
    own = {"Sec-Fetch-Site": "same-origin"}
    joined = {"session_hash": "abc", "data": [], "fn_index": 2}
    assert anna.post("/gradio_api/queue/join", json=joined, headers=own).status_code == 200
    assert rita.post("/gradio_api/queue/join", json=joined, headers=own).status_code == 403
    assert rita.get("/gradio_api/queue/data?session_hash=abc").status_code == 403
    assert rita.get("/gradio_api/heartbeat/abc").status_code == 403
    cancel = {"session_hash": "abc", "fn_index": 0, "event_id": "e"}
    assert rita.post("/gradio_api/cancel", json=cancel, headers=own).status_code == 403
    assert rita.post("/gradio_api/reset", json=cancel, headers=own).status_code == 403
    assert anna.post("/gradio_api/cancel", json=cancel, headers=own).status_code == 200
    assert anna.post("/gradio_api/reset", json={"event_id": "e"}, headers=own).status_code == 200


@pytest.mark.parametrize(
    "body",
    ['{"session_hash": "mine", "session_hash": "abc", "data": []}', '{"data": []}', "[]", "no json",
     '{"session_hash": 1}', "[" * 100_000, '{"session_hash": ""}'],
)  # fmt: skip
def test_a_request_that_names_no_conversation_or_two_is_refused(shared_client, body):
    answer = shared_client.post("/gradio_api/queue/join", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    for query in ("", "?session_hash=a&session_hash=b"):
        assert shared_client.get(f"/gradio_api/queue/data{query}").status_code == 400


def test_the_last_conversations_are_remembered():
    conversations = Conversations()
    for at in range(10_001):
        conversations._bind(str(at), "user:anna")
    conversations._bind("0", "user:bo")
    with pytest.raises(Refused):
        conversations._bind("10000", "user:bo")


# --- headers and the log


def test_responses_are_guarded(signed):
    client = client_of(signed)
    for path in ("/healthz", "/sign-in", "/documents/1", "/", "/gradio_api/upload"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store", path
        assert "camera=()" in headers["permissions-policy"]
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-frame-options"] in ("SAMEORIGIN", "DENY")
        assert "strict-transport-security" not in headers
    assert client.get("/ui/page.css").headers["cache-control"] == "no-cache"
    assert client.get("/ui/none.css").headers["cache-control"] == "no-store"
    secure = client_of(signed, base_url="https://127.0.0.1").get("/healthz")
    assert secure.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" in client.get("/healthz", headers={"X-Forwarded-Proto": "https"}).headers
    stranger = client_of(signed, "192.0.2.1").get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert "strict-transport-security" not in stranger.headers


def test_the_names_of_the_server_are_checked(tmp_path, people):
    client = client_of(app_of(tmp_path, people=people, host="0.0.0.0", allowed_hosts=("lessons.example",)))
    codes = {
        name: client.get("/healthz", headers={"Host": name}).status_code
        for name in ("lessons.example:8000", "127.0.0.1", "evil.example")
    }
    assert codes == {"lessons.example:8000": 200, "127.0.0.1": 200, "evil.example": 400}


def test_refusals_are_logged_and_no_name_forges_a_line(signed, by_proxy, caplog):
    with caplog.at_level(logging.INFO, "lessons.access"):
        client_of(signed, "192.0.2.1").get("/api/probe%0aforged")
        client_of(signed, "192.0.2.1").get("/api/probe", headers=basic("eve\nsigned in name='rita'", "s3cret password"))
        client_of(by_proxy, "10.0.0.7").get("/api/probe", headers=[(HEADER.encode(), b"eve\x85x")])
    lines = [record.getMessage() for record in caplog.records]
    assert "refused 401 name='' address='192.0.2.1' at='GET /api/probe\\nforged'" in lines
    assert any(line.startswith("sign-in failed name=") for line in lines)
    assert any(line.startswith("unknown person name='eve") for line in lines)
    assert all(line.isprintable() for line in lines)
    assert "s3cret" not in caplog.text
    assert json.dumps(lines)
