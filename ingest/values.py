"""How a stated value reads: whether it says anything, and as which id, address, name, label, outcome or topics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from ingest.crosswalk import FIELDS, normal
from ingest.model import Outcome, Provenance, Severity


class Found(NamedTuple):
    """A field's value and where it came from."""

    value: str
    provenance: Provenance


LONGEST_NAME = 100  # characters of a project, unit or owner: anything longer is a sentence
LONGEST_ID = 64
LONGEST_TOPIC = 60
LONGEST_LABEL = 60

_EMPTY = re.compile(
    r"\W*|\[[A-Za-z][^\]'\"]*\]|<[A-Za-z][^>:@]*>|(none|n/?a|null|nil|nan|tb[dcas](\b.{0,20})?|unknown|blank|"
    r"see abstract|no comments( added)?|"
    r"not (applicable|specified|available|known|yet)|to be (determined|confirmed|added|completed))\W*",
    re.I,
)
_POINTED_AT = (
    r"(?:lessons?|lesson\(s\)|recommendations?|recommendation\(s\)|observations?|driving events?|abstract|summary|llis|"
    r"description|discussion|sections?|attach\w*|report|records?|entry|entries|above|below|previous)"
)
_POINTER = re.compile(
    rf"\W*(?:please )?(?:see|refer to|reference|same as|as|cf\.?)(?: also| the| our| nasa)*[\s:]+{_POINTED_AT}"
    rf"(?: (?:of |in )?(?:the )?(?:{_POINTED_AT}|learned|learnt|driving event|no\.?|number|id))*"
    r"(?:\W{0,3}(?:(?:no\.?|number|and|llis)\W{0,2})*#?[A-Z]*[-_]?\d[\w.-]*)*\W*",
    re.I,
)
_ID_WORD = re.compile(r"[\w(\"'#%][^\s,;]*")
_OUTCOMES: tuple[tuple[Outcome, str], ...] = (
    ("near_miss", r"near[- _]?miss|close call"),
    ("mixed", r"mixed|both"),
    ("failure", r"fail|negative|incident|accident|mishap|problem|\bred\b|\byellow\b|improve|loss"),
    ("success", r"success|positive|best practice|good (work )?practice|\bgreen\b|sustain|strength"),
)
_SEVERITIES: tuple[tuple[Severity, str], ...] = (
    (
        "critical",
        r"\bsev(?:erity)?[- ]?[01]\b|\bp[- ]?[01]\b|critical|catastroph|\bfatal|serious|\bred\b|urgent|blocker|disast",
    ),
    ("major", r"\bsev(?:erity)?[- ]?2\b|\bp[- ]?2\b|major|high|severe|significant|\byellow\b|caution"),
    (
        "minor",
        r"\bsev(?:erity)?[- ]?[3-5]\b|\bp[- ]?[3-5]\b|minor|\blow|medium|moderate|negligible|marginal|trivial|\bblue\b",
    ),
)
_MARKS = frozenset(
    "public internal restricted confidential secret unclassified classified official sensitive private proprietary "
    "privileged protected controlled cui fouo sbu noforn limdis itar tlp".split()
)
_BESIDE_MARKS = frozenset(
    "a as b be but by c clear commercial company confidence d distribution document e eu external f for general "
    "government green highly in information is nato no not of only or personal red amber release releasable rel "
    "s staff statement strict strictly to top ts u uk unlimited us usa use white".split()
)
_TLP = re.compile(r"(?:tlp[\s:-]*)?(red|amber(?:\+strict)?|green|white|clear)")
_CLOSING = frozenset("restricted confidential secret cui fouo sbu noforn limdis itar tlp".split())
"""Marks that hardly stand first in anything but a marking."""
_LISTED = 3  # words of a label that stands in a list; what has more is prose
_BETWEEN_LABELS = re.compile(r"\s*[,;]\s*|(?:^|\n)\s*-\s+")
_LEADING = re.compile(r"\W*(restricted|confidential|secret|top secret)\s*[-–—/|;,:]", re.I)
_BETWEEN_TOPICS = re.compile(r"\s*[,;»|\n]\s*|\s+>\s+")


def is_empty(value: str) -> bool:
    """Whether the value only says that there is none (`n/a`, `TBD`, `not specified`, a dash)."""
    # In brackets stands what a template wants to have filled in, or a marking.
    return bool(_EMPTY.fullmatch(value)) and not (value.startswith(("[", "<")) and _is_marking(value))


def is_pointer(value: str) -> bool:
    """Whether the value only sends the reader elsewhere ("See Lesson(s) Learned", "See lesson 641")."""
    return len(value) <= LONGEST_NAME and bool(_POINTER.fullmatch(value))


def as_name(value: str) -> str | None:
    """A project, unit, phase or owner; None for a sentence."""
    name = value.strip()
    return name if name and len(name) <= LONGEST_NAME and not is_pointer(name) else None


