"""The sign-in page, its cookie, and where it leads."""

import logging
import re

import pytest
from playwright.sync_api import expect

from tests.ui.browser import PHONE, needs_chromium, served, visiting
from tests.ui.gated import HTML, PASSWORD, QUICK, add_person, app_of, client_of, sign_in
from ui.web import people as people_module
from ui.web.app import STATIC
from ui.web.sessions import Sessions
from ui.web.signin import WRONG, local_path
from ui.web.theme import PALETTE


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(people_module, "_hasher", QUICK)


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.txt"
    add_person(path, "anna")
    return path


@pytest.fixture
def app(tmp_path, people):
    return app_of(tmp_path, people=people)


@pytest.fixture
def client(app):
    return client_of(app)


def test_the_page_needs_no_script(client):
    page = client.get("/sign-in?next=/documents/1")
    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for words in (
        'autocomplete="username"',
        'autocomplete="current-password"',
        'value="/documents/1"',
        '<label for="name">',
    ):
        assert words in page.text


def test_signing_in_leads_on_and_out_again(client):
    assert client.get("/docs", headers=HTML).headers["location"] == "/sign-in?next=/docs"
    done = sign_in(client, there="/docs")
    assert (done.status_code, done.headers["location"]) == (303, "/docs")
    assert re.fullmatch(r"lessons_session=[\w-]{43}; HttpOnly; Path=/; SameSite=Lax", done.headers["set-cookie"])
    assert client.get("/docs").status_code == 200
    token = client.cookies["lessons_session"]
    out = client.post("/sign-out", headers={"Sec-Fetch-Site": "same-origin"})
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert "Max-Age=0" in out.headers["set-cookie"]
    client.cookies.set("lessons_session", token)
    assert client.get("/docs").status_code == 401


def test_signing_out_is_no_link(client):
    sign_in(client)
    client.get("/sign-out")
    client.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    assert client.get("/docs").status_code == 200


def test_the_token_changes_at_each_sign_in(client):
    client.cookies.set("lessons_session", "x" * 43)
    sign_in(client)
    first = client.cookies.get("lessons_session", domain="127.0.0.1", path="/") or ""
    client.cookies.clear()
    client.cookies.set("lessons_session", first)
    done = sign_in(client)
    second = done.headers["set-cookie"].split(";")[0].partition("=")[2]
    assert len({"x" * 43, first, second}) == 3
    client.cookies.clear()
    client.cookies.set("lessons_session", first)
    assert client.get("/docs").status_code == 401


def test_a_session_survives_a_restart(client, tmp_path, people):
    sign_in(client)
    again = client_of(app_of(tmp_path, people=people))
    again.cookies.set("lessons_session", client.cookies["lessons_session"])
    assert again.get("/docs").status_code == 200


@pytest.mark.parametrize(
    ("base_url", "peer", "headers", "setting", "secure"),
    [
        ("http://127.0.0.1", "127.0.0.1", {}, None, False),
        ("https://127.0.0.1", "127.0.0.1", {}, None, True),
        ("http://127.0.0.1", "127.0.0.1", {"X-Forwarded-Proto": "https"}, None, True),
        ("http://127.0.0.1", "192.0.2.1", {"X-Forwarded-Proto": "https"}, None, False),
        ("http://127.0.0.1", "127.0.0.1", {}, True, True),
        ("https://127.0.0.1", "127.0.0.1", {}, False, False),
    ],
)
def test_the_cookie_is_secure_where_the_connection_is(tmp_path, people, base_url, peer, headers, setting, secure):
    client = client_of(app_of(tmp_path, people=people, secure_cookies=setting), peer, base_url)
    cookie = sign_in(client, **headers).headers["set-cookie"]
    assert ("; Secure" in cookie) is secure
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_what_was_wrong_is_not_told(client):
    wrong, unknown = sign_in(client, password="wrong password"), sign_in(client, "nobody")
    for page in (wrong, unknown):
        assert page.status_code == 401
        assert WRONG in page.text
        assert PASSWORD not in page.text
        assert "set-cookie" not in page.headers
    assert wrong.text.replace("anna", "") == unknown.text.replace("nobody", "")


