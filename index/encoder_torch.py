"""Any sentence-transformers model, run by torch: the reference, and what runs where nothing faster can."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.encoder_recipe import OFFSET_FAMILIES, prompts_of
from ingest.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from index.encoder import Kind, Vectors


class TorchEncoder:
    """Raises `ModelError` when the model cannot be loaded."""

    backend = "torch"

    def __init__(self, location: str, max_tokens: int | None = None, batch_size: int = 32) -> None:
        self._model = load_model(location)
        self._batch_size = batch_size
        # Given with each call: by itself the library passes over a "passage" prompt.
        self.prompts = prompts_of(self._model.prompts)
        self._lock = threading.Lock()  # a tokenizer's limits are set anew for every call
        self.special = int(self._model.tokenizer.num_special_tokens_to_add())
        mask = self._model.tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
        self.before = [*mask, 0].index(0)
        wanted = int(self._model.max_seq_length or 512) if max_tokens is None else max_tokens + self.special
        self.longest = min(wanted, self._positions())
        self._model.max_seq_length = self.longest
        self.dimension = int(self._model.get_embedding_dimension() or 0)

    def tokens(self, text: str) -> Sequence[int]:
        with self._lock:
            encoded = self._model.tokenizer(
                text, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
            )
        return [start for start, _ in encoded["offset_mapping"]]

    def vocabulary(self) -> list[str]:
        return list(self._model.tokenizer.get_vocab())

    def encode_in_detail(self, texts: Sequence[str], kind: Kind) -> tuple[Vectors, list[Vectors]]:
        encode = self._model.encode_query if kind == "query" else self._model.encode_document
        with self._lock:
            found: Any = encode(
                list(texts),
                prompt=self.prompts[kind],
                batch_size=self._batch_size,
                output_value=None,
                show_progress_bar=False,
            )
        vectors = np.array([one["sentence_embedding"].float().cpu().numpy() for one in found], np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        tokens = [
            one["token_embeddings"][one["attention_mask"].bool()].float().cpu().numpy()
            if "token_embeddings" in one
            else np.empty((0, self.dimension), np.float32)
            for one in found
        ]
        return vectors.reshape(len(texts), self.dimension), tokens

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        encode = self._model.encode_query if kind == "query" else self._model.encode_document
        with self._lock:
            vectors = encode(
                list(texts),
                prompt=self.prompts[kind],
                batch_size=self._batch_size,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, dtype=np.float32).reshape(len(texts), self.dimension)

    def _positions(self) -> int:
        """The longest sequence the model's position table holds."""
        config = getattr(getattr(self._model[0], "auto_model", None), "config", None)
        if config is None or not hasattr(config, "max_position_embeddings"):
            return int(self._model.max_seq_length or 512)
        reserved = config.pad_token_id + 1 if config.model_type in OFFSET_FAMILIES | {"mpnet"} else 0
        return int(config.max_position_embeddings - reserved)


def load_model(location: str) -> SentenceTransformer:
    """The model as its own library has it. Raises `ModelError`."""
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        # A folder needs no hub, and asking one would wait for it.
        return SentenceTransformer(location, device="cpu", local_files_only=Path(location).exists())
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(
            f"The embedding model {location!r} cannot be loaded: {error}",
            "Give a sentence-transformers model by folder or name (a name needs network access once), "
            "or leave the setting out to use the packaged weights.",
        ) from error
