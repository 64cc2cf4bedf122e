"""Vectors that are remembered."""

import numpy as np

from index.memory import Memory


class Maker:
    """A vector tells of its text by its length; keeps what it was asked to make."""

    def __init__(self):
        self.made = []

    def __call__(self, texts):
        self.made.append(list(texts))
        return np.array([[len(text), 1] for text in texts], np.float32).reshape(-1, 2)


def test_each_text_is_made_once_and_in_its_place():
    memory, make = Memory(10), Maker()
    assert memory.vectors(["a", "bb", "a"], make).tolist() == [[1, 1], [2, 1], [1, 1]]
    assert memory.vectors(["ccc", "bb"], make).tolist() == [[3, 1], [2, 1]]
    assert make.made == [["a", "bb"], ["ccc"]]
    assert memory.vectors([], make).shape == (0, 2)


def test_what_was_not_asked_for_longest_is_forgotten():
    memory, make = Memory(2), Maker()
    for texts in (["a", "bb"], ["a"], ["ccc"], ["a"], ["bb"]):
        memory.vectors(texts, make)
    assert make.made == [["a", "bb"], [], ["ccc"], [], ["bb"]]


def test_more_than_is_remembered_is_made_whole():
    memory, make = Memory(1), Maker()
    assert memory.vectors(["a", "bb", "ccc"], make).tolist() == [[1, 1], [2, 1], [3, 1]]
