"""A BERT encoder as an OpenVINO graph, built from the weights file: no torch, and no exported copy to keep in step.

Layers and their names are those of Devlin et al. 2019 as Hugging Face stores them; the pooling is that of
sentence-transformers.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from index.encoder_recipe import NotReproducible, Recipe, first_position

if TYPE_CHECKING:
    from openvino import Model, Node

Precision = Literal["float", "int8"]
MASKED = 1e4  # taken off the score of padding: its share after the softmax is zero, also in half precision
TELEMETRY = "openvino.tools.ovc"


def openvino() -> Any:
    """The library, without the converter it would load along, which reports its use over the network unasked."""
    if "openvino" not in sys.modules and TELEMETRY not in sys.modules:
        sys.modules[TELEMETRY] = None  # type: ignore[assignment]
        try:
            import openvino as silent
        finally:
            del sys.modules[TELEMETRY]
        return silent
    import openvino as loaded

    return loaded


def build(recipe: Recipe, precision: Precision) -> Model:
    """From `ids` and `mask`, both int32 of shape (n, length), to unit vectors, float32 of shape (n, dimension).

    The second output is the tokens' own vectors, shape (n, length, dimension).

    With `int8` each row of a layer's weights is stored in 8 bits with a scale of its own. Raises `NotReproducible`.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        weights = {_plain(name): value for name, value in load_file(recipe.weights).items()}
        return _Graph(recipe, weights, precision).model()
    except (SafetensorError, OSError, KeyError, TypeError) as error:
        raise NotReproducible(f"its weights are not stored as expected ({error!r}).") from error


def build_pairs(recipe: Recipe, weights: Mapping[str, NDArray[np.float32]]) -> Model:
    """From `ids`, `mask` and `kinds` (0 for the first text, 1 for the second) to the tokens' vectors, as above.

    `weights` are those of the bare encoder.
    """
    return _Graph(recipe, weights, "float").pairs()


def _plain(name: str) -> str:
    """A weight's name in the bare encoder."""
    return name.removeprefix("bert.").removeprefix("roberta.")


