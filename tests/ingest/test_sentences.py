"""Sentence spans: where they begin and end, and that time grows with the text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sentences import sentence_spans


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One here. Two there! Three? Four", ["One here.", "Two there!", "Three?", "Four"]),
        ("It ran 3.5 m at 5 p.m. The end.", ["It ran 3.5 m at 5 p.m.", "The end."]),
        (
            "The U.S. Navy, e.g. this. Dr. J. A. Smith et al. (2019) agreed.",
            ["The U.S. Navy, e.g. this.", "Dr. J. A. Smith et al. (2019) agreed."],
        ),
        (
            "See Fig. 3 and No. 7. The answer is no. Nobody knew.",
            ["See Fig. 3 and No. 7.", "The answer is no.", "Nobody knew."],
        ),
        (
            "Boeing Co. Engineers met. Boeing Co. The plant shut.",
            ["Boeing Co. Engineers met.", "Boeing Co.", "The plant shut."],
        ),
        (
            '"It failed." He left.[12] She stayed (too.) Then...',
            ['"It failed."', "He left.[12]", "She stayed (too.)", "Then..."],
        ),
        ("a hard-wrapped\nline ends. And\ngoes on", ["a hard-wrapped\nline ends.", "And\ngoes on"]),
        ("Lessons\n\nThe valve.\n \nNext", ["Lessons", "The valve.", "Next"]),
        ("## What went well\nThe crew.\nTitle\n=====\nText", ["What went well", "The crew.", "Title", "Text"]),
        ("- One. Two.\n* three\n  wrapped\n12. four\n- [ ] five", ["One.", "Two.", "three\n  wrapped", "four", "five"]),
        ("> quoted\n> words. More.\nAfter", ["quoted\n> words.", "More.", "After"]),
        ("| a | b |\n|---|---|\n| 1.5 | two. Three |\nAfter", ["a | b", "1.5 | two.", "Three", "After"]),
        ("Owner | Due\nOps | May\n | June\nAfter", ["Owner | Due", "Ops | May", "June", "After"]),
        ("First. 2. Second.", ["First.", "2. Second."]),
        ("日本語。次の文。", ["日本語。", "次の文。"]),
        ("in 1986. 5 people left. I. The start", ["in 1986.", "5 people left.", "I.", "The start"]),
        ("... --- !!", []),
        ("", []),
    ],
)
def test_spans(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_spans(text)] == expected


@given(st.text(alphabet='aA1 .!?\n-|>#[]()"。é', max_size=200))
def test_spans_are_in_order_and_lose_no_word(text: str) -> None:
    spans = sentence_spans(text)
    flat = [at for span in spans for at in span]
    assert flat == sorted(flat)
    assert all(start < end <= len(text) for start, end in spans)
    kept = "".join(text[start:end] for start, end in spans)
    assert [c for c in kept if c in "aAé"] == [c for c in text if c in "aAé"]


@pytest.mark.parametrize(
    "unit",
    [
        "The valve froze at 3.5 m. It broke.\n\n- x\n",
        ".",
        "e.g. ",
        " \n",
        "a",
        "1. ",
        "> ",
        "[1]",
        '"',
        "a |  ",
        "x    ",
    ],
)
def test_time_grows_with_the_text(unit: str) -> None:
    seconds = []
    for size in (100_000, 800_000):
        begun = time.process_time()
        sentence_spans(unit * (size // len(unit)))
        seconds.append(time.process_time() - begun)
    assert seconds[1] < 40 * max(seconds[0], 0.005)
