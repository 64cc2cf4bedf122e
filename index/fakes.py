"""Stand-ins for tests of whatever is built on the index, so that they need no model."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

from index.embedder import Vectors

_TOKEN = re.compile(r"\w+|[^\w\s]")


class HashEmbedder:
    """Each word adds one to a place its hash names: texts that share words are near each other."""

    def __init__(self, name: str = "fake:hash", dimension: int = 512, max_tokens: int = 64) -> None:
        self.name = name
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.longest = 0

    def tokens(self, text: str) -> Sequence[int]:
        return [token.start() for token in _TOKEN.finditer(text)]

    def documents(self, texts: Sequence[str]) -> Vectors:
        self.longest = max([self.longest, *(len(self.tokens(text)) for text in texts)])
        rows = [self._vector(text) for text in texts]
        return np.array(rows, np.float32).reshape(len(texts), self.dimension)

    def sentences(self, texts: Sequence[str]) -> Vectors:
        return self.documents(texts)

    def query(self, text: str) -> Vectors:
        return self._vector(text)

    def documents_in_detail(self, texts: Sequence[str]) -> tuple[Vectors, list[Vectors]]:
        return self.documents(texts), [self.query_in_detail(text) for text in texts]

    def query_in_detail(self, text: str) -> Vectors:
        vectors = [self._vector(token) for token in _TOKEN.findall(text)]
        return np.array(vectors, np.float32).reshape(-1, self.dimension)

    def vocabulary(self) -> Sequence[str]:
        return ()  # so that no vectors of tokens are kept, unless a test wants them

    def _vector(self, text: str) -> Vectors:
        vector = np.full(self.dimension, 1e-3, np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(f"{self.name} {word[:5]}".encode()) % self.dimension] += 1
        return np.asarray(vector / np.linalg.norm(vector), np.float32)
