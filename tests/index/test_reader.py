"""The reader of pairs: the weights that ship, by either library, and what it must be able to tell."""

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from index import reader as module
from index.reader import Reader, merged, packaged_reader
from ingest.errors import ModelError

QUESTION = "How long was the clinic without power?"
TEXTS = [
    "The clinic was without power for 47 minutes.",
    "The clinic was painted in spring.",
    "Lunch is served at noon in the canteen of the harbour office.",
]


@pytest.fixture(scope="module")
def reader():
    return packaged_reader()


def test_a_text_that_answers_is_told_from_others(reader):
    answers = reader.read(QUESTION, TEXTS).answers
    assert answers[0] > 0.5 > answers[1:].max()


def test_a_text_that_entails_is_told_from_one_that_contradicts(reader):
    found = reader.read(
        "The clinic had no electricity.", ["The clinic was without electricity.", "The clinic was lit."]
    )
    assert found.entails[0] > found.entails[1]
    assert found.contradicts[1] > found.contradicts[0]


def test_each_text_is_read_by_itself(reader):
    together = reader.read(QUESTION, TEXTS)
    for at, text in enumerate(TEXTS):
        alone = reader.read(QUESTION, [text])
        assert np.allclose(alone.answers, together.answers[at], atol=0.02)
    assert reader.read(QUESTION, []).answers.shape == (0,)


def test_any_text_can_be_read(reader):
    found = reader.read("x " * 3000, ["", "\ud800".encode("utf-8", "replace").decode(), "long " * 5000, "日本語"])
    for each in (found.answers, found.entails, found.contradicts):
        assert each.shape == (4,)
        assert np.isfinite(each).all()
        assert ((each >= 0) & (each <= 1)).all()


def test_torch_gives_the_same_where_openvino_is_not_installed(reader, monkeypatch):
    def missing(*_):
        raise ImportError

    monkeypatch.setattr(module, "_by_openvino", missing)
    other = Reader(module.WEIGHTS).read(QUESTION, TEXTS)
    assert np.allclose(other.answers, reader.read(QUESTION, TEXTS).answers, atol=0.03)


def test_what_was_learned_is_added_to_the_weights():
    weights = {"bert.a.weight": np.ones((2, 3), np.float32), "b.bias": np.zeros(2, np.float32)}
    learned = {"a.up": np.array([[1.0], [0.0]]), "a.down": np.array([[1.0, 2.0, 3.0]]), "b.bias": np.ones(2)}
    out = merged(weights, learned)
    assert out["a.weight"].tolist() == [[2, 3, 4], [1, 1, 1]]
    assert out["b.bias"].tolist() == [1, 1]
    assert set(out) == {"a.weight", "b.bias"}


def test_weights_that_are_broken_or_for_another_encoder_are_refused(tmp_path):
    with safe_open(module.WEIGHTS, "numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(tensors, tmp_path / "other.safetensors", {"base": "another"})
    with pytest.raises(ModelError, match="other weights"):
        Reader(tmp_path / "other.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Reader(tmp_path / "broken.safetensors")
