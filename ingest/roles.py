"""Roles, never names: who was involved is told by what they do."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PERSONS = (
    r"managers?|officers?|leads?|leaders?|engineers?|directors?|chief|head|commanders?|co-?ordinators?|supervisors?|"
    r"administrators?|specialists?|boss|captain|secretary|facilitators?|moderators?|scribe|operators?|technicians?|"
    r"analysts?|architects?|planners?|inspectors?|instructors?|trainers?|pilots?|controllers?|dispatchers?|medics?|"
    r"paramedics?|nurses?|superintendent|foreman|advis[eo]rs?|investigators?|responders?|owners?|developers?|"
    r"scientists?|contractors?|observers?|evaluators?|drivers?|sergeant|forecasters?|storekeepers?|physicians?|"
    r"doctors?|clerks?|assistants?|mechanics?|electricians?|chair|chairman|warden|representatives?|consultants?|"
    r"accountants?|surveyors?|designers?|buyers?|testers?|auditors?|pharmacists?|surgeons?|stewards?|editors?"
)
_BODIES = (
    r"engineering|team|office|desk|group|department|board|committee|liaison|on-?call|crew|staff|squad|unit|section|"
    r"branch|division|command|authority"
)
_OFFICES = rf"{_PERSONS}|{_BODIES}"
_DEPARTMENTS = (
    r"ops|operations|hr|qa|sre|it|security|facilities|logistics|finance|procurement|maintenance|safety|legal|devops|"
    r"platform|infrastructure|support|training|communications|quality|purchasing|engineering|management|projects?"
)
ROLE = re.compile(rf"\b(?:{_OFFICES})\b", re.I)
_ONLY = re.compile(rf"(?:the )?(?:{_DEPARTMENTS})(?:(?:\s*[/&+-]\s*|\s+)(?:{_DEPARTMENTS}))*", re.I)
_PHRASE = re.compile(
    rf"(?P<before>(?:\w[\w&/'’-]*[ -]){{0,4}}?)(?P<office>{_OFFICES})\b"
    rf"(?P<between>(?:(?: [\w&/'’-]+){{0,2}}[ -](?:{_OFFICES})\b)?)"
    rf"(?P<of> (?:of|for)(?: the)?(?: [\w&-]+){{1,3}}| in charge\b| \d{{1,2}}\b)?",
    re.I,
)
_PARTS = re.compile(r"\s*(?:[,;:()\[\]|\n]|\s[-–—]\s)\s*")
_LEADING = re.compile(r"(?:(?:the|an?|our|their|all|\d+|one|two|three|four|five|six|seven|eight|nine|ten) )+", re.I)
_BETWEEN = frozenset(
    "to ask asks by with in from via at on is was were are be been has have had will should must would can that this "
    "which who whom told tell inform contact help helped send sent see as into it not no or but present".split()
)
_QUALIFIERS = frozenset(
    "deputy senior junior chief lead assistant associate general technical test project program programme site shift "
    "duty system systems software hardware flight launch ground mission incident exercise response emergency fire "
    "medical water power network data product service customer regional district field plant control risk change "
    "configuration planning design construction transport fleet night day on call human resources public affairs "
    "information health environment environmental supply warehouse lifting crane electrical mechanical structural "
    "thermal propulsion avionics mission payload vehicle cyber physical process production manufacturing contract "
    "contracts account delivery release reliability integration verification validation technology watch station "
    "area branch base camp community liaison recovery evaluation lessons knowledge records energy pump rescue air "
    "traffic range pad cargo fuel stage drill exercise review action post mortem first second third principal the and "
    "of for in acting interim national local commercial digital depot convoy tanker workshop stores store shelter "
    "office road".split()
)
_NOUN = re.compile(r".{2,}(?:ing|tion|sion|ment|ity|ics|ance|ence|ery|ship|ices?|ture|ical|als|ions|ings|ments|ent)")
_FORENAMES = frozenset(
    "adam ahmed alan albert alex alexander ali alice amy ana andrea andrew angela ann anna anne anthony antonio "
    "arthur barbara ben benjamin beth bob brian bruce carl carlos carol caroline catherine charles charlotte chris "
    "christian christine claire clare colin craig daniel david deborah diana donald dorothy edward elena elizabeth "
    "ella emily emma eric eva fatima fiona francis frank gary george gerald giles greg hannah hans harry hassan "
    "heather helen henry hugh ian ibrahim ines irene isabel ivan jack jacob james jan jane janet jason jean jeff "
    "jennifer jessica jim joan joe johan john jonathan jorge jose joseph josh joshua juan judith julia julie karen "
    "karl kate katherine keith kelly ken kevin kim kumar larry laura lauren lee leo linda lisa louis louise lucas "
    "lucy luis luke maria marie mario martha martin mary matthew maya megan mia michael michelle miguel mike "
    "mohamed mohammed monica muhammad nancy natalie nicholas nick nicole nina oliver olivia omar oscar pablo pamela "
    "patricia patrick paul paula pedro peter philip pierre priya rachel raj ralph rebecca richard robert roberto "
    "roger ron rosa ruth ryan sam samantha samuel sandra sara sarah scott sean sharon simon sofia sophia sophie "
    "stephanie stephen steve steven stuart susan teresa thomas tim timothy tom tony vera victor victoria vincent "
    "walter wei wendy william yusuf zoe".split()
)
_SURNAMES = frozenset("driver sergeant steward clerk chair warden head chief boss doctor officer buyer nurse".split())
_CAPITAL = r"[A-Z][\w'’-]*[a-z]"
_NAMED = re.compile(
    rf"\b(?:Dr|Mr|Mrs|Ms|Miss|Prof|Professor|Capt|Captain|Sgt|Sergeant|Lt|Col|Maj|Cpl|Sir)\.? (?P<titled>{_CAPITAL}"
    rf"(?: {_CAPITAL})?)|\b(?P<given>{_CAPITAL})(?: [A-Z]\.)? (?P<family>{_CAPITAL})(?=(?P<office>, | \(| [–—-] )?)"
)


def is_role(value: str) -> bool:
    """Whether the value names a role or a part of the organisation rather than a person."""
    return bool(ROLE.search(value) or _ONLY.fullmatch(value.strip()))


def names_in(text: str) -> frozenset[str]:
    """The words, in lower case, that the text shows to be of persons' names: after "Dr", and before a comma and a role.

    A word that follows a forename is one, too ("Jane Roe").
    """
    found: set[str] = set()
    for match in _NAMED.finditer(text):
        if match["titled"]:
            found.update(word for word in match["titled"].lower().split() if not _is_known(word))
            continue
        words = (match["given"].lower(), match["family"].lower())
        follows = match["office"] and (part := _PARTS.split(text[match.end() + len(match["office"]) :][:60])[0])
        if any(_is_known(word) or ROLE.fullmatch(word) for word in words):
            continue
        if words[0] in _FORENAMES or (follows and (role := _PHRASE.fullmatch(part)) and ROLE.search(role.group())):
            found.update(words)
    return frozenset(found)


def role_in(value: str, names: frozenset[str] = frozenset()) -> tuple[int, int] | None:
    """Where in the value the first role stands; None where there is none. `names` are words known to be of names.

    "Jane Roe, test lead" and "Jane Roe Test Lead" give the test lead, "Safety Manager Jane Roe" the Safety Manager.
    """
    return next(roles_in(value, names), None)


def roles_in(value: str, names: frozenset[str] = frozenset()) -> Iterator[tuple[int, int]]:
    """Where each role stands in a list of people, one between two commas, brackets or dashes at most."""
    at = 0
    for part in _PARTS.split(value):
        start = value.index(part, at)
        at = start + len(part)
        if _ONLY.fullmatch(part):
            yield start, at
        elif span := _role_of(part, names):
            yield start + span[0], start + span[1]


def is_whole_role(value: str, names: frozenset[str] = frozenset()) -> bool:
    """Whether the value is a role from its first letter to its last."""
    words = value.strip()
    return bool(words) and role_in(words, names) == (0, len(words))


def final_role(said: str, names: frozenset[str] = frozenset()) -> tuple[int, int] | None:
    """Where a role stands in capitals at the end of a line whose cells nothing parts.

    "Sealed drums in the load list Deployment Manager" gives the Deployment Manager.
    """
    run = re.search(r"(?:(?<=\s)|^)(?:[A-Z][\w'’/-]*|&)(?: (?:[A-Z][\w'’/-]*|&|of|and|for|the))*$", said)
    if not run or run.start() == 0:  # all in capitals: where the action ends is not to be told
        return None
    span = role_in(run.group(), names)
    return (run.start() + span[0], len(said)) if span and run.start() + span[1] == len(said) else None


def role_of_handle(handle: str) -> str | None:
    """The role that an `@handle` stands for ("sre-team"); None for a person's."""
    words = re.sub(r"[-_.]+", " ", handle).strip()
    known = all(_is_known(word.lower()) for word in words.split())
    return words if words and known and is_role(words) else None


