"""What kind of question it is, told by its words."""

from __future__ import annotations

import re

BY = {
    "unit": r"cent(?:er|re)s?|units?|organi[sz]ations?|departments?|divisions?|directorates?|teams?|sites?|offices?",
    "project": r"projects?|operations?|program(?:me)?s?|missions?|exercises?",
    "year": r"years?|annum",
    "quarter": r"quarters?",
    "month": r"months?",
    "outcome": r"outcomes?|results?",
    "cause": r"(?:root |main )?causes?|reasons?",
    "topic": r"topics?|categor(?:y|ies)|subjects?|themes?|kinds?|types?|sorts?",
    "kind": r"kinds? of (?:records?|documents?)|types? of (?:records?|documents?)",
    "severity": r"severit(?:y|ies)",
    "phase": r"(?:project )?phases?",
    "owner": r"owners?|roles?",
}
RECORDS = (
    r"lessons?(?: learned)?|records?|reports?|entries|entry|items?|incidents?|events?|cases?|documents?|reviews?|"
    r"findings?|post-?\s?mortems?|near[- ]miss(?:es)?|close calls?|failures?|success(?:es)?|mishaps?|accidents?|"
    r"observations?|interviews?|retro(?:spective)?s?|aars?|after[- ]action reviews?"
)
_ADJECTIVES = r"(?:(?!of\b)[\w&-]+\s+){0,3}?"
_COUNT = re.compile(
    rf"\bhow many\s+{_ADJECTIVES}(?:{RECORDS})\b|\b(?:number|count)\s+of\s+{_ADJECTIVES}(?:{RECORDS})\b"
    rf"|\bhow many of (?:them|those|these)\b|\b(?:which|what|list|show)\b.{{0,30}}\b(?:{RECORDS}|actions?)\b.{{0,20}}"
    r"\b(?:is|are|remain) (?:still |not yet )?(?:open|unresolved|outstanding|unfinished|not closed)\b"
    rf"|\bhow many times\b|\bcount\s+(?:the|all)\b|\bhow often (?:have|has|did|do we (?:see|report|record))\b",
    re.I,
)
_MOST = re.compile(
    rf"\b(?:least|most) (?:common|frequent|often|reported|recorded)\b|\btop \w+\s+(?:{'|'.join(BY.values())})\b"
    rf"|\b(?:which|what) (?:{'|'.join(BY.values())})\b.*\b(?:most|least|fewest|more (?:often|frequently))\b",
    re.I,
)
_OFTEN = r"again and again|repeatedly|over and over|(?:three|several|many) times|more than (?:once|twice)|most often"
_ADVISED = re.compile(
    rf"\b(?:recommend\w*|advi[cs]e\w*)\b.*\b(?:{_OFTEN})\b"
    r"|\b(?:repeated|recurring|most (?:common|frequent)) recommendations?\b",
    re.I,
)
_AGAIN = re.compile(
    r"\blessons? (?:were |was )?(?:identified,? )?(?:but |and )?(?:never |not )(?:yet )?learn(?:ed|t)\b"
    r"|\b(?:what|which)\b.{0,40}\b(?:keeps?|kept) (?:on )?(?:happening|recurring|repeating|failing|coming back)\b"
    r"|\b(?:which|what) (?:events?|failures?|incidents?|mistakes?|mishaps?) (?:were|are|have been|did we) repeat\w*"
    r"|\b(?:repeated|recurring) (?:events?|failures?|incidents?|mistakes?|mishaps?)\b",
    re.I,
)
_TREND = re.compile(
    r"\btrends?\b|\bover (?:the )?(?:years|time|months|quarters)\b|\b(?:go|going|gone|went) (?:up|down)\b"
    r"|\b(?:each|per|every|by) (?:year|quarter|month)\b"
    r"|\b(?:increas|decreas|ris|fall)(?:ed|ing|en)\b.*\b(?:number|reports?)\b",
    re.I,
)
COUNTED = frozenset({"count", "most-common", "trend", "repeated-advice", "repeated-events"})
"""Kinds that are answered by counting all records."""
_KINDS: tuple[tuple[str, str], ...] = (
    (
        "off-topic",
        r"^\W*(please\s+|can you\s+|could you\s+)?"
        r"(write|compose|draft|translate|sing|rhyme|paint|draw|play|remind|book|order|calculate|solve)\b"
        r"|^\W*(hi|hello|hey|thanks|thank you|good (morning|afternoon|evening))\b[\w ]{0,20}\W*$"
        r"|\bweather\b.*\b(today|tomorrow|tonight|this week|forecast)\b|\b(tell|make) (me |us )?a joke\b",
    ),
    (
        "comparison",
        r"\bcompar|\bdiffer(s|ed|ence|ences|ent|ently)?\b|\bversus\b|\bvs\b"
        r"|\b(better|worse|faster|cheaper|safer) than\b|\band\b.{3,60}\b(each|respectively)\b",
    ),
    (
        "who-knows",
        r"^\W*who\b.*\b(knows?|asks?|speak|talk|turn|contact|call|tell|help|advise|owns?|owners?|responsible|charge|"
        r"experienced?|expertise|experts?|worked|works|deals?|dealt|handles?|leads?|runs?|looks? after)\b"
        r"|\bwhom?\b.*\b(ask|speak|talk|turn|contact|call)\b|\bexperts?\b|\bperson to (ask|contact)\b",
    ),
    (
        "planning",
        r"\b(i|we)('m| am|'re| are)\s+(about to|going to|planning|taking|running|starting|moving|building|buying)\b"
        r"|\b(i|we)('ll| will)\b|\bplan(ning)? to\b|\bnext (week|month|year|\w+day)\b.*\bwe\b",
    ),
    (
        "recurrence",
        r"\b(more than once|again and again|keeps? (on )?\w+ing|repeat(s|ed|edly)?|recur(s|red|ring|rence)?|twice"
        r"|more than one|happened (before|elsewhere|again))\b",
    ),
    ("has-anyone", r"\b(has|have|did) (any|some)(one|body|\b)|\bhave we ever\b|\bever\b|\bany experience\b"),
    ("what-worked", r"\bwork(ed|s) (well|best)\b|\bwent well\b|\bsuccess|\bwhat (has )?worked\b|\bpay off\b"),
    ("what-went-wrong", r"\b(went|go|goes|gone) wrong\b|\bfail(ed|ure|s)?\b|\bcause[ds]?\b|^\W*why\b"),
    ("procedural", r"\bhow (do|does|should|can|to)\b|\bshould\b|\bprecautions?\b|\brecommend|\bbest (way|practice)"),
)


def kind_of(text: str) -> str:
    """One of the `COUNTED`, of the kinds above, or else `factual`."""
    counted = _counts(text)
    return counted or next((kind for kind, pattern in _KINDS if re.search(pattern, text, re.I)), "factual")


def _counts(text: str) -> str | None:
    """One of the `COUNTED` for a question about all records; None for one about what they say."""
    if _ADVISED.search(text):
        return "repeated-advice"
    if _AGAIN.search(text):
        return "repeated-events"
    if _MOST.search(text):
        return "most-common"
    counted = _COUNT.search(text) is not None
    over_time = _TREND.search(text) is not None
    if over_time and (counted or re.search(rf"\b(?:{RECORDS})\b", text, re.I)):
        return "trend"
    return "count" if counted else None
