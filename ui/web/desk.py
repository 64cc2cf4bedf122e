"""What a person works with: the library as they may see it, an assistant that answers from it, and what is kept.

Every route and every event of the page takes all it shows from a desk, so that what a person may not see is not there.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import TYPE_CHECKING

from babel import Locale
from starlette.requests import Request

from assistant.feedback import Feedback
from assistant.needs import Gap, Needs, left_with, needs_of
from index.scope import Scope, labels_in, scoped
from ingest.errors import LibraryError, NotAllowed
from ui.web.fill import locale_of
from ui.web.history import History
from ui.web.people import Person
from ui.web.people_file import ALL, Role
from ui.web.settings import ServeSettings
from ui.web.turnstile import Turnstile

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from index.library import Library

_OPEN = 16  # views of the library that are kept open, the last used
_BUSY = 3, 16  # long answers at once for each person, and for all; a server has 40 threads
_LEAVING = 900.0  # seconds after which nobody uses a view any more that was given up


@dataclass(frozen=True, slots=True)
class Desk:
    """What one person is served with; what takes long is done inside `busy`.

    `scope` is what the person may see, None where nothing is hidden; `labels` are those held, None for all. What the
    person leaves is kept with the labels `left_with`. `owner` is whose history it is.
    """

    person: Person
    owner: str
    library: Library
    assistant: Assistant
    history: History
    feedback: Feedback
    scope: Scope | None
    labels: frozenset[str] | None
    left_with: frozenset[str]
    locale: Locale
    busy: Turnstile

    @property
    def sight(self) -> Hashable:
        """Changes with what the person may see: by other labels, or records that carry others."""
        return None if self.scope is None else (self.labels, self.library.catalogue.meta("revision"))

    def gaps(self, today: date) -> list[Gap]:
        """The questions without an answer that the person may see."""
        sees = self.library.has_record if self.scope else None
        return Needs(self.library.folder, self.labels).gaps(self.library.embedder, today, sees)

    def may(self, role: Role) -> bool:
        return self.person.may(role)

    def sees_collection(self, name: str) -> bool:
        return self.scope is None or self.scope.sees_collection(name)


class Desks:
    """Gives each request the desk of whoever sent it; used as a dependency of routes."""

    def __init__(self, library: Library, assistant: Assistant, settings: ServeSettings) -> None:
        self._library = library
        # What somebody who sees everything asks in vain is not for everybody to see.
        self._assistant = assistant.over(library, needs_of(library, assistant.settings, None, self._carried))
        self._settings = settings
        self._busy = Turnstile(*_BUSY)
        self._history = History(library.folder)
        with suppress(LibraryError):  # where nothing can be written, nothing new is kept either
            self._history.prune(settings.history_days)
        self._feedback = Feedback(library.folder)
        self._views: OrderedDict[frozenset[str], tuple[Library, Assistant]] = OrderedDict()
        self._left: deque[tuple[float, Library]] = deque()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Desk:
        person: Person = request.scope["state"]["person"]
        labels = person.labels | frozenset(self._settings.open_labels)
        everything = ALL in labels
        scope = None if everything else Scope(labels, self._settings.collections)
        library, assistant = (self._library, self._assistant) if scope is None else self._view(scope)
        return Desk(
            person=person,
            owner=request.scope["state"]["person_id"],
            library=library,
            assistant=assistant,
            history=self._history,
            feedback=self._feedback,
            scope=scope,
            labels=None if everything else labels,
            left_with=left_with(None if everything else labels, self._carried),
            locale=locale_of(request.headers.get("accept-language", "")),
            busy=self._busy,
        )

    def _carried(self) -> frozenset[str]:
        return labels_in(self._library, self._settings.collections, self._settings.open_labels)

    def _view(self, scope: Scope) -> tuple[Library, Assistant]:
        with self._lock:
            if scope.labels not in self._views:
                library = scoped(self._library, scope)
                needs = needs_of(library, self._assistant.settings, scope.labels, self._carried)
                self._views[scope.labels] = library, self._assistant.over(library, needs)
                self._give_up()
            self._views.move_to_end(scope.labels)
            return self._views[scope.labels]

    def _give_up(self) -> None:
        """Somebody may still be asking the view that is given up, so that it is closed a while later."""
        if len(self._views) > _OPEN:
            self._left.append((monotonic(), self._views.popitem(last=False)[1][0]))
        while self._left and monotonic() - self._left[0][0] > _LEAVING:
            self._left.popleft()[1].close()

    def remove(self, path: str) -> None:
        """Take a document out of search."""
        self._library.remove([path])

    def close(self) -> None:
        """Close the views; the library itself stays open."""
        for library in (*(library for library, _ in self._views.values()), *(library for _, library in self._left)):
            library.close()


def require(desk: Desk, role: Role) -> None:
    """Raises `NotAllowed` for who may not do what that role may."""
    if not desk.may(role):
        raise NotAllowed(f"This takes the role of {role}.", "Ask whoever keeps the people file.")