def _role_of(part: str, names: frozenset[str]) -> tuple[int, int] | None:
    match = _PHRASE.search(part)
    if not match:
        return None
    words = list(re.finditer(r"\S+", match["before"]))
    inside = match.start() > 0
    for place in range(len(words) - 1, -1, -1):
        if words[place].group().lower() in _BETWEEN and not words[place].group().isupper():
            words, inside = words[place + 1 :], True  # a sentence, of which the role is what follows
            break
    lead = _LEADING.match("".join(f"{each.group()} " for each in words))
    words = words[len(lead.group().split()) :] if lead else words
    before = [each.group() for each in words]
    kept = _after_name(before, match["office"], names, inside)
    start = match.start() + words[-kept].start() if kept else match.start("office")
    end = match.end("office")
    between = match["between"].split()
    if not {each.lower() for each in between} & _BETWEEN and _after_name(between, "Lead", names, False) == len(between):
        end = match.end("between")
        named = any(word.lower() in names | _FORENAMES for word in (match["of"] or "").split())
        end = match.end() if not named else end
    return None if _is_surname(part[start:end], before, kept) else (start, end)


def _after_name(words: list[str], office: str, names: frozenset[str], inside: bool) -> int:
    """How many of the words before an office belong to the role: those after the last that is of a person's name."""
    capitals = [word for word in words if _is_doubtful(word, names)]
    if not capitals:
        return len(words)
    last = max(place for place, word in enumerate(words) if _is_doubtful(word, names))
    named = any(word.lower() in names or word.lower() in _FORENAMES for word in words)
    several = len(capitals) > 1 and not any(_NOUN.fullmatch(word.lower()) for word in words)
    sentence_case = office[0].isupper() or (last == 0 and len(capitals) == 1)
    return len(words) - last - 1 if named or several or inside or not sentence_case else len(words)


def _is_doubtful(word: str, names: frozenset[str]) -> bool:
    """Whether a word could be of a person's name: in capitals, and neither an abbreviation nor known to be none."""
    if word.lower() in names or word.lower() in _FORENAMES:
        return word[:1].isupper()
    return word[:1].isupper() and not (word.isupper() and len(word) > 1) and not _is_known(word.lower())


def _is_surname(role: str, words: list[str], kept: int) -> bool:
    """Whether an office that is also a surname ("Minnie Driver") follows what may be a forename."""
    last = role.split()[-1]
    if last.lower() not in _SURNAMES or not last[0].isupper() or not words:
        return False
    before = words[-1]
    return kept == 0 or not (_is_known(before.lower()) or _NOUN.fullmatch(before.lower()) or before.islower())


def _is_known(word: str) -> bool:
    pieces = list(filter(None, re.split(r"[-/&]", word)))
    return all(each in _QUALIFIERS or ROLE.fullmatch(each) or _ONLY.fullmatch(each) for each in pieces)
