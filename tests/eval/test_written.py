"""Sentences of a small language model, judged by hand: what the proof of today lets pass of them."""

from pathlib import Path

import pytest

from eval.written import load_written, shown
from ingest.errors import BadDataset, PathNotFound

LABELS = Path(__file__).parents[1] / "labels" / "written.jsonl"


def test_what_the_proof_lets_pass_is_right():
    every = load_written(LABELS)
    passed = shown(every)
    assert len(passed) >= 150
    assert sum(one.right for one in passed) >= 0.95 * len(passed)
    assert len(passed) >= 0.85 * sum(one.right for one in every), "it is not to refuse everything"


def test_the_quotes_are_the_sample_librarys_own(sample):
    sources = [sample.source(number).text for number in range(1, sample.stats().documents + 1)]
    missing = {one.quote for one in load_written(LABELS) if not any(one.quote in text for text in sources)}
    assert missing == set()


def test_a_file_of_labels_is_checked(tmp_path):
    with pytest.raises(PathNotFound):
        load_written(tmp_path / "none.jsonl")
    (tmp_path / "bad.jsonl").write_text('{"question": "Why?"}\n')
    with pytest.raises(BadDataset, match="line 1"):
        load_written(tmp_path / "bad.jsonl")
