"""What is stored of texts that are added: what an earlier revision has of them, and the model's work on new ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.embedder import Embedder, Vectors
from index.late import pack
from index.manifest import Manifest
from index.passages import Embedded, Passages, searchable
from ingest.model import Prepared

AT_ONCE = 128  # passages between two reports of progress
LARGEST = 13_000_000  # numbers in the vectors of tokens that are held until they are packed: 50 MB


def embed(embedder: Embedder, texts: Sequence[str], basis: Vectors | None) -> list[Embedded]:
    """Each text's vector, and those of its tokens where there is a basis to pack them by."""
    if basis is None:
        return [Embedded(vector) for vector in embedder.documents(texts)]
    made: list[Embedded] = []
    size = max(1, LARGEST // (embedder.max_tokens * len(basis)))
    for first in range(0, len(texts), size):
        vectors, tokens = embedder.documents_in_detail(texts[first : first + size])
        made += [Embedded(vector, pack(own, basis)) for vector, own in zip(vectors, tokens, strict=True)]
    return made


def embed_new(
    catalogue: Passages,
    embedder: Embedder,
    manifest: Manifest,
    prepared: Sequence[Prepared],
    on_embedded: Callable[[int], None] | None = None,
) -> list[list[Embedded]]:
    """For each source what is stored of its passages, in order; only new texts are embedded."""
    texts = [[searchable(passage) for _, passages in one.lessons for passage in passages] for one in prepared]
    known = [catalogue.embedded_of_source(one.source.path, manifest.model) for one in prepared]
    new = [(text, own) for source, own in zip(texts, known, strict=True) for text in source if text not in own]
    kept = sum(map(len, texts)) - len(new)
    if on_embedded and kept:
        on_embedded(kept)
    new.sort(key=lambda each: len(each[0]))  # by length, so that a batch holds little padding
    basis = manifest.directions
    for first in range(0, len(new), AT_ONCE):
        chunk = new[first : first + AT_ONCE]
        for (text, own), made in zip(chunk, embed(embedder, [text for text, _ in chunk], basis), strict=True):
            own[text] = made
        if on_embedded:
            on_embedded(len(chunk))
    return [[own[text] for text in source] for source, own in zip(texts, known, strict=True)]
