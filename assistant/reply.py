"""An answer in the making: sentences become claims with numbered quotes, and at the end an `Answer` or an honest no."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache

from assistant.answer import Answer, Cited, Claim, Conflict, Draft, Verdict
from assistant.citing import Citations, cited
from assistant.evidence import Evidence, Sentence
from assistant.question import FOLLOW_UPS, Question
from assistant.quotable import quotable
from assistant.repeated import independent, repeated_with
from assistant.settings import AssistantSettings
from assistant.standing import caveats, owners, who_to_ask
from assistant.tally import Tally
from index.clock import Clock
from index.filters import described
from index.hit import Hit
from index.library import Library

TITLES = 2  # of the records of somebody to ask
OF_OURS = 0.3  # the least similarity of the best passage to a question that its owner may know something about
NEAREST = 3  # records named as "not this"


class Reply:
    """What has been found and said so far of one question, asked with `filters`, some of them `read` from its words."""

    def __init__(
        self, library: Library, settings: AssistantSettings, question: Question, filters: Mapping[str, str]
    ) -> None:
        self.library = library
        self.settings = settings
        self.question = question
        self.filters = dict(filters)
        self.read: tuple[str, ...] = ()
        self.citations = Citations(library, settings.external)
        self.claims: list[Claim] = []
        self.caveats: list[str] = []
        self.conflicts: list[Conflict] = []
        self.verdict: Verdict = "answered"
        self.tally: Tally | None = None
        self.outdated: dict[str, Hit] = {}
        self.clock = Clock()

    def quoted(self, picked: Sequence[Sentence], side: str | None = None) -> Iterator[Draft]:
        """Say the sentences as they stand in their sources."""
        for sentence in picked:
            source = self.citations.cite(sentence.hit, sentence.start, sentence.end)
            yield self.draft(Claim(sentence.text, (source.n,), 1.0, side))

    def owners(self, picked: Sequence[Sentence]) -> Iterator[Draft]:
        """Name who owns the records that the sentences come from, then their units, each with a few of the records."""
        sources = [self.citations.cite(one.hit, one.start, one.end) for one in picked]
        for name, _ in owners(sources):
            theirs = [source for source in sources if name in (source.owner, source.unit)]
            titles = list(dict.fromkeys(f"“{source.title}”" for source in theirs))
            more = f" and {len(titles) - TITLES} more" if len(titles) > TITLES else ""
            text = f"Ask {name}: {', '.join(titles[:TITLES])}{more}."
            yield self.draft(Claim(text, tuple(source.n for source in theirs), 1.0, computed=True))

    def draft(self, claim: Claim) -> Draft:
        """Say a claim whose citations have their numbers."""
        self.claims.append(claim)
        return Draft(claim, tuple(source for source in self.citations.sources if source.n in claim.citations))

    def answer(self, kind: str, follow_ups: Sequence[str] = FOLLOW_UPS) -> Answer:
        """The answer as it is now."""
        sources = self.citations.sources
        ids = list(dict.fromkeys(source.lesson_id for source in sources))
        get = cache(self.library.get)
        left_out = [
            f"“{hit.title}” ({hit.lesson_id}) is left out: {hit.superseded_by} supersedes it."
            for hit in self.outdated.values()
            if hit.superseded_by in ids
        ]
        alone = independent(get, ids)
        standing = [] if self.tally else caveats(sources, alone, date.today())
        return Answer(
            question=self.question.text,
            kind=kind,
            verdict=self.verdict,
            claims=tuple(self.claims),
            sources=sources,
            caveats=(*self.caveats, *left_out, *standing),
            conflicts=tuple(self.conflicts),
            who_to_ask=tuple(who_to_ask(sources)),
            follow_ups=tuple(follow_ups),
            filters=self.filters,
            filters_read=self.read,
            tally=self.tally,
            independent=alone,
            repeats=tuple(repeated_with(get, ids[:1])),
            took_ms=self.clock.took(),
        )

    def none(self, evidence: Evidence | None, message: str = "") -> Answer:
        """That no lesson was found, with the nearest records as "not this"."""
        best: dict[str, Cited] = {}
        for hit in evidence.hits if evidence else ():
            if hit.lesson_id not in best and len(best) < NEAREST:
                start, end = (quotable(hit) or [(hit.start, hit.end)])[0]
                best[hit.lesson_id] = cited(len(best) + 1, hit, start, end, self.settings.external)
        nearest = tuple(best.values())
        return Answer(
            question=self.question.text,
            kind=self.question.kind,
            verdict="none",
            nearest=nearest,
            caveats=tuple(self.caveats),
            who_to_ask=tuple(who_to_ask(nearest)) if evidence and evidence.near >= OF_OURS else (),
            message=message or f"No lesson found: nothing in {self._looked_at()} clearly answers this question.",
            filters=self.filters,
            filters_read=self.read,
            tally=self.tally,
            took_ms=self.clock.took(),
        )

    def _looked_at(self) -> str:
        """Which records were looked at: all, or those that the filters leave."""
        if not self.filters:
            return f"the {self.library.stats().holds}"
        return f"the {len(self.library.records(self.filters)):,} records with {described(self.filters)}"
