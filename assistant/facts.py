"""What can be checked in a text without understanding it: numbers, dates, names, identifiers, negations, words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise


def _listed(words: str) -> dict[str, int]:
    """The words of a list with their places in it."""
    return {word: place for place, word in enumerate(words.split())}


Number = tuple[float, str]
"""A value in its base unit. A date is up to three: the year (no unit), `month` and `day of month`."""

DATED = ("month", "day of month")
"""The units of a date's parts, which are no numbers of anything."""

_UNIT_TABLE = """
m 1 m metre meter; m 1000 km kilometre kilometer; m 0.01 cm centimetre centimeter; m 0.001 mm millimetre millimeter
ft 1 ft foot feet; inch 1 inch inches in.; mile 1 mile mi; nmi 1 nmi; yard 1 yard yd; s 1 s sec second; s 0.001 ms
s 60 min minute; s 3600 h hr hour; s 86400 day; s 604800 week; month 1 month; year 1 year yr; g 1 g gram; g 1000 kg
g 1000 kilogram; g 0.001 mg milligram; g 1e6 tonne; ton 1 ton; lb 1 lb lbs pound; oz 1 oz ounce; V 1 V volt VDC VAC
V 1000 kV kilovolt; V 0.001 mV; A 1 A amp ampere; A 0.001 mA; W 1 W watt; W 1000 kW kilowatt; W 1e6 MW megawatt
Hz 1 Hz hertz; Hz 1000 kHz; Hz 1e6 MHz; Hz 1e9 GHz; N 1 N newton; J 1 J joule; Pa 1 Pa pascal; Pa 1000 kPa; Pa 1e6 MPa
bar 1 bar; psi 1 psi psia psig; °C 1 °C; °F 1 °F; K 1 K kelvin; ° 1 ° degree deg; % 1 % percent pct; $ 1 $ dollar USD
€ 1 € euro EUR; £ 1 £; l 1 l litre liter; gal 1 gal gallon; B 1 byte; B 1e3 KB kB; B 1e6 MB; B 1e9 GB; B 1e12 TB
dB 1 dB decibel; rpm 1 rpm RPM; knot 1 knot kt; mph 1 mph; km/h 1 km/h kph; m/s 1 m/s; g-force 1 G"""
_UNITS = {
    name: (base, float(factor))
    for base, factor, *names in (entry.split() for entry in re.split(r"[;\n]", _UNIT_TABLE.strip()))
    for name in names
}
_TIMES = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12.0}
_SMALL = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS = _listed("zero ten twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = _listed("zeroth first second third fourth fifth sixth seventh eighth ninth tenth")
_MONTHS = _listed("- jan feb mar apr may jun jul aug sep oct nov dec")


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_SHORT = {name for name in _UNITS if len(name) < 4}
_UNIT = rf"(?:{_any(_SHORT)}|(?i:{_any(_UNITS.keys() - _SHORT)})s?|(?:yr|hr|lb|sec|min|gal|amp|ton|day)s)(?!\w)"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_TOKEN = re.compile(
    rf"""
    (?P<iso>\b\d{{4}}-\d\d-\d\d\b)
  | (?P<date>
      (?:\b\d{{1,2}}(?:st|nd|rd|th)?\ (?:of\ )?)?\b{_MONTH}(?:\ \d{{1,2}}(?:st|nd|rd|th)?\b)?(?:,?\ \d{{4}}\b)?)
  | (?P<ordinal>\b\d+(?:st|nd|rd|th)\b)
  | (?P<number>(?:(?<![\w.)-])-)?(?<![\w.])(?:\d+(?:\.\d+)?|\.\d+)(?!\w*[:/.]\d)
      (?:[\ -](?i:{_any(_TIMES)})\b)?(?:[\ -]?{_UNIT}|(?!\w)))
  | (?P<identifier>\b(?=[^\W\d_][\w/-]*\d)\w+(?:[-/]\w+)*|\b\d[\w]*(?:[:/.]\d+|[^\W\d])\w*(?:[-:/.]\w+)*)
  | (?P<cue>\b(?i:not(?!\ only\b)|no(?!\ (?:later|more|less|fewer)\b|\.)|never|without|none|nobody|nothing|neither|nor
      |nicht|kein\w*|nie|niemals|ohne|jamais|sans|pas|nunca|jamás
      |cannot|\w+n't|unable(?:\ to)?|fail(?:s|ed|ing|ure|ures)?\ to|lack(?:s|ed|ing)?(?:\ of)?|absence\ of)\b)
  | (?P<word>[^\W\d_]+(?:'[^\W\d_]+)?)
  | (?P<mark>[.!?:;,()"“”—–•])
    """,
    re.VERBOSE,
)
_STOP = _listed(
    "a an the this that these those it its he she his her they them their we us our you your i me my who whom"
    " whose which what where when why how and or but nor so yet if then than as at by for from in into of off on"
    " onto out over to up with within about after again against all also although am among any are because been"
    " before being between both can could did do does done down due during each either etc else even ever every"
    " few further had has have having here however just least less like many may might more most much must no not"
    " now often one only other others own per quite rather same shall should since some such there therefore"
    " thereby through thus too under until upon very via was were while will would dr mr mrs ms is be able"
    " according still well"
)
_CLAUSE = _listed(
    "but when because until before after while although which who whom if so since where whereas unless though"
)
_PHRASE = _listed("and or in on at by for from to with into during under through as due that between via upon")
_VERBAL = _listed("is was are were has have had did does will would can could should may might must")
_COMMON = re.compile(r".*(?:s|ing|ly|ion|ment|ity|ance|ence|ure|er|or|al|ive|able|ible)")
_YEARS = 1500, 2100  # a bare number between them is a year
_NEAR = 4  # words after a number in which stands what it counts
_SCOPE = 3  # words a negation denies: "did not close the vent valve"
_PREFIXED = re.compile(r"(?:un(?=.{4})|(?:in|im|ir|il|dis|non)(?=.{6}))(.+)")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The English stem of a word (Porter 2), lower case, without a possessive."""
    import snowballstemmer  # type: ignore[import-untyped]

    # A stemmer keeps state while it works: one each, so that threads do not mix their words.
    return str(snowballstemmer.stemmer("english").stemWord(re.sub(r"'s?$", "", word.lower())))


@dataclass(frozen=True, slots=True)
class Token:
    """`stem` is empty for anything but a content word; `fresh` tells that a capital here may only open a sentence."""

    kind: str
    text: str
    stem: str = ""
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """A negation with the words it denies and those before it in its clause, each by its position in the text."""

    text: str
    denied: dict[int, str]
    subject: dict[int, str]

    def meets(self, other: Cue) -> bool:
        """Whether both may deny the same, whichever way around it is put: no test was run, the test was not run."""
        ours, theirs = {*self.denied.values()}, {*other.denied.values()}
        return bool(ours & {*theirs, *other.subject.values()} or theirs & {*self.subject.values()})


class Facts:
    """The facts of `text`. `known` are stems known to be names, for a name that only a sentence's opening shows."""

    def __init__(self, text: str, known: Set[str] = frozenset()) -> None:
        """Read `text`."""
        self.text = _plain(text)
        self.tokens = tuple(_tokens(self.text))
        self.numbers = _numbers(self.tokens)
        self.identifiers = tuple(dict.fromkeys(t.text for t in self.tokens if t.kind == "identifier"))
        self.words = {token.stem: token.text for token in self.tokens if token.stem}
        self.stems = frozenset(stem(word) for word in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", self.text))
        self.names = frozenset(_names(self.tokens, known))
        self.capitals = tuple(t.text for t in self.tokens if t.stem and t.text[0].isupper())

    @property
    def content(self) -> frozenset[str]:
        """The stems of the words that tell something."""
        return frozenset(self.words)

    def spelled_out(self, short: str) -> tuple[str, ...]:
        """The capitalised words whose initials make the acronym `short`, if they are here one after the other."""
        if not (short.isupper() and len(short) > 1):
            return ()
        at = "".join(word[0] for word in self.capitals).find(short)
        return self.capitals[at : at + len(short)] if at >= 0 else ()

    def counted(self) -> Iterator[tuple[float, str, str]]:
        """Each bare number with the word right after it, which it counts, stemmed, and both as they were read."""
        for token, following in pairwise(self.tokens):
            if token.kind == "number" and following.stem:
                for value, unit in _values(token):
                    if not unit and not _YEARS[0] <= value <= _YEARS[1]:
                        yield value, following.stem, f"{token.text} {following.text}"

    def counts(self, value: float, what: str) -> bool:
        """Whether the word (stemmed) stands soon after the number, or right before it as in a table."""
        return any(
            what in (*self._beside(at, 1, _NEAR), *self._beside(at, -1, 1))
            for at, token in enumerate(self.tokens)
            if value in (had for had, _ in _values(token))
        )

    def _beside(self, at: int, step: int, most: int) -> Iterator[str]:
        """The stems of the next few words up to a mark, going forwards or backwards."""
        seen = 0
        while 0 <= (at := at + step) < len(self.tokens) and seen < most:
            token = self.tokens[at]
            joined = {one.text for one in self.tokens[max(0, at - 2) : at]} & {"of", "to", "or"}  # two of the seven
            if token.kind == "mark" or (token.kind == "number" and not joined):
                return
            if token.stem:
                seen += 1
                yield token.stem

    def cues(self, other: Set[str]) -> list[Cue]:
        """The negations; "unavailable" is one where the `other` text speaks of "available" only."""
        found = []
        for at, token in enumerate(self.tokens):
            prefixed = _PREFIXED.fullmatch(token.text.lower()) if token.stem and token.stem not in other else None
            hidden = stem(prefixed[1]) if prefixed else ""
            if token.kind == "cue" or hidden in other:
                denied = dict(self._walk(at, 1)) if token.kind == "cue" else {at: hidden}
                found.append(Cue(token.text, denied, dict(self._walk(at, -1))))
        return found

    def affirmed(self, cues: Iterable[Cue], *, loosely: bool) -> set[str]:
        """The stems that stand at least once where none of `cues` denies them; `loosely` counts subjects as denied."""
        denied = {at for cue in cues for at in (*cue.denied, *(cue.subject if loosely else ()))}
        return {token.stem for at, token in enumerate(self.tokens) if token.stem and at not in denied}

    def _walk(self, at: int, step: int) -> Iterator[tuple[int, str]]:
        """Positions and stems of the next few content words of the clause, going forwards or backwards."""
        seen = 0
        while 0 <= (at := at + step) < len(self.tokens) and seen < _SCOPE:
            token, lower = self.tokens[at], self.tokens[at].text.lower()
            if token.kind in ("mark", "cue") or lower in _CLAUSE or (seen and lower in _PHRASE):
                return
            if token.stem:
                seen += 1
                yield at, token.stem


@lru_cache(maxsize=1024)
def facts_of(text: str) -> Facts:
    """The facts of a text, kept because an answer's sentences are checked against the same passages."""
    return Facts(text)


def identifier(text: str) -> re.Pattern[str]:
    """Finds the identifier however it is punctuated: STS-51L, STS 51-L, sts51l."""
    runs = re.findall(r"\d+|[^\W\d_]+", text)
    pattern = runs[0]
    for left, right in pairwise(runs):
        pattern += (r"[\W_]" if left.isdigit() and right.isdigit() else r"[\W_]?") + right
    return re.compile(rf"(?<![^\W_]){pattern}(?![^\W_])", re.IGNORECASE)


def _plain(text: str) -> str:
    """One way of writing each thing: straight apostrophes, digits for number words, units and acronyms without dots."""
    text = " ".join(text.replace("’", "'").replace("−", "-").replace("\N{NON-BREAKING HYPHEN}", "-").split())
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"\b(?:[A-Z]\.){2,}", lambda found: found[0].replace(".", ""), text)
    text = re.sub(r"\s*(?:°|º|\bdeg(?:ree)?s?\b\.?)\s*([CF])(?:elsius|ahrenheit)?\b", r" °\1", text)
    text = re.sub(r"\bper cent\b", "percent", text, flags=re.IGNORECASE)
    text = re.sub(r"([$€£])\s?(\d+(?:\.\d+)?)(\s(?:[mb]illion|thousand))?\b", r"\2\3 \1", text)
    text = re.sub(rf"\b(?:a|one)(?=\s(?:{_any(_TIMES)})\b)", "1", text, flags=re.IGNORECASE)
    text = re.sub(rf"\bone(?=[\s-]{_UNIT})", "1", text, flags=re.IGNORECASE)
    tens = rf"\b({_any(_TENS.keys() - {'zero', 'ten'})})(?:[\s-]({_any(_SMALL)}))?\b"
    text = re.sub(tens, lambda m: str(10 * _TENS[m[1].lower()] + _SMALL.get((m[2] or "").lower(), 0)), text, flags=re.I)
    text = re.sub(rf"\b(?:{_any(_SMALL.keys() - {'one'})})\b", lambda m: str(_SMALL[m[0].lower()]), text, flags=re.I)
    return re.sub(
        rf"\b(?:{_any(_ORDINALS.keys() - {'zeroth', 'first', 'second'})})\b",
        lambda m: f"{_ORDINALS[m[0].lower()]}th",
        text,
        flags=re.I,
    )


def _tokens(text: str) -> Iterator[Token]:
    fresh, title = True, False
    for found in _TOKEN.finditer(text):
        kind, said = str(found.lastgroup), found[0]
        if kind == "date" and not re.search(r"\d", said) and (said.islower() or said[:3].lower() in ("mar", "may")):
            kind, said = "word", said.rstrip(".")  # "may", "march" and "mar" are months only beside a number
        content = kind == "word" and (said.lower() not in _STOP or (said.isupper() and len(said) > 1))
        yield Token(kind, said, stem(said) if content else "", fresh)
        fresh = kind == "mark" and said in '.!?:"“”•' and not title
        title = said.lower() in ("dr", "mr", "mrs", "ms")


def _names(tokens: tuple[Token, ...], known: Set[str]) -> Iterator[str]:
    """The stems of capitalised words that are not just the first of a sentence."""
    for token, following in zip(tokens, (*tokens[1:], Token("mark", "")), strict=False):
        if not token.stem or token.text.islower():
            continue
        followed = bool(following.stem) and following.text.istitle()
        inner = not token.text[1:].islower() and len(token.text) > 1
        opening = not _COMMON.fullmatch(token.text) and (following.text in _VERBAL or following.text.endswith("ed"))
        if not token.fresh or followed or inner or opening or token.text.endswith("'s") or token.stem in known:
            yield token.stem


def _numbers(tokens: tuple[Token, ...]) -> dict[Number, str]:
    """Every number with the words it was read from; the ends of a range share the unit of its end."""
    found: dict[Number, str] = {}
    bare: float | None = None
    for token in tokens:
        for value, unit in _values(token):
            found.setdefault((value, unit), token.text)
            if bare is not None and unit and token.kind == "number":
                scale = next(factor for base, factor in _UNITS.values() if base == unit)
                found.setdefault((round(bare * scale, 9), unit), token.text)
            bare = value if not unit else None
        if token.kind not in ("number", "mark") and token.text.lower() not in ("to", "and", "or"):
            bare = None
    return found


def _values(token: Token) -> Iterator[Number]:
    """The numbers that a token states."""
    digits = [float(run) for run in re.findall(r"-?(?:\d+(?:\.\d+)?|\.\d+)", token.text)]
    if token.kind == "iso":
        year, month, day = (float(part) for part in token.text.split("-"))
        yield from ((year, ""), (month, "month"), (day, "day of month"))
    elif token.kind == "date":
        yield float(_MONTHS[re.sub(r"[^a-z]|st|nd|rd|th|of", "", token.text.lower())[:3]]), "month"
        yield from ((value, "" if value > 31 else "day of month") for value in digits)
    elif token.kind == "ordinal":
        yield digits[0], "th"
    elif token.kind == "number":
        rest = re.sub(r"^-?[\d.]+[\s-]?", "", token.text)
        times = re.match(rf"(?:{_any(_TIMES)})\b\s?-?", rest, re.IGNORECASE)
        name = rest[times.end() :] if times else rest
        spellings = (name, name.lower(), name.lower().rstrip("s"))
        base, factor = next((_UNITS[one] for one in spellings if one in _UNITS), ("", 1.0))
        yield round(digits[0] * (_TIMES[times[0].strip(" -").lower()] if times else 1.0) * factor, 9), base
