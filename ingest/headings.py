"""The vocabulary of lesson documents: which section a heading opens, however it is worded.

The vocabulary is the crosswalk of the field's own forms: NASA LLIS, the Army's AAR (TC 25-20), NATO's ODCR, DOE,
HSEEP, PRINCE2 and blameless post-mortems. A term counts as ambiguous where papers, articles and READMEs use it too.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Term(NamedTuple):
    """What a heading stands for; `clear` is False for a word that other kinds of document use as well."""

    key: str
    clear: bool


# key, clear synonyms, ambiguous synonyms; regular expressions over a normalised heading. The first row that fits wins.
_VOCABULARY: tuple[tuple[str, str, str], ...] = (
    (
        "planned",
        "what (was|were|did we|had we|had been)( \\w+){0,3} (plan|planned|intend|intended|expect|expected|supposed|"
        "set out|want|try|trying)( .+)?|what should have happened|commander's intent|success criteria|"
        "(expected|intended|planned) (outcome|result|behaviou?r|state)s?",
        "objectives?|goals?|intent|purpose|expectations?|expected|planned",
    ),
    (
        "recommendation",
        "what (can|could|should|will|would|shall) (we|i|you|be) (do|done|change|try)( .+)?|what would help( .+)?|"
        "what (we|i)('ll|'d| will| would) (do|change|like .+ to do)( .+)?|do differently( .+)?|next time|"
        "recommended (actions?|practices?|changes|solutions?)|prevent(ion of|ing) recurrence|"
        "(how|what) .*\\b(prevent(ing)?|avoid(ing)?) (it|this|that|them|recurrence)( .+)?|way forward",
        "recommendations?|suggest(ed|ions?)( improvements?)?|prevent(ion|ive measures)|improvements?|advice|"
        "(going|moving) forward|start( doing)?|try|long[- ]term (solution|fix)",
    ),
    (
        "improve",
        "(what|where|things)( \\w+){0,3} (wrong|badly|poorly|sideways)( .+)?|"
        "(what|things)( \\w+){0,2} (didn't|did not|wasn't|was not|not|less)( \\w+){0,2} "
        "(well|work|go|right|good|planned)( .+)?|"
        "(what|where|things)( \\w+){0,4} (better|improved?|improvement)|areas? (for|of|to) improve(ment)?s?|"
        "opportunit(y|ies) (for|to) improve(ment)?|shortfalls?|shortcomings|deficienc(y|ies)|pain points|lacked|"
        "mistakes( made)?|(problems|issues|difficulties) encountered",
        "improve|weakness(es)?|challenges?|gaps?|stop( doing)?|cons|negatives?|mad|sad|deltas?|difficulties|"
        "obstacles|failures?|pitfalls",
    ),
    (
        "sustain",
        "(what|things)( \\w+){0,3} (well|right|great|as planned)( .+)?|what (work(s|ed)|help(s|ed))( .+)?|"
        "sustain(s|ed|ment)?( (items|comments))?|(good|best) (work )?practices? (observed|identified)|"
        "what (should|to) (we )?(keep|sustain|continue)( .+)?|liked|glad",
        "strengths?|keep( doing)?|continue( doing)?|success(es)?|positives?|pros|wins|highlights|plus(es)?|"
        "(good|best|effective) (work )?practices?",
    ),
    (
        "luck",
        "(where|what|how) (did )?(we|i) (got|get|were) lucky( .+)?|luck|near[- ]miss(es)?|close calls?|"
        "what could have (happened|gone worse)( .+)?",
        "",
    ),
    (
        "detection",
        "how (did we|was (it|this)|we|were we) (find|found|detect|discover|notice|learn|alerted)( ?ed)?( .+)?|"
        "(mean )?time to detect(ion)?|early[- ]warning( signs?| indicators?)?|"
        "why .+ (caught|detected|noticed)( .+)?",
        "detection|discovery|alerting|monitoring",
    ),
    (
        "event",
        "what( actually| really)? (happened|occurred|took place|went on)( .+)?|how did (it|this) happen|"
        "what (we|i) (saw|see|observed|noticed|found|keep seeing)( .+)?|"
        "(driving|triggering) event|description of (event|incident|problem|mishap)|factual account|"
        "(event|incident|problem|mishap|accident|outage|issue) (description|details|narrative|statement)",
        "observations?|issues?|incidents?|events?|problems?|findings?|outage|narrative|story|actual|"
        "actual(ly)? (outcome|result|events?)s?|factual information",
    ),
    (
        "timeline",
        "time ?line|chronology|(sequence|chain) of events|(event|incident) log|incident timing",
        r"(.+ )?\d{1,2}:\d\d( ?[ap]m)?( [a-z]{2,4})?",
    ),
    (
        "impact",
        "who (was|were|is) affected|blast radius|(users?|customers?|business|mission|production) impacts?|"
        "affected (users|customers|services|systems|parties)",
        "impacts?|effects?|consequences?|damages?|extent|(wreckage|injuries|casualties)( and .+)?",
    ),
    (
        "cause",
        "(root|contributing|contributory|causal|proximate|probable|latent) (causes?|factors?|conditions?)( analysis)?|"
        "rca|((5|five) )?whys?|why (did|does) (it|this|that) happen|(underlying|core) (issue|problem)s?|"
        "what (caused|led to)( .+)?|fault tree( analysis)?",
        "causes?|triggers?|process breakdown|discussion|analysis|(human|other) factors|diagnosis|rationale|"
        "why (did|was|were|it) .+",
    ),
    (
        "response",
        "immediate (corrective )?(actions?|response|fix)( taken)?|(corrective )?actions? taken|steps taken|"
        "how (we|i|did we|was it) (fix|solv|resolv|recover|respond|mitigat)\\w*( .+)?|containment|"
        "resolution|recovery|incident response",
        "response|mitigations?|remediation|restoration|workarounds?|fix(es)?|solutions?|countermeasures?",
    ),
    (
        "lesson",
        "lessons?[- ](learned|learnt|identified|observed|from .+)( .+)?|"
        "what (did we|have we|we|i|we've|i've)( have)? learn(ed|t)?( .+)?|moral of story",
        "lessons?( \\d+)?|take-?aways?|learnings?|insights?|conclusions?|principles?|reflections?|final thoughts",
    ),
    (
        "action",
        "action[- ]?items?|(corrective|remedial|remediation|follow-?up|preventi(ve|on)|preventative) "
        "(and preventi(ve|on) )?(actions?|measures?|items?)|capa|improvement plan|"
        "action (plan|register|log|tracker|list)|who does what( by when)?|follow-?up (improvements?|work|tasks?)",
        "actions?|next steps?|follow[- ]?ups?|to-?dos?|tasks|tickets",
    ),
    (
        "evidence",
        "evidence of .+|recurrence control effectiveness|effectiveness (check|review)|benefits reali[sz]ed",
        "evidence|verification|validation|effectiveness|benefits",
    ),
    ("summary", "tl;?dr|bottom line( up front)?|bluf|in brief", "summary|overview|abstract|synopsis|at a glance"),
    ("questions", "(open|unanswered|unresolved|outstanding) (questions?|issues?|items?)", "questions?|unknowns?"),
    (
        "people",
        "",
        "att?endees|participants?|authors?|owners?|contributors|responders|facilitators?|people( involved)?|"
        "involved|pocs?|points? of contact|contacts?|originator|submitted by|prepared by|incident "
        "(lead|commander|manager)|acknowledge?ments?|owners? of .+|"
        "(.+[ -])?(pilot|crew|instructor|driver|operator|passenger|personnel|witness|contact) information",
    ),
    (
        "refs",
        "",
        "references?|links?|attachments?|resources?|related( .+)?|appendi(x|ces)( .+)?|annex(es)?( .+)?|"
        "see also|similar lessons|bibliography|glossary|information|further reading|screenshots?",
    ),
    (
        "meta",
        "",
        "metadata|info|details|(lesson )?id|lesson number|dates?( ?/ ?times?)?|(start|end|report|publish) dates?|title|"
        "status|severity|priority|duration|impact time|stats|statistics|classification|keywords?|tags?|topics?|type|"
        "categor(y|ies)|phase|location|unit|project|organi[sz]ation|mission directorates?|program relation|"
        "services? affected|(administrative|general|basic|document|record|aircraft|vehicle|vessel|train|equipment|"
        "meteorological|weather|airport|site|location|flight)( and [\\w/ -]+)? information( and .+)?",
    ),
)

_QUALIFIERS = (
    "key|main|major|general|overall|initial|incident|event|outage|lesson|project|mission|exercise|operational|"
    "customer|users?|user-facing|end-user|business|service|data|financial|schedule|technical|primary|secondary|"
    "underlying|direct|identified|likely|detailed|full|brief|executive|management|high-level|important|"
    "(short|medium|long)[- ]term|short|planned|proposed|suggested|specific|further|additional|supporting|useful|"
    "potential|significant|other|follow-?up|top|post-?mortem|summary of|statement of|deferred|remaining|"
    "architectural|process"
)

LONGEST = 90  # characters: anything longer is a sentence, not a heading
_SEPARATOR = re.compile(r"\s*(?:,|;|:|/|&|\+|\band\b|\s[-–—])\s*")
_MARKUP = (
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"[*_`#~>|]+"), " "),
    (re.compile(r"[’‘]"), "'"),
    (re.compile(r"\(s\)", re.I), "s"),
    (re.compile(r"^\W*(?:\(?(?:\d{1,2}(?:\.\d+)*|[a-z]|[ivx]{1,5})[.):]+|\(\d+\)|\d{1,2}(?:\.\d+)*)\s+", re.I), ""),
    (re.compile(r"\s*\((?:[^()]|\([^()]*\))*\)\W*$"), ""),
    (re.compile(r"^\W+|\W+$"), ""),
    (re.compile(r"^(?:the|our|a|an)\s+", re.I), ""),
    (re.compile(r"\bthe "), ""),
    (re.compile(r"\s+"), " "),
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY = (
    r"(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|"
    rf"(?:{_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH})(?:,? \d{{4}})?)"
)
_TIME = r"\d{1,2}[:.]\d\d(?::\d\d)?(?: ?[ap]m)?(?: [a-z]{2,4})?"
_STAMP = re.compile(
    rf"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )?(?:{_DAY}|(?:{_DAY},?[ T])?{_TIME})", re.I
)


def _pattern(column: int) -> re.Pattern[str]:
    rows = [(row[0], row[column].replace("(", "(?:")) for row in _VOCABULARY if row[column]]
    terms = "|".join(f"(?P<{key}>{synonyms})" for key, synonyms in rows)
    qualifiers = _QUALIFIERS.replace("(", "(?:")
    return re.compile(rf"(?:(?:{qualifiers}) )*?(?:{terms})(?: (?:of|on|for|from|to|in|during) .+)?")


_CLEAR, _AMBIGUOUS = _pattern(1), _pattern(2)


def normalise(heading: str) -> str:
    """The heading in lower case without markup, emoji, numbering, article, closing bracket or punctuation."""
    for pattern, replacement in _MARKUP:
        heading = pattern.sub(replacement, heading)
    return heading.lower().strip()


def term(heading: str) -> Term | None:
    """What the heading stands for, taken as a whole or, failing that, by its parts ("Impact & scope")."""
    words = normalise(heading)
    if not words or len(words) > LONGEST:
        return None
    whole = _lookup(words)
    if whole or not (parts := _SEPARATOR.split(words)[:2]):
        return whole
    found = [_lookup(part) for part in parts]
    return next((each for each in found if each and each.clear), found[0])


def section_key(heading: str) -> str | None:
    """The section a heading opens; None where it is none of the vocabulary's."""
    found = term(heading)
    return found.key if found else None


def is_stamp(heading: str) -> bool:
    """Whether the heading is nothing but a day or a time, as the entries of a timeline are."""
    return bool(_STAMP.fullmatch(heading.strip(" \t*_:.,-–—")))


def _lookup(words: str) -> Term | None:
    for pattern, clear in ((_CLEAR, True), (_AMBIGUOUS, False)):
        if (match := pattern.fullmatch(words)) and match.lastgroup:
            return Term(match.lastgroup, clear)
    return None
