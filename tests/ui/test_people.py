"""The people file, passwords, and the commands that write it."""

import json
import logging
import os
import re
import stat
import sys
from io import StringIO

import pytest

from ingest.errors import BadSettings
from tests.ui.gated import PASSWORD, QUICK, add_person
from ui.cli import main
from ui.commands.people import Role
from ui.web import people as people_module
from ui.web.people import OWNER, People, Person, check_access, hash_password
from ui.web.people_file import ROLES, parse
from ui.web.settings import ServeSettings


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(people_module, "_hasher", QUICK)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "people.txt"


def test_each_role_may_do_what_those_before_it_may():
    for at, role in enumerate(ROLES):
        person = Person("anna", role)
        assert [person.may(other) for other in ROLES] == [place <= at for place in range(len(ROLES))]


def test_the_command_offers_the_roles_there_are():
    assert [role.value for role in Role] == list(ROLES)


def test_labels_are_held_one_by_one_or_all():
    assert Person("anna", "reader", frozenset({"hr"})).holds("hr")
    assert not Person("anna", "reader", frozenset({"hr"})).holds("tlp:amber")
    assert OWNER.holds("anything")


def test_the_file_is_read_with_labels_as_they_are_compared(path):
    hashed = hash_password("anna", PASSWORD)
    path.write_text(f"# ours\n\nAnna:reviewer:HR,TLP:AMBER:{hashed}\nbo@x.org:reader::\n*:reader:Public:\n")
    people = People(path)
    assert people.get("anna") == people.get("ANNA") == Person("anna", "reviewer", frozenset({"hr", "tlp:amber"}))
    assert people.signed_in_elsewhere("bo@x.org") == Person("bo@x.org", "reader", frozenset())
    assert people.signed_in_elsewhere("Eve") == Person("eve", "reader", frozenset({"public"}))
    assert people.signed_in_elsewhere("not a name") is None
    assert people.signed_in_elsewhere("*") is None
    assert people.get("eve") is None
    assert people.get("*") is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("anna", "not a person"),
        ("anna:reader:", "not a person"),
        ("anna:boss::", "no role 'boss'"),
        ("an na:reader::", "not a name"),
        (f"{'a' * 65}:reader::", "not a name"),
        ("anna:reader:" + "x" * 500 + ":", "not an access label"),
        ("anna:reader::secret words", "no argon2 hash"),
        ("anna:reader::$argon2i$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "argon2id"),
        ("bo:admin::", "has a line already"),
    ],
)
def test_a_bad_line_is_named_with_its_file_and_number(path, line, said):
    path.write_text(f"# first\nbo:reader::\n{line}\n")
    with pytest.raises(BadSettings, match=said) as error:
        People(path)
    assert f"{path}, line 3" in error.value.reason
    assert "secret words" not in str(error.value)


def test_everybody_has_no_password_in_common(path):
    with pytest.raises(BadSettings, match="password"):
        parse(f"*:reader::{hash_password('x', PASSWORD)}", path)


def test_passwords_are_verified_however_composed(path):
    add_person(path, "anna", password="pässword-of-anna")
    people = People(path)
    assert people.verify("Anna", "pa\u0308ssword-of-anna") == Person("anna", "reader")
    assert people.verify("anna", "password-of-anna") is None
    assert people.verify("bo", "pässword-of-anna") is None


def test_an_unknown_name_is_verified_like_any_other(path, monkeypatch):
    add_person(path, "anna")
    add_person(path, "sso", password="")
    people = People(path)
    verified = []

    class Hasher:
        def verify(self, hashed, password):
            verified.append((hashed.split("$")[1:4], password))
            return people_hasher.verify(hashed, password)

    people_hasher = people_module._hasher
    monkeypatch.setattr(people_module, "_hasher", Hasher())
    for name in ("anna", "nobody", "sso", "no name!", ""):
        assert people.verify(name, "wrong password") is None
    assert len(verified) == 5
    assert len({str(one) for one in verified}) == 1  # the same work each time


@pytest.mark.parametrize("password", ["short", "x" * 1025, "Anna.Miller"])
def test_passwords_that_are_easily_guessed_are_refused(password):
    with pytest.raises(BadSettings):
        hash_password("anna.miller", password)


def test_the_file_is_read_again_when_it_changes(path):
    add_person(path, "anna")
    add_person(path, "bo")
    people = People(path)
    mark = people.mark("anna")
    add_person(path, "bo", "admin")
    assert people.get("bo") == Person("bo", "admin")
    assert people.mark("anna") == mark
    add_person(path, "anna", password="another password")
    assert people.mark("anna") != mark
    path.write_text("")
    assert people.get("anna") is None
    assert people.mark("anna") == ""


def test_nobody_comes_in_while_the_file_is_wrong_or_gone(path):
    add_person(path, "anna")
    people = People(path)
    path.write_text("nonsense\n")
    with pytest.raises(BadSettings):
        people.get("anna")
    path.unlink()
    with pytest.raises(BadSettings, match="cannot be read"):
        people.verify("anna", PASSWORD)


def test_a_file_that_others_can_read_is_warned_of(path, caplog):
    add_person(path, "anna")
    with caplog.at_level(logging.WARNING):
        People(path)
        assert not caplog.records
        path.chmod(0o644)
        People(path)
    assert "chmod 600" in caplog.text