class _Graph:
    def __init__(self, recipe: Recipe, weights: Mapping[str, NDArray[Any]], precision: Precision) -> None:
        self.ov = openvino()
        from openvino import opset13

        self.ops = opset13
        self.recipe = recipe
        self.config = recipe.config
        self.weights = weights
        self.precision = precision

    def model(self) -> Model:
        ids, mask = (self.ops.parameter([-1, -1], np.int32, name=name) for name in ("ids", "mask"))
        kept, bias = self._mask(mask)
        hidden = self._hidden(self._embeddings(ids), bias)
        pooled = self._mean(hidden, kept) if self.recipe.pooling == "mean" else self._first(hidden)
        unit = self.ops.normalize_l2(pooled, self._ints(1), 1e-12, "max")
        return self.ov.Model([self.ops.result(unit), self.ops.result(hidden)], [ids, mask], "encoder")

    def pairs(self) -> Model:
        ids, mask, kinds = (self.ops.parameter([-1, -1], np.int32, name=name) for name in ("ids", "mask", "kinds"))
        hidden = self._hidden(self._embeddings(ids, kinds), self._mask(mask)[1])
        return self.ov.Model([self.ops.result(hidden)], [ids, mask, kinds], "reader")

    def _mask(self, mask: Node) -> tuple[Node, Node]:
        """Which tokens count, as 1 and 0, and what is added to the scores of attention."""
        kept = self.ops.convert(mask, "f32")
        taken_off = self.ops.multiply(self.ops.subtract(kept, self._float(1)), self._float(MASKED))
        return kept, self.ops.unsqueeze(taken_off, self._ints(1, 2))

    def _hidden(self, hidden: Node, bias: Node) -> Node:
        for number in range(self.config["num_hidden_layers"]):
            hidden = self._layer(hidden, bias, f"encoder.layer.{number}.")
        return hidden

    def _embeddings(self, ids: Node, kinds: Node | None = None) -> Node:
        length = self.ops.gather(self.ops.shape_of(ids, "i32"), self._int(1), self._int(0))
        positions = self.ops.range(self._int(0), length, self._int(1), "i32")
        table = self._values("embeddings.position_embeddings.weight")[first_position(self.config) :]
        types = self._values("embeddings.token_type_embeddings.weight")
        context = table + (types[0] if kinds is None else 0)
        words = self.ops.gather(self._constant("embeddings.word_embeddings.weight"), ids, self._int(0))
        if kinds is not None:
            words = self.ops.add(words, self.ops.gather(self.ops.constant(types), kinds, self._int(0)))
        places = self.ops.gather(self.ops.constant(context), positions, self._int(0))
        return self._norm(self.ops.add(words, self.ops.unsqueeze(places, self._int(0))), "embeddings.LayerNorm")

    def _layer(self, hidden: Node, bias: Node, name: str) -> Node:
        query, key, value = (
            self._heads(self._linear(hidden, f"{name}attention.self.{part}")) for part in ("query", "key", "value")
        )
        attended = self.ops.scaled_dot_product_attention(query, key, value, bias)
        attended = self.ops.transpose(attended, self._ints(0, 2, 1, 3))
        attended = self.ops.reshape(attended, self._ints(0, 0, self.config["hidden_size"]), special_zero=True)
        attended = self._linear(attended, f"{name}attention.output.dense")
        hidden = self._norm(self.ops.add(hidden, attended), f"{name}attention.output.LayerNorm")
        inner = self.ops.gelu(self._linear(hidden, f"{name}intermediate.dense"), "erf")
        return self._norm(self.ops.add(hidden, self._linear(inner, f"{name}output.dense")), f"{name}output.LayerNorm")

    def _heads(self, hidden: Node) -> Node:
        heads = self.config["num_attention_heads"]
        shape = self._ints(0, 0, heads, self.config["hidden_size"] // heads)
        return self.ops.transpose(self.ops.reshape(hidden, shape, special_zero=True), self._ints(0, 2, 1, 3))

    def _linear(self, hidden: Node, name: str) -> Node:
        product = self.ops.matmul(hidden, self._matrix(f"{name}.weight"), transpose_a=False, transpose_b=True)
        return self.ops.add(product, self._constant(f"{name}.bias"))

    def _matrix(self, name: str) -> Node:
        if self.precision == "float":
            return self._constant(name)
        values = self._values(name)
        scale = np.maximum(np.abs(values).max(axis=1, keepdims=True) / 127, np.finfo(np.float32).tiny)
        small = self.ops.constant(np.round(values / scale).astype(np.int8))
        return self.ops.multiply(self.ops.convert(small, "f32"), self.ops.constant(scale.astype(np.float32)))

    def _norm(self, hidden: Node, name: str) -> Node:
        level = self.ops.mvn(hidden, self._ints(-1), True, float(self.config["layer_norm_eps"]), "inside_sqrt")
        return self.ops.add(self.ops.multiply(level, self._constant(f"{name}.weight")), self._constant(f"{name}.bias"))

    def _mean(self, hidden: Node, kept: Node) -> Node:
        kept = self.ops.unsqueeze(kept, self._int(2))
        total = self.ops.reduce_sum(self.ops.multiply(hidden, kept), self._ints(1))
        return self.ops.divide(total, self.ops.maximum(self.ops.reduce_sum(kept, self._ints(1)), self._float(1)))

    def _first(self, hidden: Node) -> Node:
        return self.ops.gather(hidden, self._int(0), self._int(1))

    def _values(self, name: str) -> NDArray[np.float32]:
        return np.asarray(self.weights[name], np.float32)

    def _constant(self, name: str) -> Node:
        return self.ops.constant(self._values(name))

    def _float(self, value: float) -> Node:
        return self.ops.constant(np.float32(value))

    def _int(self, value: int) -> Node:
        return self.ops.constant(np.int32(value))

    def _ints(self, *values: int) -> Node:
        return self.ops.constant(np.array(values, np.int64))
