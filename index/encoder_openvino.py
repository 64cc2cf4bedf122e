"""Models of the BERT family, run by OpenVINO: the same weights and vectors as torch, in a fraction of the time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.encoder_graph import Precision, build, openvino
from index.encoder_recipe import NotReproducible, Recipe

if TYPE_CHECKING:
    from index.encoder import Kind, Vectors

BATCH_TOKENS = 1024
"""Measured: what one pass computes stays in the processor's cache; 8,192 tokens take a fifth more time each."""
GROUP = 64
"""Activations that share a scale when int8 is used: 128 is a little faster and a third further from torch."""
SETTINGS = {"PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False, "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(GROUP)}


class OpenVinoEncoder:
    """Raises `NotReproducible` when the recipe's files are not what they should be.

    The computation's own precision is the processor's best (bfloat16 where it has it); with `int8` the weights and,
    on processors with instructions for it, the activations of the large products have 8 bits.
    """

    def __init__(
        self, recipe: Recipe, precision: Precision, max_tokens: int | None = None, batch_size: int = 32
    ) -> None:
        from tokenizers import Tokenizer

        self.backend = "openvino" if precision == "float" else f"openvino {precision}"
        self.dimension = int(recipe.config["hidden_size"])
        self._batch_size = batch_size
        self.prompts = recipe.prompts
        try:
            # Two, because a limit is a state of the tokenizer, and threads share it.
            self._whole, self._limited = (Tokenizer.from_file(str(recipe.tokenizer)) for _ in range(2))
        except Exception as error:  # tokenizers raises nothing narrower
            raise NotReproducible(f"its tokenizer cannot be read ({error}).") from error
        self.special = int(self._whole.num_special_tokens_to_add(is_pair=False))
        self.before = [*self._whole.encode("a").special_tokens_mask, 0].index(0)
        self.longest = recipe.reads if max_tokens is None else min(max_tokens + self.special, recipe.positions)
        self._whole.no_truncation()
        self._whole.no_padding()
        self._limited.enable_truncation(self.longest)
        self._limited.no_padding()
        self._request = (
            openvino().Core().compile_model(build(recipe, precision), "CPU", SETTINGS).create_infer_request()
        )
        self._lock = threading.Lock()

    def tokens(self, text: str) -> Sequence[int]:
        return [start for start, _ in self._whole.encode(text, add_special_tokens=False).offsets]

    def vocabulary(self) -> list[str]:
        return list(self._whole.get_vocab(with_added_tokens=False))

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        return self._encode(texts, kind, None)

    def encode_in_detail(self, texts: Sequence[str], kind: Kind) -> tuple[Vectors, list[Vectors]]:
        tokens = [np.empty((0, self.dimension), np.float32)] * len(texts)
        return self._encode(texts, kind, tokens), tokens

    def _encode(self, texts: Sequence[str], kind: Kind, tokens: list[Vectors] | None) -> Vectors:
        prompt = self.prompts[kind]
        encoded = self._limited.encode_batch_fast([prompt + text for text in texts])
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for batch, ids, mask in _batches([one.ids for one in encoded], self._batch_size):
            with self._lock:  # for one batch only: a question need not wait for thousands of passages
                found = self._request.infer([ids, mask], share_inputs=True)
                vectors[batch] = found[0]
                if tokens is not None:
                    for row, number in enumerate(batch):
                        tokens[number] = np.array(found[1][row, : len(encoded[number].ids)])
        return vectors


def machine() -> str:
    """What a model's vectors depend on besides its files: this library's version and the processor."""
    library = openvino()
    core = library.Core()
    able = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return f"{library.__version__} {core.get_property('CPU', 'FULL_DEVICE_NAME')} {' '.join(sorted(able))}"


def _batches(
    encoded: Sequence[Sequence[int]], most: int
) -> Iterator[tuple[list[int], NDArray[np.int32], NDArray[np.int32]]]:
    """The numbers of the texts in each batch, their tokens padded on the right, and where these are tokens.

    Longest first, so that a batch holds little padding and the largest memory is asked for at once.
    """
    order = sorted(range(len(encoded)), key=lambda number: -len(encoded[number]))
    first = 0
    while first < len(order):
        length = max(1, len(encoded[order[first]]))
        batch = order[first : first + max(1, min(most, BATCH_TOKENS // length))]
        lengths = np.array([len(encoded[number]) for number in batch])
        mask = (np.arange(length) < lengths[:, None]).astype(np.int32)
        ids = np.zeros_like(mask)
        for row, number in enumerate(batch):
            ids[row, : lengths[row]] = encoded[number]
        yield batch, ids, mask
        first += len(batch)
