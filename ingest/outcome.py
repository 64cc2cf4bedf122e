"""The outcome that nobody stated, by the kind of event, the sections there are and the words of the opening."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ingest.model import NOT_LESSONS, Kind, Outcome, Provenance
from ingest.values import Found

OPENING = 1000  # characters at the start of a lesson whose words tell what kind of event it was

INCIDENT = re.compile(r"post-?\s?mortem|incident|outage|accident|mishap|\bcrash\b|root cause", re.I)
_NEAR_MISS = re.compile(r"\bnear[- ]miss|\bclose call", re.I)
_SUCCESS = re.compile(
    r"\b(best|good|preferred|reliability|recommended) practices?\b|\bmaintainability technique|\bworked (very )?well\b|"
    r"\bsuccess (story|factor)",
    re.I,
)
_FAILED = (
    r"fail(ed|ures?|s|ing)?|mishaps?|accidents?|incidents?|anomal\w+|damag\w+|injur\w+|fatal\w*|outages?|explo(?:d\w*|sions?|sive\w*)|"
    r"leak\w*|ruptur\w+|loss|lost|crash\w*|broken?|malfunction\w*|overruns?|delay\w*|contaminat\w+|errors?|problems?|"
    r"unable|violat\w+|inadvertent\w*|deficien\w+|burn(ed|s)?|unsafe"
)
_FAILURE = re.compile(rf"\b({_FAILED})\b", re.I)
_TROUBLE = re.compile(
    rf"\b({_FAILED}|impacts?|impacted|difficult(y|ies)?|short(age|fall)s?|unaccept\w+|inadequa\w+|insufficient\w*|"
    r"lack(ed|ing|s)?|hamper\w*|severed|struck|fell|dropped|obstacles?|conflicts?|unexpected\w*|discrepan\w+|"
    r"degrad\w*|corrosion|missed|unsuccessful\w*|not (followed|performed|detected|tested|properly|adequately)|"
    r"could not|did not|was not|were not|abort\w*|scrubb\w+|stuck|jammed|cracks?|cracked|poor(ly)?|confus\w+|"
    r"unauthorized|incorrect\w*|improper\w*|mistak\w+|shorted|never)\b",
    re.I,
)
_LEAST_FAILURES, _LEAST_TROUBLES = 2, 3  # different words: one alone may be in passing


def outcome(
    text: str, span: tuple[int, int], title: str, kind: Kind, sections: Mapping[str, Provenance]
) -> Found | None:
    """The outcome that nobody stated and what shows it: the kind of event, the `sections` there are, the opening words.

    None where nothing shows one. A report of an incident is a failure even where it says what went well.
    """
    if kind in NOT_LESSONS:
        return None
    opening = min(span[1], span[0] + OPENING)

    def cue(pattern: re.Pattern[str], least: int = 1) -> Provenance | None:
        matches = list(pattern.finditer(text, span[0], opening))
        if len({match.group().lower() for match in matches}) >= least:
            return Provenance("text", *matches[0].span())
        return Provenance("heading") if pattern.search(title) else None

    def section(*keys: str) -> Provenance | None:
        return next((sections[key] for key in keys if key in sections), None)

    rules: tuple[tuple[Outcome, Provenance | None], ...] = (
        ("near_miss", cue(_NEAR_MISS)),
        ("failure", section("cause", "impact", "timeline") if kind == "postmortem" else None),
        ("failure", cue(INCIDENT) if kind in ("postmortem", "narrative") else None),
        ("mixed", section("improve") if sections.keys() >= {"sustain", "improve"} else None),
        ("failure", section("cause", "impact", "improve")),
        ("success", section("sustain") or cue(_SUCCESS)),
        ("failure", cue(_FAILURE, _LEAST_FAILURES) or cue(_TROUBLE, _LEAST_TROUBLES)),
    )
    return next((Found(name, shown) for name, shown in rules if shown), None)
