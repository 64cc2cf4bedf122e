"""The streaming reader of marks: what a sentence is, what a mark is, and that pieces do not matter."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.marks import Written, sentences

KNOWN = ("ab12", "cd34")


def read(text: str) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(w.text, w.cited, w.unknown) for w in sentences([text], KNOWN)]


A, C, AC = ("ab12",), ("cd34",), ("ab12", "cd34")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The valve froze [ab12].", [("The valve froze.", A, ())]),
        ("The valve froze. [ab12] It broke.", [("The valve froze.", A, ()), ("It broke.", (), ())]),
        ("It froze.[ab12][cd34]It broke [cd34]!", [("It froze.", AC, ()), ("It broke!", C, ())]),
        ("It froze [ab12, cd34].", [("It froze.", AC, ())]),
        ("It froze [ab12; zz99] 【CD34】.", [("It froze.", AC, ("zz99",))]),
        ("[ab12] It froze. It broke.", [("It froze.", A, ()), ("It broke.", (), ())]),
        ("The valve [ab12] froze, twice [ab12].", [("The valve froze, twice.", A, ())]),
        ("- It froze [ab12]\n- It broke [cd34]\n", [("It froze", A, ()), ("It broke", C, ())]),
        ("1. It froze. [ab12]\n2. It broke. [cd34]", [("It froze.", A, ()), ("It broke.", C, ())]),
        ("It froze.\n[ab12]\nIt broke.", [("It froze.", A, ()), ("It broke.", (), ())]),
        ("It froze.\n[ab12] It broke.", [("It froze.", (), ()), ("It broke.", A, ())]),
        ("It was 3.5 m, e.g. this. The U.S. Navy and J. Doe agreed.",
         [("It was 3.5 m, e.g. this.", (), ()), ("The U.S. Navy and J. Doe agreed.", (), ())]),
        ("They said [sic] it [1] was [note] in [2019].", [("They said [sic] it [1] was [note] in [2019].", (), ())]),
        ("See [ab12](http://x.org/a.b). Done.", [("See [ab12](http://x.org/a.b).", (), ()), ("Done.", (), ())]),
        ("Was it? Yes! NO ANSWER", [("Was it?", (), ()), ("Yes!", (), ()), ("NO ANSWER", (), ())]),
        ("バルブが凍った。[ab12]次の文。", [("バルブが凍った。", A, ()), ("次の文。", (), ())]),
        ("It froze. [ab", [("It froze. [ab", (), ())]),
        ("[ab12]", []),
        (" \n\n ", []),
        ("", []),
    ],
)  # fmt: skip
def test_sentences_and_their_marks(text: str, expected: list[tuple[str, tuple[str, ...], tuple[str, ...]]]) -> None:
    assert read(text) == expected


FRAGMENTS = st.sampled_from(
    ["The valve froze", "e.g.", "U.S.", "A", "3.5", ".", ". ", "!", "…", "\n", "\n- ", "1. ", " ", "[ab12]", " [cd34]",
     "[ab12, cd34]", "[zz99]", "[sic]", "[", "]", "(x)", "“It", '."', "。", "é", "🚀", "**"]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=25).map("".join), st.data())
def test_any_split_into_pieces_gives_the_same_sentences(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = list(sentences([text], KNOWN))
    assert list(sentences(pieces, KNOWN)) == whole
    assert list(sentences(text, KNOWN)) == whole
    assert all("[ab12]" not in one.text or "(x)" in one.text for one in whole)


def test_halves_of_a_split_character_are_joined() -> None:
    assert read("Lift-off 🚀 done.") == [
        (w.text, w.cited, w.unknown) for w in sentences(["Lift-off \ud83d", "\ude80 done."], KNOWN)
    ]
    assert [w.text for w in sentences(["Broken \ud83d"], KNOWN)] == ["Broken \N{REPLACEMENT CHARACTER}"]


def test_a_sentence_is_given_as_soon_as_it_is_complete() -> None:
    taken: list[str] = []

    def counted() -> Iterator[str]:
        for piece in ["It froze", ". [ab", "12]", " Then", " it broke.", " End"]:
            taken.append(piece)
            yield piece

    assert next(sentences(counted(), KNOWN)) == Written("It froze.", ("ab12",))
    assert taken[-1] == " it broke."


def test_known_ids_of_any_shape_are_marks() -> None:
    assert list(sentences(["It froze [Note-1]."], ["Note-1"])) == [Written("It froze.", ("Note-1",))]


def test_a_model_stuck_on_spaces_costs_no_time() -> None:
    started = perf_counter()
    assert [one.text for one in sentences([" " * 100] * 60 + ["The pump stopped."], ())] == ["The pump stopped."]
    assert perf_counter() - started < 2
