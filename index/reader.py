"""A small cross-encoder of our own, which reads a question or a claim together with a text.

It is the packaged encoder with what `eval/train_judge.py` learned added to its layers (matrices of low rank, 3 MB in
`reader.safetensors`), so it is there wherever the package is, whatever model embeds the library. `docs/reader.md` says
what it was trained on, how well it does, and where it fails.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.embedder import PACKAGED, locate
from index.encoder import Vectors
from index.encoder_recipe import NotReproducible, Recipe
from ingest.errors import ModelError

LONGEST = 256  # tokens of a question or claim and its text together
BATCH = 16
HEADS, INNER = 4, 128
"""Scores of a pair (entailed, neutral, contradicted, answered), and the width of the layer that gives them."""
WEIGHTS = Path(str(files("index").joinpath("reader.safetensors")))
_REMEDY = "Install the package anew."


@dataclass(frozen=True, slots=True)
class Read:
    """For each text, shape (n,), the probability that it answers, entails and contradicts what is said."""

    answers: Vectors
    entails: Vectors
    contradicts: Vectors


class Reader:
    """Raises `ModelError` when its weights cannot be loaded. May be used from several threads."""

    def __init__(self, weights: Path) -> None:
        from safetensors import SafetensorError, safe_open
        from tokenizers import Tokenizer

        try:
            recipe = Recipe.of(Path(locate(PACKAGED)))
            with safe_open(weights, "numpy") as file:
                learned = {name: np.asarray(file.get_tensor(name), np.float32) for name in file.keys()}  # noqa: SIM118
                base = (file.metadata() or {}).get("base")
            if base != recipe.digest():
                raise ModelError("The reader was trained for other weights than those of this package.", _REMEDY)
            self._whole, self._tokenizer = (Tokenizer.from_file(str(recipe.tokenizer)) for _ in range(2))
            self._whole.no_truncation()
            self._tokenizer.enable_truncation(LONGEST, strategy="only_second")
            self._tokenizer.no_padding()
            self._head = {name: learned.pop(name) for name in list(learned) if name.startswith(("inner", "outer"))}
            self._body = _body(recipe, learned)
        except (OSError, SafetensorError, NotReproducible, KeyError, ValueError) as error:
            raise ModelError(f"The reader cannot be loaded: {error}", _REMEDY) from error

    def read(self, said: str, texts: Sequence[str]) -> Read:
        """What each text says to a question or a claim."""
        if not texts:
            return Read(*(np.empty(0, np.float32) for _ in range(3)))
        said = self._cut(said)
        encoded = [self._tokenizer.encode(said, text or " ") for text in texts]
        order = sorted(range(len(texts)), key=lambda at: len(encoded[at].ids))
        scores = np.empty((len(texts), HEADS), np.float32)
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            length = max(len(encoded[at].ids) for at in batch)
            ids, mask, kinds = np.zeros((3, len(batch), length), np.int32)
            for row, at in enumerate(batch):
                size = len(encoded[at].ids)
                ids[row, :size], mask[row, :size], kinds[row, :size] = encoded[at].ids, 1, encoded[at].type_ids
            scores[batch] = self._scores(self._body(ids, mask, kinds), mask)
        three = np.exp(scores[:, :3] - scores[:, :3].max(axis=1, keepdims=True))
        three /= three.sum(axis=1, keepdims=True)
        answers = np.asarray(1 / (1 + np.exp(-scores[:, 3])), np.float32)
        return Read(answers, three[:, 0], three[:, 2])

    def _cut(self, said: str) -> str:
        """As much of a question as leaves half of the room for a text."""
        ends = [end for _, end in self._whole.encode(said, add_special_tokens=False).offsets]
        return said if len(ends) <= LONGEST // 2 else said[: ends[LONGEST // 2 - 1]]

    def _scores(self, hidden: Vectors, mask: NDArray[np.int32]) -> Vectors:
        kept = mask[:, :, None].astype(np.float32)
        pooled = np.concatenate([hidden[:, 0], (hidden * kept).sum(axis=1) / kept.sum(axis=1)], axis=1)
        inner = np.tanh(pooled @ self._head["inner.weight"].T + self._head["inner.bias"])
        return np.asarray(inner @ self._head["outer.weight"].T + self._head["outer.bias"], np.float32)


class _Body(Protocol):
    """From tokens, mask and kinds, int32 of shape (n, length), to the tokens' vectors, shape (n, length, width)."""

    def __call__(self, ids: NDArray[np.int32], mask: NDArray[np.int32], kinds: NDArray[np.int32]) -> Vectors: ...


@cache
def packaged_reader() -> Reader:
    """The one that ships with the package, loaded once."""
    return Reader(WEIGHTS)


def merged(weights: Mapping[str, Any], learned: Mapping[str, Vectors]) -> dict[str, Vectors]:
    """The encoder's weights with what was learned added to them."""
    out = {name.removeprefix("bert."): np.asarray(value, np.float32) for name, value in weights.items()}
    for name, value in learned.items():
        layer, _, part = name.rpartition(".")
        if part == "up":
            out[f"{layer}.weight"] = out[f"{layer}.weight"] + value @ learned[f"{layer}.down"]
        elif part != "down":
            out[name] = value
    return out


def _body(recipe: Recipe, learned: Mapping[str, Vectors]) -> _Body:
    """By OpenVINO where it is installed, else by torch."""
    from safetensors.numpy import load_file

    weights = merged(load_file(recipe.weights), learned)
    try:
        return _by_openvino(recipe, weights)
    except ImportError:
        return _by_torch(recipe, weights)


def _by_openvino(recipe: Recipe, weights: Mapping[str, Vectors]) -> _Body:
    from index.encoder_graph import build_pairs, openvino
    from index.encoder_openvino import SETTINGS

    request = openvino().Core().compile_model(build_pairs(recipe, weights), "CPU", SETTINGS).create_infer_request()
    lock = threading.Lock()

    def run(ids: NDArray[np.int32], mask: NDArray[np.int32], kinds: NDArray[np.int32]) -> Vectors:
        with lock:
            return np.array(request.infer([ids, mask, kinds], share_inputs=True)[0])

    return run


def _by_torch(recipe: Recipe, weights: Mapping[str, Vectors]) -> _Body:
    import torch
    from transformers import BertConfig, BertModel

    model = BertModel(BertConfig(**recipe.config), add_pooling_layer=False)
    model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()}, strict=False)
    model.train(False)

    def run(ids: NDArray[np.int32], mask: NDArray[np.int32], kinds: NDArray[np.int32]) -> Vectors:
        with torch.no_grad():
            given = (torch.from_numpy(each.astype(np.int64)) for each in (ids, mask, kinds))
            hidden = model(**dict(zip(("input_ids", "attention_mask", "token_type_ids"), given, strict=True)))
        return np.asarray(hidden.last_hidden_state.numpy(), np.float32)

    return run
