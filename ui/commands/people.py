"""Commands that say who may use the web server: `people add`, `people remove`, `people list`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.options import Json, LibraryFolder, console, load_settings, print_json

if TYPE_CHECKING:
    from ui.web.people_file import Entry


class Role(StrEnum):
    """What a person may do; each may do what those before it may."""

    READER = "reader"
    CONTRIBUTOR = "contributor"
    REVIEWER = "reviewer"
    ADMIN = "admin"


Name = Annotated[str, typer.Argument(help="The person's name; * for everybody whom a proxy names.")]
PeopleFile = Annotated[
    Path | None, typer.Option("--people", metavar="FILE", help="The people file; else people.txt in the library.")
]

people = typer.Typer(name="people", help="Say who may use the web page and the HTTP API.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(people)


@people.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    label: Annotated[
        list[str] | None,
        typer.Option(help="An access label the person holds, * for all; may be repeated."),
    ] = None,
    from_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
    ] = False,
    no_password: Annotated[bool, typer.Option("--no-password", help="A proxy signs the person in.")] = False,
    file: PeopleFile = None,
    library: LibraryFolder = None,
) -> None:
    """Add a person, or say anew what a person may do and see."""
    from ingest.errors import BadSettings
    from ui.web.people_file import ANYBODY, Entry, as_label, as_name, as_role, replace

    known = name if name == ANYBODY else as_name(name)
    if known is None:
        raise BadSettings(f"{name!r} is not a name.", "A name has at most 64 letters, digits and the signs . _ @ -")
    if from_stdin and no_password:
        raise BadSettings("A person has a password or has none.", "Leave one of the two options out.")
    if known == ANYBODY and not no_password:
        raise BadSettings("Everybody has no password in common.", "Add --no-password.")
    labels = frozenset(as_label(one) for one in label or ())
    path = _path(file, library)
    entry = Entry(known, as_role(role), labels, "" if no_password else _ask_password(known, from_stdin=from_stdin))
    done = "was changed" if replace(path, known, entry) else "was added"
    console().print(f"{_described(entry)}: {done} in {path}", markup=False, soft_wrap=True)


@people.command()
def remove(name: Name, file: PeopleFile = None, library: LibraryFolder = None) -> None:
    """Take a person out; the person's sessions end at once."""
    from ingest.errors import BadSettings
    from ui.web.history import History
    from ui.web.people_file import replace

    path = _path(file, library)
    if not replace(path, name.lower(), None):
        raise BadSettings(f"{path} has no line for {name}.", "See who is there with: lessons people list")
    settings = load_settings(library)
    History(settings.library.expanduser()).forget_all(f"user:{name.lower()}")  # the name may be given anew
    console().print(f"{name.lower()} was removed from {path}", markup=False, soft_wrap=True)


@people.command("list")
def list_people(file: PeopleFile = None, library: LibraryFolder = None, as_json: Json = False) -> None:
    """Show who may use the server, and what each may do and see; never a password's hash."""
    from ui.web.people_file import parse, read_text

    path = _path(file, library)
    entries = parse(read_text(path), path) if path.exists() else {}
    if as_json:
        print_json({"people": [_row(entry) for entry in entries.values()]})
        return
    for entry in entries.values():
        console().print(_described(entry), markup=False, soft_wrap=True)
    if not entries:
        console().print(f"{path} names nobody. Add a person: lessons people add NAME --role admin", markup=False)


def _path(file: Path | None, library: Path | None) -> Path:
    from ui.web.people import people_path

    settings = load_settings(library, {"people": file})
    return people_path(settings.serve, settings.library.expanduser())


def _ask_password(name: str, *, from_stdin: bool) -> str:
    """The hash of the password that is typed twice, or read from standard input."""
    from ui.web.people import hash_password

    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt(f"Password for {name}", hide_input=True, confirmation_prompt=True)
    return hash_password(name, password)


def _row(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "role": entry.role,
        "labels": sorted(entry.labels),
        "has_password": bool(entry.hash),
    }


def _described(entry: Entry) -> str:
    labels = f", labels {', '.join(sorted(entry.labels))}" if entry.labels else ", no labels"
    return f"{entry.name}: {entry.role}{labels}{'' if entry.hash else ', signed in by a proxy'}"
