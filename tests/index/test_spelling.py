"""Slips of the keyboard in a question, told from words that the library does not have."""

import pytest

from index.analysis import words_of
from index.spelling import respelt

RARITY = {word: 1.0 + at for at, word in enumerate(words_of("rock valve landslide debris inspection ewpx rob"))}


def rarity(words):
    return {word: RARITY.get(word, 99.0) for word in words}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("landslde debri", {"landslde": "landslide"}),  # left out; "debri" is the stem of debris
        ("the vlave", {"vlave": "valve"}),  # exchanged
        ("inspectoin", {"inspectoin": "inspection"}),
        ("imported rok", {}),  # too short: "ntu", "ppe" and "karrow" are no slips
        ("valvve", {"valvve": "valve"}),  # put in
        ("vakve", {"vakve": "valve"}),  # another in its place
        ("die pumpen haben versagt weil das valvve", {}),  # another language
        ("waht was the vlave", {"vlave": "valve"}),  # what asks for nothing is left alone
        ("Vlave VLAVE v-lave", {}),  # names, capitals, parts of names
        ("kale stifle rigging", {}),  # words, though the library has none of them
        ("zzzzzz", {}),
        ("", {}),
    ],
)
def test_slips_are_put_right_and_words_are_left_alone(text, meant):
    assert respelt(text, rarity) == meant
