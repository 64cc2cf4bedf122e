"""The manifest of a library: what made its vectors, so that nothing else is ever compared with them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from index.embedder import PACKAGED, Embedder, SentenceTransformerEmbedder
from index.settings import IndexSettings
from ingest.errors import BadSettings, EmbedderMismatch, SchemaMismatch

SCHEMA = 1
DEFAULT_PASSAGE_TOKENS = 256
PROBE = "A lesson is worth more than the mistake that taught it."
SAME = 0.99  # cosine: the same weights on another machine or backend differ in the fourth decimal, in 8 bits the third


@dataclass(frozen=True, slots=True)
class Manifest:
    """Written when a library is made.

    `probe` is the embedding of a fixed sentence: other weights give another. `backend` is what ran the model then;
    any may add to the library.
    """

    schema: int
    embedder: str
    dimension: int
    passage_tokens: int
    probe: tuple[float, ...]
    backend: str = ""

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """The folder's manifest; None where there is none yet. Raises `SchemaMismatch`."""
        path = folder / "manifest.json"
        if not path.exists():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            if values["schema"] == SCHEMA:
                return cls(**values | {"probe": tuple(values["probe"])})
        except (ValueError, KeyError, TypeError) as error:
            remedy = "Move the folder away and index the documents again."
            raise SchemaMismatch(f"The manifest {path} is damaged.", remedy) from error
        raise SchemaMismatch(
            f"The library in {folder} has layout {values['schema']}, this version reads layout {SCHEMA}.",
            "Index the documents into a new folder with --library, or use the version that made it.",
        )

    def save(self, folder: Path) -> None:
        partial = folder / "manifest.partial"
        partial.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        partial.replace(folder / "manifest.json")

    @classmethod
    def of(cls, embedder: Embedder, passage_tokens: int | None = None) -> Self:
        if passage_tokens and passage_tokens > embedder.max_tokens:
            reason = f"{embedder.name} reads {embedder.max_tokens} tokens, not {passage_tokens}."
            raise BadSettings(reason, f"Set passage_tokens to {embedder.max_tokens} or less.")
        limit = min(passage_tokens or DEFAULT_PASSAGE_TOKENS, embedder.max_tokens)
        probe = tuple(round(float(value), 6) for value in embedder.query(PROBE))
        return cls(SCHEMA, embedder.name, embedder.dimension, limit, probe, getattr(embedder, "backend", ""))

    def to_json(self) -> dict[str, Any]:
        """What identifies the library's making, without the probe."""
        return {name: value for name, value in asdict(self).items() if name != "probe"}

    def check(self, settings: IndexSettings) -> None:
        """Refuse settings that ask for another library than this. Raises `EmbedderMismatch`."""
        for name, has, wants in (
            ("embedder", self.embedder, settings.embedder),
            ("passage_tokens", self.passage_tokens, settings.passage_tokens),
        ):
            if wants is not None and wants != has:
                reason = f"The library was made with {name} {has}, the settings ask for {wants}."
                raise EmbedderMismatch(reason, _REMEDY)

    def check_probe(self, embedder: Embedder) -> None:
        """Refuse weights that embed differently though they bear the same name. Raises `EmbedderMismatch`."""
        now = embedder.query(PROBE)
        if now.shape != (self.dimension,):
            reason = f"The library's vectors have {self.dimension} dimensions, {embedder.name} gives {now.shape[0]}."
            raise EmbedderMismatch(reason, _REMEDY)
        if float(np.dot(np.asarray(self.probe, np.float32), now)) < SAME:
            raise EmbedderMismatch(
                f"The library was made with other weights than {embedder.name} has now: "
                "the same sentence no longer gets the same vector.",
                _REMEDY,
            )


def embedder_of(manifest: Manifest | None, settings: IndexSettings) -> SentenceTransformerEmbedder:
    """The embedder a library needs; not loaded yet."""
    name = manifest.embedder if manifest else settings.embedder or PACKAGED
    limit = manifest.passage_tokens if manifest else settings.passage_tokens or DEFAULT_PASSAGE_TOKENS
    return SentenceTransformerEmbedder(name, limit, settings.batch_size, settings.backend)


_REMEDY = "Use the library's own settings, or index the documents again into a new folder with --library."
