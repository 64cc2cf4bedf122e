"""A question's way: understand → retrieve → rank → compose → verify → answer or decline."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from assistant.answer import Answer, Cited, Claim, Draft, Event, Progress, Verdict
from assistant.citing import Citations, cited
from assistant.compose import compose, tell
from assistant.evidence import Evidence, Sentence, gather
from assistant.marks import Written, sentences
from assistant.proof import support
from assistant.question import Question, understand
from assistant.quotable import quotable
from assistant.settings import AssistantSettings
from assistant.standing import COUNTED, caveats, who_to_ask
from assistant.verdict import calibration_of, decide
from assistant.writer import NO_ANSWER, opaque_ids, write
from index.clock import Clock
from index.filters import Filters
from index.hit import Hit
from index.library import Library
from ingest.errors import ModelError

DOUBTED = 2  # records quoted where it is not sure that they answer
NEAREST = 3  # records named as "not this"
NOT_COUNTED = " Answers quote records; they do not count or list them. Filters narrow the records down."
FOLLOW_UPS = ("What was recommended?", "What worked well?", "Has this happened elsewhere?")


class Assistant:
    """Answers questions from a library, with proof; quotes alone, or a language model's words where one is set."""

    def __init__(self, library: Library, settings: AssistantSettings | None = None) -> None:
        self.library = library
        self.settings = settings or AssistantSettings()

    def ask(self, question: str, filters: Filters | None = None, history: Sequence[str] = ()) -> Answer:
        """The answer. `history` holds the earlier questions, oldest first. Raises `BadQuestion` or `BadFilter`."""
        for event in self.stream(question, filters, history):
            if isinstance(event, Answer):
                return event
        raise AssertionError("a stream ends with its answer")

    def stream(self, question: str, filters: Filters | None = None, history: Sequence[str] = ()) -> Iterator[Event]:
        """The same as it comes: `Progress`, then a `Draft` for each sentence that passed its check, then the `Answer`.

        Sentences of a draft keep their numbers in the answer.
        """
        return _Asking(self.library, self.settings, understand(question, history, self.settings), filters).events()


