"""Training pairs, and that what is trained is what the reader loads."""

import json
from collections import Counter

import numpy as np
import pytest

from eval.reader_pairs import ANSWERS, CLAIMS, Pair, pairs
from eval.train_reader import train
from index.reader import Reader
from ingest.errors import PathNotFound

ROWS = [
    {"question": "when did the first pump stop in 1999?", "passage": "the first pump stopped in may 1999.", "label": 1},
    {"question": "when did the first pump stop in 1999?", "passage": "the kitchen served breakfast daily.", "label": 0},
]
CLAIM = {"hypothesis": "The pump stopped.", "premise": "The pump stopped in May.", "label": "entailment"}
DOUBT = {"hypothesis": "The pump ran.", "premise": "It was May.", "label": "neutral", "two_way": True}


@pytest.fixture
def folder(tmp_path):
    for name in (*ANSWERS, *CLAIMS):
        (tmp_path / name).mkdir()
        rows = ROWS if name in ANSWERS else [CLAIM, DOUBT]
        (tmp_path / name / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def test_each_row_is_a_pair_and_each_answered_question_is_changed_once(folder):
    found = pairs(folder)
    assert Counter((pair.kind, pair.label) for pair in found) == {
        ("answer", 1): len(ANSWERS),
        ("answer", 0): 2 * len(ANSWERS),
        ("claim", 0): len(CLAIMS),
        ("support", 1): len(CLAIMS),
    }
    answered, text = ROWS[0]["question"], ROWS[0]["passage"]
    changed = [pair.said for pair in found if pair.text == text and pair.label == 0]
    assert all(said != answered and len(set(said.split()) ^ set(str(answered).split())) <= 2 for said in changed)
    assert found == pairs(folder)


def test_a_missing_folder_is_named(folder):
    (folder / "selqa" / "train.jsonl").unlink()
    with pytest.raises(PathNotFound, match="selqa"):
        pairs(folder)


def test_what_is_trained_is_what_the_reader_loads(folder, tmp_path):
    learn = [Pair("is it open?", "it is open.", 1, "answer"), Pair("is it open?", "we had soup.", 0, "answer")] * 16
    train([*learn, *pairs(folder)], tmp_path / "reader.safetensors")
    read = Reader(tmp_path / "reader.safetensors").read("is it open?", ["it is open.", "we had soup."])
    assert np.isfinite(read.answers).all()
