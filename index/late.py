"""Late interaction: a passage is as near to a question as each of the question's words finds its like in it.

Khattab and Zaharia, "ColBERT", 2020, over the token vectors that an embedding model makes anyway on its way to a
passage's vector. They are kept small: projected to the directions in which the model's tokens differ most, four bits
each, 32 bytes a token. `lessons eval retrieval` shows what it gives with `hybrid+rerank` beside `hybrid`.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from index.analysis import STOP_WORDS
from index.encoder import Vectors

if TYPE_CHECKING:
    from index.embedder import Embedder

DIRECTIONS = 64
"""Chosen on SciFact's training queries (nDCG@10 of 300: 48 directions .724, 64 and 96 .727)."""
LEVELS = 7  # either side of zero: four bits
AT_ONCE = 32_768  # tokens compared in one go: 16 MB
TEXTS, WORDS = 96, 40  # made of the model's vocabulary, to see how its tokens differ
_BOTH = np.stack(np.divmod(np.arange(256), 16), axis=1).astype(np.float32) - (LEVELS + 1)
"""The two values that a byte holds."""
_SQUARES = (_BOTH**2).sum(axis=1)
_WORD = re.compile(r"[^\W_]+")
_ROUNDING = np.finfo(np.float32).tiny


def basis_of(embedder: Embedder) -> Vectors | None:
    """The directions kept, shape (width of a token vector, at most `DIRECTIONS`), orthonormal; None without tokens.

    The principal ones of the tokens of texts thrown together from the model's own vocabulary, so that they do not hang
    on what a library happens to begin with.
    """
    words = sorted(embedder.vocabulary())
    words = words[:: max(1, len(words) // (TEXTS * WORDS))]
    shuffled = np.random.default_rng(0).permutation(len(words))
    texts = [" ".join(words[at] for at in some) for some in np.array_split(shuffled, TEXTS) if len(some)]
    tokens = embedder.documents_in_detail(texts)[1]
    if not any(map(len, tokens)):
        return None
    principal = np.linalg.svd(_unit(np.concatenate(tokens)), full_matrices=False)[2]
    return np.ascontiguousarray(principal[:DIRECTIONS].T, np.float32)


def pack(tokens: Vectors, basis: Vectors) -> bytes:
    """Token vectors of shape (n, width) in n × directions / 2 bytes; two directions share one."""
    values = tokens @ basis
    largest = np.maximum(np.abs(values).max(axis=1, keepdims=True), _ROUNDING)
    levels = (np.round(values / largest * LEVELS) + LEVELS + 1).astype(np.uint8)
    if levels.shape[1] % 2:
        levels = np.pad(levels, ((0, 0), (0, 1)), constant_values=LEVELS + 1)
    return bytes((levels[:, ::2] << 4 | levels[:, 1::2]).tobytes())


def telling(tokens: Vectors, text: str, starts: Sequence[int]) -> Vectors:
    """Those of a question's token vectors that belong to its telling words: stop words find their like anywhere.

    `starts` is where each token of the text starts; it may have more tokens than the model reads. A token that is a
    part of a word tells what the word does: "out" in "outage" is no stop word.
    """
    own, words = tokens[: len(starts)], list(_WORD.finditer(text))
    ends, after = [word.end() for word in words], [*starts[1:], len(text)]
    kept = []
    for start, end in zip(starts[: len(own)], after, strict=False):
        at = bisect(ends, start)
        kept.append(at < len(words) and words[at].start() < end and words[at][0].lower() not in STOP_WORDS)
    return own[kept] if any(kept) else own


def likeness(question: Vectors, basis: Vectors, packed: Sequence[bytes]) -> Vectors:
    """For each passage, shape (n,): the mean over a question's tokens of the highest cosine to one of its own.

    `question` has shape (tokens, width). 0 for a passage that has no tokens.
    """
    width = -(-basis.shape[1] // 2)
    lengths = np.array([len(each) // width for each in packed])
    scores = np.zeros(len(packed), np.float32)
    there = np.flatnonzero(lengths)
    if not len(question) or not len(there):
        return scores
    directed = _unit(question @ basis).T
    parts = np.cumsum(lengths[there]) // AT_ONCE
    for part in np.split(there, np.flatnonzero(np.diff(parts)) + 1):
        pairs = np.frombuffer(b"".join(packed[at] for at in part), np.uint8).reshape(-1, width)
        tokens = _BOTH[pairs].reshape(len(pairs), 2 * width)[:, : basis.shape[1]]
        cosines = tokens @ directed
        cosines /= np.sqrt(np.maximum(_SQUARES[pairs].sum(axis=1), 1))[:, None]
        starts = np.cumsum(lengths[part]) - lengths[part]
        scores[part] = np.maximum.reduceat(cosines, starts, axis=0).mean(axis=1)
    return scores


def _unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _ROUNDING), np.float32)