def test_what_is_typed_is_shown_as_text(client):
    page = sign_in(client, '"><script>alert(1)</script>', there='/"><script>')
    assert "<script>" not in page.text


def test_too_many_attempts_are_told_in_plain_words(client):
    codes = [sign_in(client, password="wrong password").status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    page = sign_in(client)
    assert page.status_code == 429
    assert "Too many attempts. Try again in" in page.text
    assert int(page.headers["retry-after"]) <= 60
    add = [sign_in(client, f"name{at}").status_code for at in range(16)]
    assert add == [401] * 15 + [429]  # 20 a minute from one address


def test_good_sign_ins_do_not_count(client):
    assert {sign_in(client).status_code for _ in range(8)} == {303}


@pytest.mark.parametrize(
    ("given", "there"),
    [
        ("/documents/1?page=2#x", "/documents/1?page=2#x"),
        ("/", "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        (" //evil.example", "/"),
        ("https://evil.example", "/"),
        ("https:evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("documents/1", "/"),
        ("/sign-in?next=/", "/"),
        ("/a\\b", "/"),
    ],
)
def test_only_paths_of_this_server_are_led_to(client, given, there):
    assert local_path(given) == there
    assert sign_in(client, there=given).headers["location"] == there


def test_while_the_people_file_is_wrong_it_says_so_calmly(client, people):
    people.write_text("nonsense\n")
    page = sign_in(client)
    assert page.status_code == 503
    assert "Ask an administrator" in page.text
    assert str(people) not in page.text


def test_sign_ins_are_logged_without_secrets(client, caplog):
    with caplog.at_level(logging.INFO, "lessons.access"):
        sign_in(client, password="wrong password")
        sign_in(client)
        token = client.cookies["lessons_session"]
        client.post("/sign-out", headers={"Sec-Fetch-Site": "same-origin"})
    assert [record.getMessage() for record in caplog.records] == [
        f"{what} name='anna' address='127.0.0.1'" for what in ("sign-in failed", "signed in", "signed out")
    ]
    assert PASSWORD not in caplog.text
    assert token not in caplog.text


def test_the_colours_are_those_of_the_page():
    style = (STATIC / "signin.css").read_text()
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w+);", part)) for part in style.split("@media", 1))
    assert light.keys() == dark.keys()
    for name in light:
        assert (light[name], dark[name]) == PALETTE[name.replace("-", "_")]


@needs_chromium
def test_one_signs_in_asks_and_is_led_back_when_the_session_is_over(playwright, tmp_path, people):
    app = app_of(tmp_path, with_page=True, people=people)
    with visiting(playwright, served(app), tmp_path / "profile", viewport=PHONE) as visit:
        page = visit.page
        page.goto(visit.address)
        visit.is_accessible()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        for word in ("anna", PASSWORD):  # by keyboard alone
            page.keyboard.type(word)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_label("Your question").fill("Why?")
        page.keyboard.press("Enter")
        expect(page.locator(".evidence")).to_be_visible()
        page.get_by_role("button", name="Source 1").first.click()
        expect(page.locator(".panel-box")).to_be_visible()
        page.keyboard.press("Escape")
        Sessions(tmp_path / "library").end_all("anna")
        page.wait_for_function("performance.now() > 5500")
        page.get_by_label("Your question").fill("And then?")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Password")).to_be_visible()
        visit.forgive()  # the browser logs the 401


@needs_chromium
def test_one_signs_out_from_the_page(playwright, tmp_path, people):
    app = app_of(tmp_path, with_page=True, people=people)
    with visiting(playwright, served(app), tmp_path / "profile") as visit:
        page = visit.page
        page.goto(visit.address)
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator(".person")).to_contain_text("anna")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Password")).to_be_visible()
        page.goto(f"{visit.address}/?tab=library")
        expect(page.get_by_label("Password")).to_be_visible()
