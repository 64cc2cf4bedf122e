"""A library of two real files, and an assistant that answers from them word for word, for tests of the web face."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from starlette.requests import Request

from assistant.answer import Answer, Cited, Claim, Conflict, Draft, Event, Progress
from assistant.settings import AssistantSettings
from index.filters import check_filters
from index.hit import SourceView
from index.library import Library
from ingest.errors import BadQuestion, ModelError
from ingest.prepare import prepare
from tests.fakes import HashEmbedder
from ui.web.desk import Desk, Desks
from ui.web.people import OWNER, Person
from ui.web.settings import ServeSettings

PDF_QUOTE = "The two connectors were identical and were cross-mated during integration."
TEXT_QUOTE = "An unmated connector was logged as mated."
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> "
    "[a](javascript:alert(1)) ${1+1} {{value}}"
)

_PAGES = [
    [
        "ASTROS star tracker: lessons learned",
        "Lesson ID: LLIS-431",
        "Unit: JPL",
        "Project: ASTROS",
        "Date of event: 1988-05-03",
        "Outcome: failure",
    ],
    [
        "What happened",
        "The tracker was assembled in a clean room over two weeks.",
        PDF_QUOTE,
        "The error was found at the first power-up, before any damage.",
    ],
    ["What to do", "Avoid placing identical connectors where they can be swapped."],
]
_MARKDOWN = f"""# Connector log, 2003

Lesson ID: LLIS-1619

Unit: JPL

Outcome: near miss

Date of event: 2003-02-11

The test lead asked for a second check of every mate.

{TEXT_QUOTE} Quality assurance was not called.

Note found in the file: {HOSTILE}

