"""A second look at the first passages: by late interaction, or by a cross-encoder where the settings name one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.catalogue import Catalogue
from index.late import likeness, telling
from index.passages import joined
from index.ranking import Scores
from ingest.errors import ModelError

if TYPE_CHECKING:
    from index.opened import Serving


def by_tokens(query: str, ids: Sequence[int], catalogue: Catalogue, serving: Serving) -> Scores:
    """How near the passages are by late interaction, shape (n,); NaN for one whose tokens' vectors are not kept."""
    scores = np.full(len(ids), np.nan, np.float32)
    basis = serving.manifest.directions
    packed = catalogue.tokens_of_passages(ids, serving.manifest.model) if basis is not None else {}
    at = [place for place, number in enumerate(ids) if number in packed]
    if basis is not None and at:
        embedder = serving.ready()
        question = telling(embedder.query_in_detail(query), query, embedder.tokens(query))
        scores[at] = likeness(question, basis, [packed[ids[place]] for place in at])
    return scores


class Cross:
    """A cross-encoder of sentence-transformers, by name or folder, which reads the query with each passage.

    `reads` is how many passages it is given, those that come first. Raises `ModelError`.
    """

    def __init__(self, name: str, reads: int) -> None:
        self.name = name
        self._reads = reads
        self._lock = threading.Lock()

    @cached_property
    def _loaded(self) -> Any:
        """The model, or the `ModelError` it ended in: no search tries again."""
        from safetensors import SafetensorError

        try:
            from sentence_transformers import CrossEncoder
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()  # type: ignore[no-untyped-call]
            model = CrossEncoder(self.name, device="cpu", local_files_only=Path(self.name).exists())
            if any(name.endswith("Model") for name in model.config.architectures or ()):
                raise ValueError("it is no cross-encoder: it has nothing to score a pair with.")
            if model.num_labels != 1:
                raise ValueError(f"it gives a pair {model.num_labels} scores, not one.")
        except (OSError, ValueError, ImportError, RuntimeError, SafetensorError) as error:
            return ModelError(
                f"The cross-encoder {self.name!r} cannot be loaded: {error}",
                "Set cross_encoder to one by folder or name (a name needs network access once), or leave it out.",
            )
        return model

    def judge(self, query: str, ids: Sequence[int], catalogue: Catalogue) -> Scores:
        """How well the passages, best first, answer the query, shape (n,); NaN for one that was not read."""
        scores = np.full(len(ids), np.nan, np.float32)
        rows = catalogue.passages(ids[: self._reads])
        at = [place for place, number in enumerate(ids[: self._reads]) if number in rows]
        pairs = [(query, joined(rows[ids[place]]["header"], rows[ids[place]]["text"])) for place in at]
        if pairs:
            with self._lock:
                model = self._loaded
                if isinstance(model, ModelError):
                    raise model.with_traceback(None)  # else each search would add its frames to it
                scores[at] = np.asarray(model.predict(pairs, show_progress_bar=False), np.float32).reshape(-1)
        return scores
