"""What kind of document it is, by its name, its sections and, where it has none, its words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import get_args

from ingest.chapters import report_lessons
from ingest.headings import LONGEST, Term, normalise
from ingest.model import Kind, Maturity
from ingest.outcome import INCIDENT, OPENING
from ingest.parts import CONTENT, Part, said
from ingest.values import is_empty, is_pointer

FRONT_PAGE_SHARE = 0.3  # of the headings of a README or index that must be a lesson's
SHORT_NOTE = 800  # words: a first-person text up to this length is an account, a longer one an essay

_REVIEW = re.compile(
    r"after action|\baar\b|lessons? (learn|identif|log|register|book)|retrospective|debrief|hot ?wash|case study", re.I
)
_REPORT = re.compile(r"\b(?:accident|incident|mishap) (?:\w+ )?report\b|\bpost[- ]?mortem\b|\bafter[- ]action re", re.I)
_EVENT_REVIEW = re.compile(
    r"\b(?:post[- ]?)?(?:event|exercise|operation|mission|deployment|incident|project|implementation|season) "
    r"(?:re(?:view|port)|evaluation)\b|\bpost[- ]?(?:event|exercise|mission|deployment|project)\b",
    re.I,
)
_ANNOUNCED: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "aar",
        re.compile(
            r"\baars?\b|\bafter[- ]action\b|\bhot ?wash\b|\bdebrief(?:ing)?\b|"
            r"\bpost[- ]?(?:event|exercise|operation|mission|deployment) (?:re(?:view|port)|evaluation)\b",
            re.I,
        ),
    ),
    (
        "postmortem",
        re.compile(
            r"\b(?:accident|incident|mishap) (?:\w+ )?report\b|\bpost[- ]?mortem\b|"
            r"\bpost[- ]?incident re(?:view|port)\b",
            re.I,
        ),
    ),
    ("lessons", re.compile(r"\blessons? (?:learn(?:ed|t)|identified)\b", re.I)),
)
_METHOD = (
    r"\b(?:aar|after action(?: (?:review|report))?|post ?mortem|retrospective|lessons? learn(?:ed|t)|debrief(?:ing)?|"
    r"incident (?:review|report|response|management))s?"
)
_GUIDE = re.compile(
    rf"\b(?:how to|guide to|guid(?:ance|elines) (?:on|for)|conducting|running|writing|facilitating)(?: \w+){{0,4}} "
    rf"{_METHOD}|{_METHOD}(?: \w+){{0,2}} (?:guid(?:e|ance|elines?)|handbook|manual|checklist|playbook|policy|process|"
    r"procedure)\b",
    re.I,
)
_FORM = re.compile(rf"{_METHOD}(?: \w+){{0,2}} (?:template|form)\b|\b(?:template|form) for", re.I)
_FRONT_PAGE = re.compile(r"readme|index|contents?|toc", re.I)
_NOTICE = re.compile(
    r"(source|sources|provenance|licen[cs]e|copying|copyright|notice|changelog|changes|data[-_ ]?dictionary|codebook|"
    r"contributing|code[-_ ]of[-_ ]conduct|authors|citation)s?",
    re.I,
)
_PLACEHOLDER = re.compile(
    r"<%.*?%>|\{\{.*?\}\}|\[(?:insert|describe|list|brief|name|date|title|your|enter|who|what)\b[^\]\n]{0,80}\](?!\()|"
    r"<(?:insert|describe|name|date|title|your|enter)\b[^>\n]{0,80}>|YYYY-MM-DD|DD/MM/YYYY|lorem ipsum",
    re.I,
)
_PROMPT = re.compile(
    r"(?:please |briefly )*(?:describe|list|provide|explain|summari[sz]e|identify|enter|insert|fill in|state|specify|"
    r"outline)\b.*|.*\?",
    re.I,
)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_DECORATION = " \t*_()[].…>:|=-"
_INTERVIEW = re.compile(r"interview|oral history", re.I)
_QUESTION = re.compile(r"^[^\w\n]*(?:q|question|interviewer)\d*[ \t*_]*[:.][\s*_]", re.I | re.M)
_STATED_EVENT = re.compile(
    r"^[ \t>*_|•-]*(?:date (?:and time )?of (?:the )?(?:event|incident|accident|occurrence|observation)|"
    r"(?:event|incident|accident|occurrence) date|lesson (?:id|number|date))[ \t*_]*[:|][ \t*_|]*\w",
    re.I | re.M,
)
_CHECKBOX = re.compile(r"^[ \t]*[-*] \[([ xX])\]", re.M)
_CUES = (
    re.compile(r"\b(caused by|due to|because of|root cause|led to|resulted in|result of)\b", re.I),
    re.compile(
        r"\b(should have|lessons?\b|in (the )?future|we recommend|next time|in hindsight|learned|learnt)\b", re.I
    ),
    re.compile(
        r"\b(fail(ed|ure)|accident|incident|outage|injur\w+|damaged?|crash(ed)?|mishap|went wrong|broke)\b", re.I
    ),
)
_NUMBERED = re.compile(r"lesson(?: learned| learnt)? (?:no\.? ?)?#?\d{1,3}\b")
_FIRST_PERSON = re.compile(r"\bI (?:am|was|had|did|have|could|would|should|think|saw|felt|\w+ed)\b")
_PAST = re.compile(
    r"\b(?:was|were|had|did|went|came|took|broke|fell|found|lost|left|made|said|told|ran|saw|got|gave|kept|held|"
    r"struck|began|sent|stood|let|\w{2,}ed)\b",
    re.I,
)
_IMPERATIVE = frozenset({"action", "recommendation", "lesson"})
_SYMPTOMS = frozenset({"timeline", "cause", "impact", "action", "detection", "response"})


def kind_of(text: str, parts: Sequence[Part], name: str, stem: str, stated: Mapping[str, str]) -> Kind:
    """The kind of a document whose title and file name are `name`; what the file itself states as `kind` holds."""
    if native := stated_kind(stated):
        return native
    if _NOTICE.fullmatch(stem):
        return "reference"
    if _FORM.search(name) or _is_template(text, parts):
        return "template"
    if _GUIDE.search(name):
        return "guidance"
    front_page = bool(_FRONT_PAGE.fullmatch(stem))
    topic = bool(INCIDENT.search(name) or _REVIEW.search(name))
    if not front_page and report_lessons(text, parts, name):
        return "lessons"
    if _has_lessons(parts, topic, front_page):
        return shape(parts) or ("postmortem" if is_report(parts, name) else _announced_kind(text, name) or "narrative")
    if len(_QUESTION.findall(text)) >= 3 and _INTERVIEW.search(name + text[:OPENING]):
        return "interview"
    if front_page:
        return "narrative" if _tells(text) else "reference"
    if is_report(parts, name):
        return "postmortem"
    return _of_text(text, parts, name, topic)


def _of_text(text: str, parts: Sequence[Part], name: str, topic: bool) -> Kind:
    """The kind of a document whose sections say too little: what it is called, and whether its text tells a story."""
    reviewed = bool(_EVENT_REVIEW.search(name)) and any(part.own and part.own.key == "lesson" for part in parts)
    called = _announced_kind(text, name) or ("lessons" if reviewed else None)
    if called:
        return called
    told = topic or bool(_STATED_EVENT.search(text[: 2 * OPENING])) or _tells(text) or _recounts(text)
    return "narrative" if told else "reference"


def stated_kind(fields: Mapping[str, str]) -> Kind | None:
    """The kind that a file or row names in its own field."""
    kinds: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    return kinds.get(fields.get("kind", "").strip().lower())


def is_report(parts: Sequence[Part], name: str) -> bool:
    """Whether it is called the report of one incident and has sections about it."""
    keys = {part.own.key for part in parts if part.own}
    return (bool(_REPORT.search(name) or INCIDENT.search(name)) and len(keys) >= 3) or (
        bool(_REPORT.search(name)) and len(keys) >= 2
    )


def shape(parts: Sequence[Part]) -> Kind | None:
    """The kind that the sections make up, the most specific first."""
    keys = {part.own.key for part in parts if part.own}
    names = {normalise(part.section.heading) for part in parts}
    symptoms = len(keys & _SYMPTOMS)
    told = keys & {"timeline", "lesson", "improve", "recommendation"}
    shapes: tuple[tuple[Kind, bool], ...] = (
        ("llis", "driving event" in names or keys >= {"event", "lesson", "recommendation", "evidence"}),
        ("odr", _is_observation(parts)),
        ("aar", keys >= {"planned", "event"} and bool(keys & {"sustain", "improve", "cause", "recommendation"})),
        ("postmortem", symptoms >= 3 or (symptoms == 2 and bool(told))),
        ("retro", keys >= {"sustain", "improve"}),
        ("lessons", is_list(parts) or ("lesson" in keys and bool(keys & {"event", "cause", "recommendation"}))),
    )
    return next((kind for kind, fits in shapes if fits), None)


def is_list(parts: Sequence[Part]) -> bool:
    """A document that is headed "Lessons learned" and has at least two headings below, or that numbers its lessons."""
    titles = [part for part in parts if part.section.heading]
    if sum(bool(_NUMBERED.match(normalise(part.section.heading))) for part in titles) >= 2:
        return True
    return len(titles) > 2 and titles[0].own == Term("lesson", True) and titles[0].depth <= 2


def maturity(text: str, parts: Sequence[Part]) -> Maturity:
    """Never better than the text proves: a section that only says `TBD` proves nothing."""
    filled = {part.section.key for part in parts if not (is_empty(own := said(text, part)) or is_pointer(own))}
    actions = [text[part.body : part.section.end] for part in parts if part.section.key == "action"]
    ticks = [tick for action in actions for tick in _CHECKBOX.findall(action)]
    if "evidence" in filled or (ticks and " " not in ticks):
        return "lesson_learned"
    identified = filled & {"recommendation", "lesson"} or ("action" in filled and filled & {"cause", "improve"})
    return "lesson_identified" if identified else "observation"


def announced(text: str) -> list[str]:
    """What the first words of a text without a title call it: "accident report", "post-mortem", "AAR: Convoy"."""
    first = text.lstrip().partition("\n")[0].strip(_DECORATION)
    titled = len(first) <= LONGEST and any(pattern.match(first) for _, pattern in _ANNOUNCED)
    return [*_REPORT.findall(text[:OPENING]), *([first] if titled else [])]


def _is_template(text: str, parts: Sequence[Part]) -> bool:
    """Placeholders to fill in, or a form most of whose sections are blank or only say what to write."""
    placeholders = len(_PLACEHOLDER.findall(text))
    if placeholders >= 3 and placeholders * 125 >= len(text.split()):
        return True
    leaves = [
        part
        for part, following in zip(parts, [*parts[1:], None], strict=True)
        if part.own and part.own.key in CONTENT and not (following and following.depth > part.depth)
    ]
    blank = sum(_is_blank(text[part.body : part.section.end], part.section.key) for part in leaves)
    return len(leaves) >= 4 and blank * 2 > len(leaves)


def _is_blank(words: str, key: str | None) -> bool:
    """Whether there is nothing, or only what to write there; what should be done is told like that in earnest."""
    lines = [line.strip(_DECORATION) for line in _COMMENT.sub("", words).split("\n")]
    filled = [line for line in lines if line]
    return not filled or (key not in _IMPERATIVE and len(filled) <= 3 and all(map(_PROMPT.fullmatch, filled)))


def _has_lessons(parts: Sequence[Part], topic: bool, front_page: bool) -> bool:
    """The ambiguity guard: words that papers and READMEs use too count only beside others that they do not use."""
    content = {part.own for part in parts if part.own and part.own.key in CONTENT}
    keys, clear = {each.key for each in content}, {each.key for each in content if each.clear}
    headed = [part for part in parts if part.section.heading]
    share = sum(part.own is not None for part in headed[1:]) / max(1, len(headed) - 1)
    if front_page and share < FRONT_PAGE_SHARE:
        return False
    if _is_observation(parts):
        return True
    return len(clear) >= 2 or (len(keys) >= 2 and (topic or (bool(clear) and share >= 0.5))) or is_list(parts)


def _is_observation(parts: Sequence[Part]) -> bool:
    """Observation (or issue), discussion, recommendation: each word is common, the three together are not.

    Nor are two observations without a discussion.
    """
    names = [normalise(part.section.heading) for part in parts]
    keys = {part.own.key for part in parts if part.own}
    observed = sum(bool(re.match(r"observation|issue", name)) for name in names)
    least = 1 if {"discussion", "analysis"} & set(names) else 2
    return observed >= least and "recommendation" in keys


def _announced_kind(text: str, name: str) -> Kind | None:
    """What its title calls it, if the text tells of something that happened: an essay on the method does not.

    A report's name in the text of a document without a title is none: it may be in passing.
    """
    past = len(_PAST.findall(text))
    if past < 3 or past * 30 < len(text.split()):
        return None
    first = re.sub(r"[-_]+", " ", text.lstrip("# *\n").partition("\n")[0])
    titles = [each for each in name.split(" | ") if first.startswith(each) or not _REPORT.fullmatch(each)]
    return next((kind for kind, pattern in _ANNOUNCED if any(map(pattern.search, titles))), None)


def _tells(text: str) -> bool:
    """Whether text without sections tells what went wrong and why: all three kinds of cue, one per 150 words."""
    hits = [len(cue.findall(text)) for cue in _CUES]
    return all(hits) and sum(hits) * 150 >= len(text.split())


def _recounts(text: str) -> bool:
    """Whether a short note tells in the first person what somebody lived through and would have otherwise."""
    return len(text.split()) <= SHORT_NOTE and len(_FIRST_PERSON.findall(text)) >= 3 and bool(_CUES[1].search(text))
