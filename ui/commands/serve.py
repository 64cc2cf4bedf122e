"""Commands that start the web page: `serve`, `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.index import print_report
from ui.commands.options import LibraryFolder, console, load_settings, opened

if TYPE_CHECKING:
    from index.library import Library
    from ui.settings import Settings

Port = Annotated[int | None, typer.Option(help="The port; 0 takes any free one; else 7860.")]
Host = Annotated[str | None, typer.Option(help="The address to listen on; else 127.0.0.1, this machine only.")]
PeopleFile = Annotated[
    Path | None, typer.Option("--people", metavar="FILE", help="Who may sign in; else people.txt in the library.")
]
DEMO_EXAMPLES = (
    "When should generators be refuelled during an operation?",
    "Have backup generators started but failed to take the load more than once?",
    "What brought the waiting times down at the Karrow bus station hospital?",
    "What did we learn about drones for bridge inspection?",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(demo)


def serve(port: Port = None, host: Host = None, people: PeopleFile = None, library: LibraryFolder = None) -> None:
    """Start the web page and the HTTP API on one port."""
    settings = load_settings(library, {"port": port, "host": host, "people": people})
    with opened(settings) as opened_library:
        _serve(opened_library, settings)


def demo(port: Port = None, library: LibraryFolder = None) -> None:
    """Index the sample library that comes with the program, and start the web page on it."""
    from importlib.resources import as_file, files

    from index.sync import sync

    settings = load_settings(library, {"port": port, "examples": DEMO_EXAMPLES})
    if library is None:
        settings = settings.model_copy(update={"library": settings.library / "demo"})
    with as_file(files("data") / "library") as folder, opened(settings, create=True) as opened_library:
        print_report(sync(opened_library, [folder], settings.ingest))
        _serve(opened_library, settings)


def _serve(library: Library, settings: Settings) -> None:
    from assistant.assistant import Assistant
    from ui.web import access_log
    from ui.web.app import create_app
    from ui.web.people import check_access, people_path
    from ui.web.server import serve as run

    access = settings.serve
    if access.people is None and (found := people_path(access, library.folder)).is_file():
        access = access.model_copy(update={"people": found})
    check_access(access)
    access_log.write_to_stderr()
    library.search("warm up", 1)  # the model is loaded before the first reader waits for it
    assistant = Assistant(library, settings.assistant)
    app = create_app(library, assistant, access, settings.ingest)
    run(app, access.host, access.port, lambda address: _say(address))


def _say(address: str) -> None:
    console().print(f"Open {address} in a browser. Stop with Ctrl+C.", markup=False)
