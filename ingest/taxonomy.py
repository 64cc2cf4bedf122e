"""The closed lists that records are filed under, and the cues that show where in a text they belong.

The lists are a TOML file, `taxonomy.toml` beside this module unless an organisation names its own; what a cue may hold
is said at the top of it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from ingest.errors import BadSettings

_LISTS: Mapping[str, frozenset[str]] = {
    "topics": frozenset({"cues", "hints"}),
    "causes": frozenset({"cues", "factors", "unless"}),
    "phases": frozenset({"cues", "native"}),
    "severities": frozenset({"cues", "unless"}),
}
_GAP = r"(?:[^\w.,;]+(?!(?:of|between|for|from|to|and|that)\b)[\w']+){0,4}?[^\w.,;]+"  # up to four words of a phrase
_WORD = r"[\s\-]+"
_TOKEN = re.compile(r" ?\.\.\. ?| +|\*|[(|)?\[\]+]|\\.|[^ *(|)?\[\]+\\.]+|\.")


class Match(NamedTuple):
    """A cue in a text: whose it is (more than one where entries share it), its number among the cues, and where."""

    names: tuple[str, ...]
    cue: int
    start: int
    end: int


class Matcher:
    """Many cues as one pattern. Where two begin at the same place the longer one counts.

    `unless` finds for an entry the words beside which its cues mean something else.
    """

    def __init__(self, entries: Mapping[str, Sequence[str]], unless: Mapping[str, Matcher] | None = None) -> None:
        self.unless = unless or {}
        owners: dict[str, list[str]] = {}
        for name, cues in entries.items():
            for cue in cues:
                owners.setdefault(cue, []).append(name)
        ordered = sorted(owners, key=lambda cue: (cue[0] if cue[0].isalnum() else "", -len(cue)))
        self._names = [tuple(dict.fromkeys(owners[cue])) for cue in ordered]
        branches = []
        for first, group in groupby(ordered, key=lambda cue: cue[0] if cue[0].isalnum() else ""):
            # The mark stands after the cue: before it, the engine could not skip a branch by its first letter.
            optional = "|".join(f"{_regex(cue)[len(first) :]}()" for cue in group)
            branches.append(f"{first}(?:{optional})")
        self._pattern = re.compile(rf"\b(?:{'|'.join(branches)})" if branches else r"(?!)")

    def find(self, lowered: str, start: int = 0, end: int | None = None) -> Iterator[Match]:
        """The cues in `lowered[start:end]`, a text in lower case, in order; none overlaps another."""
        for match in self._pattern.finditer(lowered, start, len(lowered) if end is None else end):
            assert match.lastindex is not None
            yield Match(self._names[match.lastindex - 1], match.lastindex - 1, match.start(), match.end())


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The lists, each with its cues ready to be found."""

    topics: Mapping[str, Matcher]
    """By `cues` and `hints`, as are the others by their kinds of cue."""
    causes: Mapping[str, Matcher]
    phases: Mapping[str, Matcher]
    severities: Mapping[str, Matcher]

    def phase(self, stated: str) -> str | None:
        """The phase that a source's own words name, if they name only one."""
        matches = list(self.phases["native"].find(lower(stated)))
        named = {name for match in matches for name in match.names}
        return named.pop() if len(named) == 1 else None


@lru_cache(maxsize=4)
def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """The taxonomy in the file at `path`, else the packaged one. Raises `BadSettings` if the file cannot be used."""
    try:
        text = path.read_text(encoding="utf-8") if path else (files("ingest") / "taxonomy.toml").read_text("utf-8")
        return _taxonomy(tomllib.loads(text))
    except (OSError, ValueError, TypeError, AttributeError, re.error) as error:
        raise BadSettings(
            f"The taxonomy {path} cannot be used: {error}.", "Compare it with the packaged one, ingest/taxonomy.toml."
        ) from error


def lower(text: str) -> str:
    """`text` in lower case, every character at its own offset (`İ` alone would become two)."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(low if len(low := each.lower()) == 1 else each for each in text)
    return lowered.replace("’", "'")


def _taxonomy(raw: Mapping[str, Any]) -> Taxonomy:
    if unknown := raw.keys() - _LISTS.keys():
        raise ValueError(f"it has a list that nothing is filed under, {min(unknown)}")
    lists: dict[str, dict[str, Matcher]] = {}
    for name, kinds in _LISTS.items():
        entries = raw.get(name, {})
        for entry, given in entries.items():
            if unknown := given.keys() - kinds:
                raise ValueError(f"{name}, {entry}: there is no {min(unknown)} of it, only {', '.join(sorted(kinds))}")
            if not all(isinstance(cue, str) and cue.strip() for cues in given.values() for cue in cues):
                raise ValueError(f"{name}, {entry}: a cue is a text that is not empty")
        cues = {kind: {entry: given.get(kind, ()) for entry, given in entries.items()} for kind in kinds}
        unless = {entry: Matcher({entry: words}) for entry, words in cues.pop("unless", {}).items() if words}
        lists[name] = {kind: Matcher(of_kind, unless) for kind, of_kind in cues.items()}
    return Taxonomy(**lists)


def _regex(cue: str) -> str:
    """The cue as a regular expression over text in lower case."""
    parts = []
    for token in _TOKEN.findall(cue):
        if token.strip() == "...":
            parts.append(_GAP)
        elif token.isspace():
            parts.append(_WORD)
        elif token == "*":
            parts.append(r"\w*")
        elif token == "(":
            parts.append("(?:")
        elif token in "|)?[]+" or token.startswith("\\"):
            parts.append(token)
        else:
            parts.append(re.escape(token))
    return "".join(parts) + (r"\b" if re.search(r"[\w)?*]$", cue) and not cue.endswith("*") else "")
