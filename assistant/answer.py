"""What the assistant returns. `to_json` methods give exactly the keys other programs rely on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.tally import Tally
from ingest.model import Kind, Maturity, Outcome

Verdict = Literal["answered", "partial", "none"]


@dataclass(frozen=True, slots=True)
class Cited:
    """A record an answer stands on: `quote` is exactly the source's text at `start:end`, `n` its mark in the text."""

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
    superseded_by: str | None = None
    confidence: str = "unreviewed"
    currency: str = "current"

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer, the marks it cites, and how well their quotes support it (0 to 1; 1 is quoted).

    `side` is what it speaks of in a comparison. A `computed` one states figures of the answer's tally, and cites some
    of the records that were counted.
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
class Answer:
    """An answer with its proof. `answer` is the claims' text with `[n]` marks; `nearest` is filled only for `none`.

    `filters` are those it was found with; the names in `filters_read` were read from the question's words. `tally` is
    there where records were counted.
    """

    question: str
    kind: str
    verdict: Verdict
    claims: tuple[Claim, ...] = ()
    sources: tuple[Cited, ...] = ()
    nearest: tuple[Cited, ...] = ()
    caveats: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    who_to_ask: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()
    message: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    filters_read: tuple[str, ...] = ()
    tally: Tally | None = None
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
            "conflicts": list(self.conflicts),
            "who_to_ask": list(self.who_to_ask),
            "follow_ups": list(self.follow_ups),
            "filters": dict(self.filters),
            "filters_read": list(self.filters_read),
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
