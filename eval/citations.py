"""Which records name which others in their text: by id, by the number of a lesson, or by their whole title."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

TITLE_WORDS = 4  # a shorter title is a phrase that anybody may write,
SURE_WORDS = 6  # and one shorter than this, unless its capitals are there too
TITLE_BYTES = 36  # of a title in a script without spaces
_WORD = re.compile(r"[^\W\d_]+|\d+")
_NUMERO = re.compile(r"\b(?:number|no|nr)\b\.?\s*(?=#?\d)", re.I)
_NUMBERED = re.compile(r"\blesson(?:s? learned(?=\s*(?:number|no\b|#)))?[\s/]*(?:number|no\.?)?[\s#]*(\d{3,})\b", re.I)

Name = tuple[str, ...]
"""A name's words and numbers, lower-cased and without leading zeros."""


def citations(records: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """For each record that names others, their ids; `records` holds titles and texts by id.

    Punctuation aside, "LLIS No. 0641" is `LLIS-641`, and so is "lesson 641" where no other series has that number.
    A short title counts in its own capitals only, and a name that several records share names none.
    """
    ids = _unique({id_: _name(id_) for id_ in records if _is_native(id_)})
    titles = _unique({id_: _name(title) for id_, (title, _) in records.items() if _tells(title)})
    numbers = _unique({id_: name[1:] for name, id_ in ids.items() if len(name) == 2 and name[1].isdigit()})
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for name in (*ids, *titles):
        lengths[name[0]].add(len(name))
    out = {}
    for id_, (title, text) in records.items():
        text = text.replace(title, "")  # it may begin with the title of another, or be the same
        names = [name for name in _names(text, lengths) if name in ids or _is_title(name, text, titles, records)]
        named = [ids.get(name) or titles.get(name) for name in names]
        named += [numbers.get(_name(found[1])) for found in _NUMBERED.finditer(text)]
        if others := tuple(dict.fromkeys(other for other in named if other and other != id_)):
            out[id_] = others
    return out


def mentions(text: str, name: str) -> bool:
    """Whether the words of a name stand in a text, whatever their capitals and what is between them."""
    words, said = (f" {' '.join(_name(each))} " for each in (name, text))
    return bool(words.strip()) and (words in said or name in text)  # the latter where words have no spaces between


def without(text: str, title: str) -> str:
    """The text with a space wherever the title stands in it."""
    return text.replace(title, " ") if title else text


def _names(text: str, lengths: Mapping[str, set[int]]) -> Iterator[Name]:
    """Every run of words that may be a name, by its first word and length."""
    words = _name(_NUMERO.sub("", text))
    for at, word in enumerate(words):
        for length in lengths.get(word, ()):
            yield words[at : at + length]


def _is_title(name: Name, text: str, titles: Mapping[Name, str], records: Mapping[str, tuple[str, str]]) -> bool:
    return name in titles and (len(name) >= SURE_WORDS or records[titles[name]][0].rstrip(" .") in text)


def _is_native(lesson_id: str) -> bool:
    """An id made of a file's name (`report#2`) is ours, not the organisation's; a bare word or number names nothing."""
    return "#" not in lesson_id and len({word.isdigit() for word in _name(lesson_id)}) == 2


def _tells(title: str) -> bool:
    return len(_name(title)) >= TITLE_WORDS or (not title.isascii() and len(title.encode()) >= TITLE_BYTES)


def _unique(names: Mapping[str, Name]) -> dict[Name, str]:
    held = Counter(names.values())
    return {name: id_ for id_, name in names.items() if held[name] == 1}


def _name(text: str) -> Name:
    return tuple(map(_plain, _WORD.findall(text)))


def _plain(word: str) -> str:
    return word.casefold().lstrip("0") or "0"
