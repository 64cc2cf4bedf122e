"""A question's way: understand → retrieve → rank → compose → verify → answer or decline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from assistant.addressed import plain, without_orders
from assistant.answer import Answer, Claim, Draft, Event, Progress, Verdict
from assistant.asked import followed, narrowed
from assistant.asserted import is_statement
from assistant.brief import Task, bearing, is_plan, tasks_of
from assistant.compose import compose, tell
from assistant.conflicts import conflicts
from assistant.counted import count
from assistant.evidence import ANSWERED_IN, Evidence, gather, without
from assistant.figure import states_figure
from assistant.follow_up import of_what_was_told
from assistant.marks import Written, sentences
from assistant.needs import Needs
from assistant.proof import by_meaning, support
from assistant.question import Question, understand
from assistant.reply import Reply
from assistant.settings import AssistantSettings
from assistant.sides import Side, sides_of
from assistant.verdict import calibration_of, verdict_of
from assistant.writer import NO_ANSWER, opaque_ids, write
from index.filters import NAMES, Filters, described
from index.hit import Hit
from index.library import Library
from ingest.errors import BadFilter, ModelError

SIDE_RECORDS, SIDE_WORDS = 2, 90  # of an answer that compares, for each side
OFF_TOPIC = "This is no question about the records. Ask what was learned, what went wrong, or how often."
TOLD_WITH = {"what-went-wrong": ("cause", "recommendation")}
"""The parts of the first record that an answer of this kind is told with."""
ENOUGH = 3  # sentences of a model: where others were not proven, fewer are completed by quotes
SAID_AGAIN = 3  # times that a model may write a sentence before it is going round in circles
DOUBTED = 2  # records quoted where it is not sure that they answer


class Assistant:
    """Answers questions from a library, with proof; quotes alone, or a language model's words where one is set.

    With `needs`, what it cannot answer is kept.
    """

    def __init__(self, library: Library, settings: AssistantSettings | None = None, needs: Needs | None = None) -> None:
        self.library = library
        self.settings = settings or AssistantSettings()
        self._needs = needs

    def over(self, library: Library, needs: Needs | None) -> Assistant:
        """The same assistant for another view of the library."""
        return Assistant(library, self.settings, needs)

    def ask(
        self,
        question: str,
        filters: Filters | None = None,
        history: Sequence[str] = (),
        ignore: Collection[str] = (),
    ) -> Answer:
        """The answer. `history` holds the earlier questions, oldest first. Raises `BadQuestion` or `BadFilter`.

        A filter that the question says in words ("since 2015") is added to `filters`, unless its name is in `ignore`.
        """
        for event in self.stream(question, filters, history, ignore):
            if isinstance(event, Answer):
                return event
        raise AssertionError("a stream ends with its answer")

    def stream(
        self,
        question: str,
        filters: Filters | None = None,
        history: Sequence[str] = (),
        ignore: Collection[str] = (),
    ) -> Iterator[Event]:
        """The same as it comes: `Progress`, then a `Draft` for each sentence that passed its check, then the `Answer`.

        Sentences of a draft keep their numbers in the answer.
        """
        if unknown := [name for name in ignore if name not in NAMES]:
            raise BadFilter(f"There is no filter {unknown[0]!r} to ignore.", f"Choose from: {', '.join(NAMES)}.")
        understood = understand(question, history, self.settings)
        asking = _Asking(self.library, self.settings, understood, filters or {})
        for event in asking.plan(tasks_of(question)) if is_plan(question) else asking.events(ignore):
            yield self._noted(event) if isinstance(event, Answer) else event

    def _noted(self, answer: Answer) -> Answer:
        """The answer, kept as a need where it leaves one."""
        if self._needs is None or answer.verdict == "answered" or answer.kind == "off-topic":
            return answer
        return replace(answer, asked=self._needs.note(answer, date.today()))


class _Asking(Reply):
    """One question on its way."""

    def events(self, ignore: Collection[str]) -> Iterator[Event]:
        yield Progress("searching")
        named = self.library.find_ids(self.question.ids, self.question.numbers)
        if named:
            yield from self._tell(named)
            return
        if self.question.kind == "off-topic":
            yield self.none(None, OFF_TOPIC)
            return
        counted = count(self, ignore)
        if counted:
            yield from counted
            return
        self._spell()
        sides = sides_of(self.question.query, self.library.facets()) if self.question.kind == "comparison" else None
        if sides:
            yield from self._compare(sides)
            return
        yield from self._answered(self._evidence(ignore))

    def _answered(self, evidence: Evidence) -> Iterator[Event]:
        """The answer from evidence whose verdict is known, written where there is a model, else quoted."""
        if self.question.before and self.verdict != "none":
            evidence, self.verdict, missing = of_what_was_told(self.library, self.question, evidence, self.verdict)
            self.caveats += missing
        self.clock.lap("search")
        if self.verdict == "none":
            yield self.none(evidence)
            return
        doubt = "These records come near the question and may not state what you ask; check them."
        thinned = 0
        if self.settings.llm:
            yield Progress("writing")
            declined, thinned = yield from self._written(evidence)
            if declined:
                if self.verdict == "partial":
                    yield self.none(evidence)
                    return
                self.verdict = "partial"
                doubt = "The language model found no answer in these records; judge for yourself."
        if self.verdict == "partial":
            self.caveats.append(doubt)
        if not self.claims or (thinned and len(self.claims) < ENOUGH):
            most = self.settings.max_sources if self.verdict == "answered" else min(DOUBTED, self.settings.max_sources)
            picked = compose(self.library, evidence, most, parts=TOLD_WITH.get(self.question.kind, ()))
            whom = list(self.owners(picked)) if self.question.kind == "who-knows" and not self.claims else []
            yield from whom or self.quoted([one for one in picked if not self.citations.covers(one.hit, one.start)])
        if self.question.wants_figure and not states_figure(self.question.text, [one.text for one in self.claims]):
            self.verdict = "partial"
            self.caveats.append("No figure was found in what these records say of it.")
        told = [source.lesson_id for source in self.citations.sources]
        self.conflicts = conflicts(self.library, evidence, self.citations, told)
        self.clock.lap("check")
        yield self.answer(self.question.kind)

    def plan(self, tasks: Sequence[Task]) -> Iterator[Event]:
        """A plan put in the place of a question: what was learned of each of its tasks."""
        yield Progress("searching")
        silent = []
        for task in tasks:
            found = [sentence for sentence, _ in bearing(self.library, task, self.filters)]
            yield from self.quoted(found, task.text)
            if not found:
                silent.append(task.text)
        self.clock.lap("search")
        if not self.claims:
            yield self.none(None, f"No lesson found for any of the {len(tasks)} tasks.")
            return
        if silent:
            self.verdict = "partial"
            self.caveats.append(f"No lesson found for: {'; '.join(silent)}.")
        yield self.answer("planning")

    def _spell(self) -> None:
        """Ask for what was meant where a word is a slip of the keyboard, and say so."""
        slips = self.library.respelt(self.question.query)
        if slips:
            slip = re.compile("|".join(rf"\b{word}\b" for word in slips))
            *before, said = (slip.sub(lambda at: slips[at[0]], text) for text in self.question.texts)
            self.question = replace(self.question, query=" ".join((*before, said)), before=tuple(before))
            told = ", ".join(f"“{right}” for “{slip}”" for slip, right in slips.items())
            self.caveats.append(f"Asked for {told}.")

    def _evidence(self, ignore: Collection[str]) -> Evidence:
        """What is found, narrowed down as the question says; where that leaves nothing, what there is elsewhere."""
        facets, today = self.library.facets(), date.today()
        asked = followed(lambda text: narrowed(text, facets, today), self.question.texts)
        said = {name: value for name, value in asked.filters.items() if name not in {*ignore, *self.filters}}
        out = {name: value for name, value in asked.without.items() if name not in ignore}
        left = asked.rest if re.search(r"\w", asked.rest) else self.question.query
        question = replace(self.question, query=left) if said or out else self.question
        evidence, self.verdict = self._found(question, said, out)
        if out:
            self.caveats.append(f"Records with {described(out)} are left out, as the question says.")
        if self.verdict == "none" and said:
            elsewhere, verdict = self._found(self.question, {}, out)
            if verdict != "none":
                self.caveats.append(f"No record with {described(said)} answers this; these are others.")
                self.verdict = "partial"
                return elsewhere
        self.filters |= said
        self.read = tuple(said)
        return evidence

    def _found(self, question: Question, said: Filters, out: Filters | None = None) -> tuple[Evidence, Verdict]:
        evidence = self._current(gather(self.library, question, {**self.filters, **said}))
        for name, value in (out or {}).items():
            evidence = without(evidence, name, value)
        return evidence, verdict_of(evidence, question.query, calibration_of(self.library))

    def _compare(self, sides: Sequence[Side]) -> Iterator[Event]:
        """Each side answered by itself, so that neither crowds out the other; what is not stated is said."""
        found = [self._of_side(side) for side in sides]
        self.clock.lap("search")
        verdicts = [verdict for _, verdict in found]
        if set(verdicts) == {"none"}:
            yield self.none(found[0][0])
            return
        self.verdict = "answered" if set(verdicts) == {"answered"} else "partial"
        told: list[tuple[int, int]] = []
        for side, (evidence, verdict) in zip(sides, found, strict=True):
            own = compose(self.library, evidence, SIDE_RECORDS, SIDE_WORDS) if verdict != "none" else []
            own = [one for one in own if (one.hit.source_id, one.start) not in told]  # of both, or of neither
            told += [(one.hit.source_id, one.start) for one in own]
            if not own:
                self.verdict = "partial"
                self.caveats.append(f"Nothing was found on {side.name}.")
            yield from self.quoted(own, side.name)
        yield self.answer(self.question.kind)

    def _of_side(self, side: Side) -> tuple[Evidence, Verdict]:
        question = replace(self.question, query=side.query)
        if side.filters.keys() & self.filters.keys():
            return self._found(question, {})
        evidence, verdict = self._found(question, side.filters)
        return (evidence, verdict) if verdict != "none" else self._found(question, {})

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
            yield from self.quoted(tell(evidence.sentences, ANSWERED_IN.get(self.question.kind, ())))
        self.clock.lap("search")
        yield self.answer("factual-id") if self.claims else self.none(evidence)

    def _written(self, evidence: Evidence) -> Generator[Draft, None, tuple[bool, int]]:
        """Drafts of the model's sentences that are proven; returns whether it found no answer, and how many are not."""
        marks = opaque_ids([f"{hit.source_id}:{hit.start}" for hit in evidence.hits])
        hits = dict(zip(marks, evidence.hits, strict=True))
        texts = {mark: without_orders(hit.text) for mark, hit in hits.items()}
        dropped, declined = 0, False
        said: Counter[str] = Counter()
        try:
            for sentence in sentences(write(self.question.query, list(texts.items()), self.settings), hits.keys()):
                said[sentence.text] += 1
                if said[sentence.text] > 1:
                    if said[sentence.text] > SAID_AGAIN:
                        break
                elif NO_ANSWER in sentence.text.upper():
                    declined = True
                elif claim := self._proven(sentence, hits, texts):
                    yield self.draft(claim)
                else:
                    dropped += 1
        except ModelError as error:
            self.caveats.append(f"{error.reason} {'The rest of the' if self.claims else 'The'} answer is quoted.")
        self.clock.lap("write")
        if dropped:
            what = "1 sentence" if dropped == 1 else f"{dropped} sentences"
            self.caveats.append(f"{what} of the language model had no support in the documents and were left out.")
        return declined and not self.claims, dropped

    def _proven(self, sentence: Written, hits: Mapping[str, Hit], texts: Mapping[str, str]) -> Claim | None:
        """The sentence with the quotes that support it; None without any.

        Where none that the model cites supports it, or it cites none as small models do, it is held to every passage.
        """
        said = plain(sentence.text)
        if not is_statement(said):
            return None
        found = self._support(said, sentence.cited, hits, texts)
        if not found:
            others = self._support(said, [mark for mark in texts if mark not in sentence.cited], hits, texts)
            found = sorted(others, key=lambda one: -one[0])[:1]
        if not found:
            return None
        numbers = dict.fromkeys(self.citations.cite(hits[mark], start, end).n for _, mark, start, end in found)
        return Claim(said, tuple(numbers), max(score for score, *_ in found))

    def _support(
        self, said: str, marks: Iterable[str], hits: Mapping[str, Hit], texts: Mapping[str, str]
    ) -> list[tuple[float, str, int, int]]:
        """Score, mark and span in the source of the quote of each passage that supports what is said."""
        found = []
        for mark in marks:
            best = support(said, texts[mark], context=hits[mark].title, similarity=by_meaning)
            if best.supported:
                found.append((best.score, mark, hits[mark].start + best.start, hits[mark].start + best.end))
        return found
