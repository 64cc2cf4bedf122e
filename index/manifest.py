"""The manifest of a library: what made its vectors, so that nothing else is ever compared with them, and what searches.

It lies in the catalogue, so that it changes together with what it tells of.
"""

from __future__ import annotations

import io
import json
import secrets
import sqlite3
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from index.database import Database
from index.embedder import PACKAGED, Embedder, SentenceTransformerEmbedder, Vectors
from index.late import basis_of
from index.settings import IndexSettings
from ingest.errors import BadSettings, EmbedderMismatch, SchemaMismatch

DEFAULT_PASSAGE_TOKENS = 256
DEFAULT_ENGINE = "faiss"
PROBE = "A lesson is worth more than the mistake that taught it."
SAME = 0.99  # cosine: the same weights on another machine or backend differ in the fourth decimal, in 8 bits the third
CATALOGUE = "catalogue.sqlite"
OLD_FILE = "manifest.json"
"""Where the first two layouts kept it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Of the state the library serves.

    `library` tells it from others on a server; `engine` searches it, at `address` where it is a server. `model` is the
    number of the embedder among those the library has vectors of. `probe` is the embedding of a fixed sentence: other
    weights give another. `backend` is what ran the model first; any may add to the library. `basis` is what vectors of
    tokens are packed by, an array as numpy writes it; empty where none are kept. `home` is the library's folder.
    """

    embedder: str
    dimension: int
    passage_tokens: int
    probe: tuple[float, ...]
    backend: str = ""
    engine: str = DEFAULT_ENGINE
    address: str = ""
    library: str = ""
    model: int = 0
    basis: bytes = b""
    home: Path | None = None

    @classmethod
    def of(cls, embedder: Embedder, settings: IndexSettings) -> Self:
        """For a new library. Raises `BadSettings`."""
        wanted = settings.passage_tokens
        if wanted and wanted > embedder.max_tokens:
            reason = f"{embedder.name} reads {embedder.max_tokens} tokens, not {wanted}."
            raise BadSettings(reason, f"Set passage_tokens to {embedder.max_tokens} or less.")
        limit = min(wanted or DEFAULT_PASSAGE_TOKENS, embedder.max_tokens)
        return cls(
            embedder.name,
            embedder.dimension,
            limit,
            probe_of(embedder),
            getattr(embedder, "backend", ""),
            settings.engine or DEFAULT_ENGINE,
            settings.address or "",
            secrets.token_hex(8),
            basis=basis_for(embedder, settings),
        )

    @classmethod
    def load(cls, database: Database, number: int = 0) -> Self | None:
        """The manifest, or what it would be with the model of that number; None where there is none yet."""
        values = {row["key"]: row["value"] for row in database.rows("SELECT key, value FROM meta")}
        if "model" not in values:
            return None
        model = database.rows("SELECT * FROM models WHERE id = ?", (number or int(values["model"]),))[0]
        return cls(
            model["name"],
            model["dimension"],
            int(values["passage_tokens"]),
            tuple(json.loads(model["probe"])),
            model["backend"],
            values["engine"],
            values["address"],
            values["library"],
            model["id"],
            model["basis"] or b"",
            database.folder,
        )

    def register(self, database: Database) -> Self:
        """The same with a number for its model, which is known from now on; inside `transaction()`."""
        values = {
            "name": self.embedder,
            "dimension": self.dimension,
            "probe": json.dumps(self.probe),
            "backend": self.backend,
            "basis": self.basis or None,
        }
        model = database.insert("models", values | ({"id": self.model} if self.model else {}), key="name")
        return replace(self, model=model)

    def save(self, database: Database) -> None:
        """Make it the one that holds; inside `transaction()`."""
        model = self.register(database).model
        names = ("engine", "address", "library", "passage_tokens")
        database.set_meta({name: str(getattr(self, name)) for name in names} | {"model": str(model)})

    def to_json(self) -> dict[str, Any]:
        """What identifies the library's making, wherever it lies; of the basis, whether there is one."""
        out = {name: value for name, value in asdict(self).items() if name not in ("probe", "basis", "home")}
        return out | {"token_vectors": bool(self.basis)}

    @property
    def directions(self) -> Vectors | None:
        """What `basis` says."""
        return np.load(io.BytesIO(self.basis), allow_pickle=False) if self.basis else None

    def check(self, settings: IndexSettings) -> None:
        """Refuse settings that ask for another library than this. Raises `EmbedderMismatch`."""
        for name, remedy in (
            ("embedder", f"Change it with: lessons reindex --embedder {settings.embedder}"),
            ("passage_tokens", _REMEDY),
            ("engine", f"Change it with: lessons move --engine {settings.engine}"),
        ):
            has, wants = getattr(self, name), getattr(settings, name)
            if wants is not None and wants != has:
                raise EmbedderMismatch(f"The library has {name} {has}, the settings ask for {wants}.", remedy)

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


