"""What a question that follows an answer up is about: a part of what was told, or records that were not."""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.answer import Verdict
from assistant.evidence import Evidence, without
from assistant.question import Question
from assistant.verdict import calibration_of, verdict_of
from index.library import Library

ASKED = {
    "procedural": ((("recommendation", "action", "improve"), ("lesson",)), "recommends anything"),
    "what-worked": ((("sustain",),), "says what worked well"),
}
"""By kind of question the sections it asks for, those of the first choice that are there, and what it means that there
are none."""
TOLD = 2  # best passages, whose records are those that were told
_ELSEWHERE = re.compile(
    r"\b(?:elsewhere|(?:any|some)where else|(?:others?|another) (?:\w+ )?(?:units?|places?|sites?|projects?|teams?|"
    r"records?|events?|cases?|incidents?|operations?|organi[sz]ations?))\b",
    re.I,
)


def of_what_was_told(
    library: Library, question: Question, evidence: Evidence, verdict: Verdict
) -> tuple[Evidence, Verdict, tuple[str, ...]]:
    """The part of the evidence that the question asks for, the verdict on it, and what is to be said of that."""
    if _ELSEWHERE.search(question.text):
        first = evidence.sentences[0].hit.lesson_id
        for one in (first, *(copy for copy, _ in library.get(first).similar)):
            evidence = without(evidence, "lesson_id", one)
        still = verdict_of(evidence, question.query, calibration_of(library))
        return evidence, "none" if still == "none" else "partial", ()  # whether it is the same is for the reader to say
    if question.kind not in ASKED:
        return evidence, verdict, ()
    choices, meaning = ASKED[question.kind]
    told = {hit.lesson_id for hit in evidence.hits[:TOLD]}
    for sections in choices:
        if part := tuple(one for one in evidence.sentences if one.hit.lesson_id in told and one.section in sections):
            return replace(evidence, sentences=part), verdict, ()
    return evidence, "partial", (f"Nothing in these records {meaning}.",)