{"The rest of the log lists the connectors by number. " * 60}
"""


def write_files(folder: Path) -> tuple[Path, Path]:
    """A PDF of three pages and a Markdown file in `folder`."""
    pdf, markdown = folder / "astros report.pdf", folder / "connector-log.md"
    canvas = Canvas(str(pdf), pagesize=A4, invariant=1)
    for lines in _PAGES:
        for number, line in enumerate(lines):
            canvas.setFont("Helvetica-Bold" if number == 0 else "Helvetica", 18 if number == 0 else 12)
            canvas.drawString(72, 760 - 30 * number, line)
        canvas.showPage()
    canvas.save()
    markdown.write_text(_MARKDOWN, encoding="utf-8")
    return pdf, markdown


class FakeLibrary:
    """A real library with a fake embedder: source 1 is the PDF, source 2 the Markdown file; `add` makes up more."""

    def __init__(self, folder: Path) -> None:
        self.real = Library.open(folder / "library", embedder=HashEmbedder(), create=True)
        tokens, limit = self.real.embedder.tokens, self.real.manifest.passage_tokens
        for path in write_files(folder):
            self.real.add([prepare(path, path.read_bytes(), tokens, limit, path.stat().st_mtime_ns)])
        self.sources = {number: self.real.source(number) for number in (1, 2)}

    def add(self, path: Path, media_type: str, text: str) -> int:
        """Put a file into the library under the next number, whatever it holds."""
        number = len(self.sources) + 1
        digest = sha256(path.read_bytes()).hexdigest()
        self.sources[number] = SourceView(number, str(path), digest, media_type, "", text, (), False)
        return number

    def source(self, source_id: int) -> SourceView:
        """Raises `NotInLibrary`."""
        return self.sources.get(source_id) or self.real.source(source_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def cited(self, number: int) -> Cited:
        """The citation `[number]`: 1 is in the PDF, 2 in the Markdown file."""
        source = self.sources[number]
        quote = PDF_QUOTE if number == 1 else TEXT_QUOTE
        start = source.text.index(quote)
        pdf = number == 1
        return Cited(
            n=number,
            lesson_id="LLIS-431" if pdf else "LLIS-1619",
            title="Cross-mating of identical connectors" if pdf else f"Connector log {HOSTILE}",
            source=source.path,
            source_id=number,
            page=2 if pdf else None,
            place="page 2" if pdf else "",
            section="What happened",
            start=start,
            end=start + len(quote),
            quote=quote,
            event_date="1988-05" if pdf else None,
            outcome="failure" if pdf else "near_miss",
            maturity="lesson_identified" if pdf else "observation",
            kind="llis" if pdf else "log",
            unit="JPL",
            project="ASTROS" if pdf else None,
            superseded_by=None if pdf else "LLIS-1700",
            currency="current" if pdf else "superseded",
        )


@dataclass
class FakeAssistant:
    """Answers every question from both files, one event every `delay` seconds; `asked` records the calls.

    A question with "quantum" has no answer; with "broken model" and "bug" it fails.
    """

    library: FakeLibrary
    delay: float = 0.0
    asked: list[tuple[str, dict[str, str], tuple[str, ...]]] = field(default_factory=list)
    settings: AssistantSettings = field(default_factory=AssistantSettings)

    def over(self, library: object, needs: object) -> FakeAssistant:
        """It answers from what it knows."""
        return self

    def ask(
        self,
        question: str,
        filters: Mapping[str, str] | None = None,
        history: Sequence[str] = (),
        ignore: Collection[str] = (),
    ) -> Answer:
        """The last event of `stream`."""
        *_, last = self.stream(question, filters, history, ignore)
        assert isinstance(last, Answer)
        return last

    def stream(
        self,
        question: str,
        filters: Mapping[str, str] | None = None,
        history: Sequence[str] = (),
        ignore: Collection[str] = (),
    ) -> Iterator[Event]:
        """Progress, drafts, and the answer."""
        self.asked.append((question, dict(filters or {}), tuple(history)))
        check_filters(filters or {})
        if not question.strip() or len(question) > 10_000:
            raise BadQuestion("The question is longer than 10,000 characters.", "Ask in fewer words.")
        yield Progress("searching")
        time.sleep(self.delay)
        if "bug" in question:
            raise RuntimeError("internal detail")
        if "broken model" in question:
            raise ModelError("The language model does not answer.", "Check it with: lessons doctor")
        if "quantum" in question:
            yield self._none(question)
            return
        yield from self._answered(question)

    def _answered(self, question: str) -> Iterator[Event]:
        first, second = self.library.cited(1), self.library.cited(2)
        claims = (
            Claim("Adjacent identical connectors were cross-mated on the ASTROS star tracker.", (1,), 0.94),
            Claim(
                "Mate one connector at a time and have each checked: one was logged as mated and was not.", (1, 2), 0.9
            ),
        )
        yield Progress("writing")
        for claim in claims:
            time.sleep(self.delay)
            yield Draft(claim, tuple(one for one in (first, second) if one.n in claim.citations))
        yield Progress("checking")
        time.sleep(self.delay)
        yield Answer(
            question, "what-went-wrong", "answered", claims, (first, second),
            caveats=("The newest dated record is from 1988.",),
            conflicts=(Conflict("inside", f"the parts of Cassini or Galileo {HOSTILE}", (first, second)),),
            who_to_ask=("JPL (2 of 2 records)",),
            follow_ups=("Did it happen again?", "What should we do before mating connectors?"),
            took_ms={"total": 12.0},
        )  # fmt: skip

    def _none(self, question: str) -> Answer:
        return Answer(
            question, "factual", "none", nearest=(self.library.cited(1),), who_to_ask=("Communications topic owner",),
            message="No lesson found: none of the 1,270 records answers this question.",
        )  # fmt: skip


def a_desk(
    assistant: FakeAssistant, person: Person = OWNER, settings: ServeSettings | None = None, accepted: str = ""
) -> Desk:
    """The desk of a person; `accepted` are the languages of the browser."""
    headers = [(b"accept-language", accepted.encode())]
    state = {"person": person, "person_id": f"user:{person.name}"}
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": headers, "state": state})
    return Desks(assistant.library, assistant, settings or ServeSettings())(request)  # type: ignore[arg-type]