def as_id(value: str) -> str | None:
    """A native id: one word with a digit or a hyphen in it, or up to three of capitals and digits ("OE 2021 05")."""
    native = value.strip().rstrip(".,;")
    if len(native) > 1 and native[0] == native[-1] and native[0] in "\"'`":
        native = native[1:-1].strip()
    words = native.split()
    if len(native) > LONGEST_ID or not 1 <= len(words) <= 3 or not all(map(_ID_WORD.fullmatch, words)):
        return None
    if len(words) == 1:
        return native if re.search(r"\d|\w-\w", native) else None
    return native if re.search(r"\d", native) and native.upper() == native else None


def as_access(value: str, *, outright: bool = True, field: bool = False) -> str | None:
    """Labels that say who may read something, in the form in which they are compared, `; ` between them.

    Where its name does not say `outright` that it is one, only what says so itself is taken: "Official-Sensitive",
    "TLP:AMBER", "Internal use only". Of what explains itself ("Restricted - ask before you share it") the first word.
    A sentence is none, unless it fills a `field`, which holds nothing else: what is too long for a label is then cut,
    so that it closes the record to all who do not hold every label.
    """
    leading = _LEADING.match(value)
    labels = _labels(value)
    several = len(labels) > 1 and all(len(each.split()) <= _LISTED for each in labels)
    if not (outright or _is_marking(value) or (several and leading) or (field and not leading and _is_closing(value))):
        return leading[1].lower() if leading else None
    label = "; ".join(labels)
    if is_pointer(label) or not label:
        return None
    if several or len(label) <= LONGEST_LABEL:
        return label
    if leading and (len(labels) == 1 or not field):
        return leading[1].lower()
    return "; ".join(dict.fromkeys(each[:LONGEST_LABEL].rstrip() for each in labels)) if field else None


def joined_access(labels: Iterable[str]) -> str:
    """Several labels as one: a reader must hold every part of each."""
    return "; ".join(dict.fromkeys(part for label in labels for part in access_parts(label)))


def access_parts(access: str | None) -> list[str]:
    """The parts of a label, all of which a reader must hold; none where there is no label."""
    return access.split("; ") if access else []


def _labels(value: str) -> list[str]:
    bare = (" ".join(each.split()).strip(" \t,.;:*_`'\"[](){}<>") for each in _BETWEEN_LABELS.split(value.lower()))
    found = list(dict.fromkeys(filter(None, bare)))
    return [_coloured(each) if len(found) == 1 or each.startswith("tlp") else each for each in found]


def _coloured(label: str) -> str:
    colour = _TLP.fullmatch(label)
    return f"tlp:{colour[1]}" if colour else label


def _is_marking(value: str) -> bool:
    words = set(re.findall(r"\w+", value.lower()))
    return not words.isdisjoint(_MARKS) and words <= _MARKS | _BESIDE_MARKS


def _is_closing(value: str) -> bool:
    """Whether it opens with a marking, whatever follows ("NATO Secret until the inquiry is closed")."""
    words = re.findall(r"\w+", value.lower())
    return next((word in _CLOSING for word in words if word in _CLOSING or word not in _MARKS | _BESIDE_MARKS), False)


def row_fields(row: Mapping[str, str], columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The crosswalk's fields of a row, each from the first of its columns that says something; labels from all."""
    given = {field: [value for name in names if (value := row.get(name, ""))] for field, names in columns.items()}
    marked = given.pop("marking", [])
    labels = [(value, as_access(value, field=True)) for value in given.get("access", []) if not is_empty(value)]
    labels += [(value, as_access(value, outright=False, field=True)) for value in marked if not is_empty(value)]
    said = [(value, label) for value, label in labels if label]
    given["access"] = [said[0][0]] if len(said) == 1 else [joined_access(label for _, label in said)] if said else []
    return {field: values[0] for field, values in given.items() if values}


def as_url(value: str) -> str | None:
    """The first web address in the value."""
    match = re.search(r"https?://[^\s<>\")\]]+", value)
    return match.group() if match else None


def as_outcome(value: str) -> Outcome | None:
    """The outcome that a source's own word stands for ("Near miss", "Green", "Good work practice")."""
    normalised = value.strip().lower().replace(" ", "_")
    words: Mapping[str, Outcome] = {name: name for name in get_args(Outcome)}
    return words.get(normalised) or next((name for name, cues in _OUTCOMES if re.search(cues, value, re.I)), None)


def as_topics(value: str) -> str | None:
    """A source's topics, one after the other with `; ` between them, as they stand; None where there are none."""
    pieces = (re.sub(r"^(?:&|and)\s+", "", piece).strip(" \t-•*[]'\"#") for piece in _BETWEEN_TOPICS.split(value))
    topics = [each for each in pieces if 1 < len(each) <= LONGEST_TOPIC and not is_empty(each)]
    named = [each for each in topics if normal(each) not in FIELDS["topics"]]  # a form's own label, left in its list
    return "; ".join(dict.fromkeys(named)) or None


def as_severity(value: str) -> Severity | None:
    """The severity that a source's own word stands for ("SEV-1", "P2", "High", "Red/Urgent").

    None for a bare number, which every scale reads in its own way, and for what is no severity ("Green").
    """
    return next((level for level, pattern in _SEVERITIES if re.search(pattern, value, re.I)), None)
