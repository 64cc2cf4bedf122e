"""Vectors for what is added: those an earlier revision has, and new ones for new texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from index.embedder import Embedder, Vectors
from index.manifest import Manifest
from index.passages import Passages, searchable
from ingest.model import Prepared

AT_ONCE = 256  # passages between two reports of progress


def embed_new(
    catalogue: Passages,
    embedder: Embedder,
    manifest: Manifest,
    prepared: Sequence[Prepared],
    on_embedded: Callable[[int], None] | None = None,
) -> list[Vectors]:
    """For each source the vectors of its passages, shape (n, dimension), in order; only new texts are embedded."""
    texts = [[searchable(passage) for _, passages in one.lessons for passage in passages] for one in prepared]
    vectors = [np.empty((len(own), manifest.dimension), np.float32) for own in texts]
    new: list[tuple[str, int, int]] = []
    for source, (one, own) in enumerate(zip(prepared, texts, strict=True)):
        earlier = catalogue.vectors_of_source(one.source.path, manifest.model)
        for at, text in enumerate(own):
            if text in earlier:
                vectors[source][at] = earlier[text]
            else:
                new.append((text, source, at))
    kept = sum(map(len, texts)) - len(new)
    if on_embedded and kept:
        on_embedded(kept)
    new.sort(key=lambda each: len(each[0]))  # by length, so that a batch holds little padding
    for first in range(0, len(new), AT_ONCE):
        chunk = new[first : first + AT_ONCE]
        for (_, source, at), vector in zip(chunk, embedder.documents([text for text, _, _ in chunk]), strict=True):
            vectors[source][at] = vector
        if on_embedded:
            on_embedded(len(chunk))
    return vectors