def basis_for(embedder: Embedder, settings: IndexSettings) -> bytes:
    """What the embedder's vectors of tokens are packed by; empty where the settings want none or it has none."""
    basis = basis_of(embedder) if settings.token_vectors else None
    if basis is None:
        return b""
    file = io.BytesIO()
    np.save(file, basis, allow_pickle=False)
    return file.getvalue()


def probe_of(embedder: Embedder) -> tuple[float, ...]:
    """The embedding of the fixed sentence."""
    return tuple(round(float(value), 6) for value in embedder.query(PROBE))


def take_over(database: Database, folder: Path) -> None:
    """Move the manifest of an earlier layout into the catalogue. Raises `SchemaMismatch` when it is damaged or lost."""
    path = folder / OLD_FILE
    if database.meta("model"):
        if path.exists():
            path.unlink()  # a run was cut short between the two
        return
    if not path.exists():
        if database.rows("SELECT 1 FROM models"):
            reason = f"The library in {folder} has lost its manifest: what made its vectors is not known."
            raise SchemaMismatch(reason, _AGAIN)
        return
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:  # another process was faster
        return
    except ValueError as error:
        raise SchemaMismatch(f"The manifest {path} is damaged.", _AGAIN) from error
    try:
        manifest = Manifest(
            str(values["embedder"]),
            int(values["dimension"]),
            int(values["passage_tokens"]),
            tuple(float(value) for value in values["probe"]),
            str(values.get("backend", "")),
            library=secrets.token_hex(8),
            model=1,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise SchemaMismatch(f"The manifest {path} is damaged.", _AGAIN) from error
    with database.transaction():
        if database.meta("model"):
            return
        database.rows("DELETE FROM models WHERE name = '' AND NOT EXISTS (SELECT 1 FROM embeddings)")
        database.rows("UPDATE models SET name = ? WHERE id = 1", (manifest.embedder,))
        manifest.save(database)
    path.unlink(missing_ok=True)


def settle_home(database: Database, folder: Path) -> None:
    """Give a copy of a library a name of its own, so that on a server it does not change what the original holds."""
    here, home = str(folder.resolve()), database.meta("home")
    if home == here:
        return
    original = Path(home) / CATALOGUE
    copied = bool(home) and original.exists() and not original.samefile(folder / CATALOGUE)
    with suppress(sqlite3.OperationalError), database.transaction():  # where nothing can be written, nothing is
        database.set_meta({"home": here} | ({"library": secrets.token_hex(8)} if copied else {}))


def embedder_of(manifest: Manifest | None, settings: IndexSettings) -> SentenceTransformerEmbedder:
    """The embedder a library needs; not loaded yet."""
    name = manifest.embedder if manifest else settings.embedder or PACKAGED
    limit = manifest.passage_tokens if manifest else settings.passage_tokens or DEFAULT_PASSAGE_TOKENS
    home = manifest.home if manifest else None
    return SentenceTransformerEmbedder(name, limit, settings.batch_size, settings.backend, home)


_AGAIN = "Move the folder away and index the documents again."
_REMEDY = "Use the library's own settings, or index the documents again into a new folder with --library."
