"""Put right a slip of the keyboard: a word that nobody writes, one letter from one that the library has.

What English has is known from a list of 160,000 words (pyspellchecker, which also makes the texts one edit away, as in
Norvig, "How to write a spelling corrector", 2007) and from the packaged encoder's vocabulary. Names and words in
capitals are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from index.analysis import STOP_WORDS, words_of
from index.embedder import PACKAGED, locate
from index.encoder_recipe import Recipe

_WORD = re.compile(r"(?<![\w-])[a-z]{3,30}(?![\w-])")
SHORTEST = 5  # letters: a shorter word that nobody knows is a name or an acronym
_NEVER = "\0"

Rarity = Callable[[Sequence[str]], Mapping[str, float]]


def respelt(text: str, rarity: Rarity) -> dict[str, str]:
    """The words of a text that are slips, each with what was meant: a frequent word of the library, one letter away.

    `rarity` gives the inverse document frequency of stemmed words, the highest for one that is nowhere.
    """
    slips = {}
    words = dict.fromkeys(_WORD.findall(text))
    strange = [word for word in words if not _is_english(word) and not _there(words_of(word), rarity)]
    if 2 * len(strange) > len(words) and len(words) > 2:
        return {}  # in another language
    for word in strange:
        if len(word) >= SHORTEST:
            edits = [edit for edit in sorted(_speller().edit_distance_1(word)) if _WORD.fullmatch(edit)]
            if STOP_WORDS.intersection(edits):
                continue  # "waht" asks for nothing
            near = {edit: stems[0] for edit in edits if (stems := words_of(edit))}
            found = _there(list(near.values()), rarity)
            known = [edit for edit, stem in near.items() if stem in found and not _speller().unknown([edit])]
            if known:  # first letters are rarely wrong, and letters left out are the most frequent slip
                slips[word] = min(
                    known, key=lambda edit: (edit[0] != word[0], len(edit) <= len(word), found[near[edit]], edit)
                )
    return slips


def _there(words: Sequence[str], rarity: Rarity) -> dict[str, float]:
    """Those of the words that the library has, with their rarity."""
    found = rarity([*words, _NEVER])
    return {word: found[word] for word in words if found[word] < found[_NEVER]}


def _is_english(word: str) -> bool:
    return word in _pieces() or not _speller().unknown([word])


@cache
def _speller() -> Any:
    from spellchecker import SpellChecker

    return SpellChecker(distance=1)


@cache
def _pieces() -> frozenset[str]:
    from tokenizers import Tokenizer

    return frozenset(Tokenizer.from_file(str(Recipe.of(Path(locate(PACKAGED))).tokenizer)).get_vocab())