class _Asking:
    """One question on its way."""

    def __init__(
        self, library: Library, settings: AssistantSettings, question: Question, filters: Filters | None
    ) -> None:
        self.library = library
        self.settings = settings
        self.question = question
        self.filters = dict(filters or {})
        self.citations = Citations(library)
        self.claims: list[Claim] = []
        self.caveats: list[str] = []
        self.verdict: Verdict = "answered"
        self.outdated: dict[str, Hit] = {}
        self.clock = Clock()

    def events(self) -> Iterator[Event]:
        yield Progress("searching")
        named = self.library.find_ids(self.question.ids, self.question.numbers)
        if named:
            yield from self._tell(named)
            return
        evidence = self._current(gather(self.library, self.question, self.filters))
        self.clock.lap("search")
        self.verdict = decide(evidence, calibration_of(self.library))
        if self.verdict == "none":
            yield self._none(evidence)
            return
        if self.verdict == "partial":
            self.caveats.append("These records come near the question; check whether they answer it.")
        declined = False
        if self.settings.llm:
            yield Progress("writing")
            declined = yield from self._written(evidence)
        if declined:
            yield self._none(evidence)
            return
        if not self.claims:
            most = self.settings.max_sources if self.verdict == "answered" else min(DOUBTED, self.settings.max_sources)
            yield from self._quoted(compose(self.library, evidence, most))
        yield self._answer(self.question.kind)

    def _current(self, evidence: Evidence) -> Evidence:
        """The evidence without records that another one found takes the place of."""
        found = {hit.lesson_id for hit in evidence.hits}
        self.outdated = {hit.lesson_id: hit for hit in evidence.hits if hit.superseded_by in found}
        return replace(
            evidence,
            hits=tuple(hit for hit in evidence.hits if hit.lesson_id not in self.outdated),
            sentences=tuple(one for one in evidence.sentences if one.hit.lesson_id not in self.outdated),
        )

    def _tell(self, named: Sequence[str]) -> Iterator[Event]:
        """Records asked for by name are told, whatever else would match."""
        for lesson_id in named[: self.settings.max_sources]:
            evidence = gather(self.library, self.question, {**self.filters, "lesson_id": lesson_id})
            yield from self._quoted(tell(evidence.sentences))
        self.clock.lap("search")
        yield self._answer("factual-id") if self.claims else self._none(evidence)

    def _quoted(self, picked: Sequence[Sentence]) -> Iterator[Draft]:
        for sentence in picked:
            source = self.citations.cite(sentence.hit, sentence.start, sentence.end)
            yield self._draft(Claim(sentence.text, (source.n,), 1.0))

    def _written(self, evidence: Evidence) -> Generator[Draft, None, bool]:
        """Drafts of the model's sentences that its passages support; returns whether it found no answer in them."""
        marks = opaque_ids([f"{hit.source_id}:{hit.start}" for hit in evidence.hits])
        hits = dict(zip(marks, evidence.hits, strict=True))
        passages = [(mark, hit.text) for mark, hit in hits.items()]
        dropped, declined = 0, False
        try:
            for sentence in sentences(write(self.question.query, passages, self.settings), hits.keys()):
                if NO_ANSWER in sentence.text:
                    declined = True
                elif claim := self._proven(sentence, hits):
                    yield self._draft(claim)
                else:
                    dropped += 1
        except ModelError as error:
            self.caveats.append(f"{error.reason} {'The rest of the' if self.claims else 'The'} answer is quoted.")
        self.clock.lap("write")
        if dropped:
            what = "1 sentence" if dropped == 1 else f"{dropped} sentences"
            self.caveats.append(f"{what} of the language model had no support in the documents and were left out.")
        return declined and not self.claims

    def _proven(self, sentence: Written, hits: Mapping[str, Hit]) -> Claim | None:
        """The sentence with the quotes that support it; None without any."""
        numbers, best = [], 0.0
        for mark in sentence.cited:
            found = support(sentence.text, hits[mark].text, context=hits[mark].title)
            if found.supported:
                start = hits[mark].start
                numbers.append(self.citations.cite(hits[mark], start + found.start, start + found.end).n)
                best = max(best, found.score)
        return Claim(sentence.text, tuple(dict.fromkeys(numbers)), best) if numbers else None

    def _draft(self, claim: Claim) -> Draft:
        self.claims.append(claim)
        return Draft(claim, tuple(source for source in self.citations.sources if source.n in claim.citations))

    def _answer(self, kind: str) -> Answer:
        sources = self.citations.sources
        cited_ids = {source.lesson_id for source in sources}
        left_out = [
            f"“{hit.title}” ({hit.lesson_id}) is left out: {hit.superseded_by} supersedes it."
            for hit in self.outdated.values()
            if hit.superseded_by in cited_ids
        ]
        return Answer(
            question=self.question.text,
            kind=kind,
            verdict=self.verdict,
            claims=tuple(self.claims),
            sources=sources,
            caveats=(*self.caveats, *left_out, *caveats(sources, kind, date.today())),
            who_to_ask=tuple(who_to_ask(sources)),
            follow_ups=FOLLOW_UPS,
            took_ms=self.clock.took(),
        )

    def _none(self, evidence: Evidence) -> Answer:
        best: dict[str, Cited] = {}
        for hit in evidence.hits:
            if hit.lesson_id not in best and len(best) < NEAREST:
                start, end = (quotable(hit) or [(hit.start, hit.end)])[0]
                best[hit.lesson_id] = cited(len(best) + 1, hit, start, end)
        nearest = tuple(best.values())
        count = self.library.stats().lessons
        counted = NOT_COUNTED if self.question.kind in COUNTED else ""
        return Answer(
            question=self.question.text,
            kind=self.question.kind,
            verdict="none",
            nearest=nearest,
            caveats=tuple(self.caveats),
            who_to_ask=tuple(who_to_ask(nearest)),
            message=f"No lesson found: nothing in the {count:,} records clearly answers this question.{counted}",
            took_ms=self.clock.took(),
        )
