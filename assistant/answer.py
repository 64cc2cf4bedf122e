"""What the assistant returns. `to_json` methods give exactly the keys other programs rely on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.repeated import Repeated
from assistant.tally import Tally
from ingest.model import Kind, Maturity, Outcome

Verdict = Literal["answered", "partial", "none"]
Disagreement = Literal["figure", "advice", "inside"]
_DECIDES: dict[Disagreement, str] = {
    "figure": "Which figure holds depends on the circumstances that each record tells.",
    "advice": "Which advice holds depends on the circumstances that each record tells.",
    "inside": "Which is right, the record's author may know.",
}


@dataclass(frozen=True, slots=True)
class Cited:
    """A record an answer stands on: `quote` is exactly the source's text at `start:end`, `n` its mark in the text.

    `external` when its collection is one of another organisation.
    """

    n: int
    lesson_id: str
    title: str
    source: str
    source_id: int
    page: int | None
    place: str
    section: str
    start: int
    end: int
    quote: str
    event_date: str | None
    outcome: Outcome
    maturity: Maturity
    kind: Kind
    unit: str | None = None
    project: str | None = None
    owner: str | None = None
    collection: str | None = None
    external: bool = False
    superseded_by: str | None = None
    confidence: str = "unreviewed"
    currency: str = "current"

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer, the marks it cites, and how well their quotes support it (0 to 1; 1 is quoted).

    `side` is what it speaks of in a comparison. A `computed` one states figures of the answer's tally, or whom
    to ask, and cites some of the records behind it.
    """

    text: str
    citations: tuple[int, ...]
    support: float
    side: str | None = None
    computed: bool = False

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "text": self.text,
            "citations": list(self.citations),
            "support": round(self.support, 3),
        }
        return out | ({"side": self.side} if self.side else {}) | ({"computed": True} if self.computed else {})


@dataclass(frozen=True, slots=True)
class Conflict:
    """Statements that cannot all hold: of a `figure`, of `advice`, or `inside` one record.

    `about` is what they differ in; `sides` are the quotes, each from the source with its number.
    """

    kind: Disagreement
    about: str
    sides: tuple[Cited, ...]

    @property
    def text(self) -> str:
        """Both sides in a line, and what would decide between them."""
        told = " — ".join(
            f"{side.lesson_id} ({side.event_date[:4] if side.event_date else 'undated'}): "
            f"“{' '.join(side.quote.split())}” [{side.n}]"
            for side in self.sides
        )
        itself = "The record disagrees with itself" if self.kind == "inside" else "Records disagree"
        return f"{itself} on {self.about}: {told} {self.decides}"

    @property
    def decides(self) -> str:
        """What would decide between the sides."""
        return _DECIDES[self.kind]

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "about": self.about,
            "text": self.text,
            "sides": [{"n": side.n, "lesson_id": side.lesson_id, "quote": side.quote} for side in self.sides],
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its proof. `answer` is the claims' text with `[n]` marks; `nearest` is filled only for `none`.

    `filters` are those it was found with; the names in `filters_read` were read from the question's words. `tally` is
    there where records were counted. `asked` is how often the question was asked in the last month, where it is kept
    among the needs. `independent` is how many of the cited records are no near-copies of another; `repeats` are events
    told in them that happened again.
    """

    question: str
    kind: str
    verdict: Verdict
    claims: tuple[Claim, ...] = ()
    sources: tuple[Cited, ...] = ()
    nearest: tuple[Cited, ...] = ()
    caveats: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    who_to_ask: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()
    message: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    filters_read: tuple[str, ...] = ()
    tally: Tally | None = None
    asked: int = 0
    independent: int = 0
    repeats: tuple[Repeated, ...] = ()
    took_ms: dict[str, float] = field(default_factory=dict)

    @property
    def answer(self) -> str:
        """The claims with their marks, or the message where there is no claim."""
        marked, side = [], None
        for claim in self.claims:
            heading = f"{claim.side}: " if claim.side and claim.side != side else ""
            marked.append(heading + claim.text + "".join(f" [{n}]" for n in claim.citations))
            side = claim.side
        return " ".join(marked) if marked else self.message

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "question": self.question,
            "kind": self.kind,
            "verdict": self.verdict,
            "answer": self.answer,
            "claims": [claim.to_json() for claim in self.claims],
            "sources": [cited.to_json() for cited in self.sources],
            "caveats": list(self.caveats),
            "conflicts": [conflict.to_json() for conflict in self.conflicts],
            "who_to_ask": list(self.who_to_ask),
            "follow_ups": list(self.follow_ups),
            "filters": dict(self.filters),
            "filters_read": list(self.filters_read),
            "asked": self.asked,
            "independent": self.independent,
            "repeats": [event.to_json() for event in self.repeats],
            "took_ms": self.took_ms,
        }
        if self.tally is not None:
            out["tally"] = self.tally.to_json()
        if self.verdict == "none":
            out["nearest"] = [cited.to_json() for cited in self.nearest]
        return out


@dataclass(frozen=True, slots=True)
class Progress:
    """A stage has begun: `searching`, `reading`, `writing`, `checking`."""

    stage: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A claim that passed its check, with the sources it cites, as soon as it is known."""

    claim: Claim
    sources: tuple[Cited, ...]


Event = Progress | Draft | Answer