def test_what_is_written_is_hashed_at_full_cost(monkeypatch):
    monkeypatch.undo()
    hashed = hash_password("anna", PASSWORD)
    ((memory, rounds),) = re.findall(r"^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$", hashed)
    assert int(memory) >= 64 * 1024  # kilobytes
    assert int(rounds) >= 3


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"host": "0.0.0.0"}, "others can reach"),
        ({"user_header": "X-Forwarded-User"}, "nothing says what they may do"),
        ({"people": "/not/there.txt"}, "cannot be read"),
    ],
)
def test_a_server_for_strangers_does_not_start(settings, said):
    with pytest.raises(BadSettings, match=said) as error:
        check_access(ServeSettings(**settings))
    assert error.value.remedy


def test_a_server_with_people_or_on_loopback_starts(path):
    add_person(path, "anna", "admin")
    check_access(ServeSettings())
    check_access(ServeSettings(host="0.0.0.0", people=path))
    check_access(ServeSettings(host="0.0.0.0", people=path, user_header="X-User"))


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run a `people` command in this process; returns its exit status, standard output and standard error."""
    monkeypatch.setenv("LESSONS_LIBRARY", str(tmp_path / "library"))
    monkeypatch.chdir(tmp_path)

    def run_here(*words, stdin="", command="people"):
        monkeypatch.setattr(sys, "argv", ["lessons", command, *map(str, words)])
        monkeypatch.setattr(sys, "stdin", StringIO(stdin))
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        return stop.value.code or 0, said.out, said.err

    return run_here


def test_a_person_is_added_changed_listed_and_removed(call, tmp_path):
    path = tmp_path / "library" / "people.txt"
    labels = ("--label", "HR", "--label", "tlp:amber")
    status, out, _ = call("add", "Anna", "--role", "reader", *labels, "--password-stdin", stdin=f"{PASSWORD}\n")
    assert status == 0
    assert str(path) in out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert People(path).verify("anna", PASSWORD) == Person("anna", "reader", frozenset({"hr", "tlp:amber"}))

    path.write_text("# the staff\n" + path.read_text())
    assert call("add", "anna", "--role", "admin", "--password-stdin", stdin="another password\n")[0] == 0
    assert call("add", "*", "--role", "reader", "--no-password")[0] == 0
    assert path.read_text().startswith("# the staff\nanna:admin::$argon2id$")
    assert path.read_text().count("anna") == 1
    assert People(path).verify("anna", "another password") == Person("anna", "admin")

    status, out, _ = call("list", "--json")
    assert json.loads(out)["people"] == [
        {"name": "anna", "role": "admin", "labels": [], "has_password": True},
        {"name": "*", "role": "reader", "labels": [], "has_password": False},
    ]
    assert "$argon2" not in out + call("list")[1]

    assert call("remove", "Anna")[0] == 0
    assert People(path).get("anna") is None
    assert path.read_text() == "# the staff\n*:reader::\n"
    status, _, err = call("remove", "anna")
    assert (status, "no line for anna" in err) == (2, True)
    assert [one.name for one in path.parent.iterdir()] == ["people.txt"]  # nothing temporary stays


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("add", "anna", "--role", "boss", "--no-password"), ""),
        (("add", "an:na", "--role", "reader", "--no-password"), ""),
        (("add", "anna", "--role", "reader", "--password-stdin"), "short\n"),
        (("add", "anna-miller", "--role", "reader", "--password-stdin"), "Anna-Miller\n"),
        (("add", "anna", "--role", "reader", "--password-stdin", "--no-password"), ""),
        (("add", "*", "--role", "reader", "--password-stdin"), f"{PASSWORD}\n"),
        (("add", "anna", "--role", "reader", "--label", "...", "--no-password"), ""),
    ],
)
def test_what_cannot_be_a_person_is_not_written(call, tmp_path, words, stdin):
    status, _, err = call(*words, stdin=stdin)
    assert status == 2
    assert err
    assert not (tmp_path / "library" / "people.txt").exists()


def test_the_password_is_asked_for_twice(call, tmp_path, monkeypatch):
    asked = []

    def prompt(text, **options):
        asked.append(options)
        return PASSWORD

    monkeypatch.setattr("typer.prompt", prompt)
    file = tmp_path / "elsewhere.txt"
    assert call("add", "anna", "--role", "reader", "--people", file)[0] == 0
    assert asked == [{"hide_input": True, "confirmation_prompt": True}]
    assert People(file).verify("anna", PASSWORD)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_another_is_named(path):
    add_person(path, "anna")
    path.chmod(0)
    with pytest.raises(BadSettings, match="cannot be read"):
        People(path)


def test_serving_strangers_is_refused_with_the_remedy(call, sample):
    status, out, err = call("--host", "0.0.0.0", "--port", "0", "--library", sample.folder, command="serve")
    assert (status, out) == (2, "")
    assert "lessons people add NAME --role admin" in err


def test_the_people_beside_the_library_are_found(call, tmp_path, monkeypatch):
    served = []

    class Opened:
        folder = tmp_path / "library"

        def search(self, *_):
            return None

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    monkeypatch.setattr("index.library.Library.open", lambda *_, **__: Opened())
    monkeypatch.setattr("assistant.assistant.Assistant", lambda *_: None)
    monkeypatch.setattr("ui.web.app.create_app", lambda library, assistant, settings, ingest: served.append(settings))
    monkeypatch.setattr("ui.web.server.serve", lambda *_: sys.exit(0))
    monkeypatch.setattr("ui.web.access_log.write_to_stderr", lambda: None)
    call(command="serve")
    add_person(tmp_path / "library" / "people.txt", "anna")
    call(command="serve")
    call("--people", tmp_path / "library" / "people.txt", "--host", "0.0.0.0", command="serve")
    assert [one.has_sign_in for one in served] == [False, True, True]
    assert served[1].people == tmp_path / "library" / "people.txt"
