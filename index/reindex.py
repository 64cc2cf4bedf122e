"""Embed all passages anew by another model, from the stored text, while the library goes on serving by the old one.

What is embedded is stored as it comes, so that a run that is cut short goes on where it was. The vectors of the old
model are kept until `lessons compact`: going back to it embeds only what came since.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Any

from index.acronyms import learn
from index.embedder import Embedder
from index.embedding import embed
from index.engine import engine_class
from index.library import Library
from index.manifest import Manifest, basis_for, embedder_of, probe_of
from ingest.errors import BadSettings

AT_ONCE = 256  # passages between two commits


@dataclass(slots=True)
class Report:
    """`embedded` passages had no vector of the model yet; `cut` of them are longer than it reads."""

    embedder: str
    previous: str
    passages: int = 0
    embedded: int = 0
    cut: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def reindex(
    library: Library,
    name: str | None = None,
    *,
    embedder: Embedder | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Report:
    """Let the model of that name serve; None goes back to the one that served before.

    `embedder` takes the place of the one of that name; `on_step` is called with the passages embedded and their
    number in all. Raises `BadSettings` if there is none to go back to, `EmbedderMismatch` if a model of that name has
    other weights than those the library has vectors of, and `LibraryBusy`.
    """
    started = perf_counter()
    manifest, back = library.manifest, name is None
    name = name or library.catalogue.meta("previous")
    if not name:
        raise BadSettings("The library has had no other embedder.", "Name one: lessons reindex --embedder MODEL")
    embedder = embedder or embedder_of(replace(manifest, embedder=name), library.settings)
    report = Report(name, manifest.embedder)
    target = _register(library, name, embedder, back=back)
    _embed(library, target, embedder, report, on_step)
    with library.storing():
        with library.catalogue.transaction():
            learn(library.catalogue)
        _embed(library, target, embedder, report, on_step)  # what another process added meanwhile
        engine = engine_class(target.engine)(library.place(target), library.catalogue)
        engine.repair(library.generation())
        engine.settle()
        with library.catalogue.transaction():
            now = Manifest.load(library.catalogue, target.model)  # the engine or its address may have changed meanwhile
            assert now is not None
            replace(now, passage_tokens=min(now.passage_tokens, embedder.max_tokens)).save(library.catalogue)
            library.catalogue.set_meta({"building": ""})
            if name != manifest.embedder:
                library.catalogue.set_meta({"previous": manifest.embedder})
        engine.close()
    report.passages = library.catalogue.count()
    report.seconds = round(perf_counter() - started, 2)
    return report


def _register(library: Library, name: str, embedder: Embedder, *, back: bool) -> Manifest:
    """The manifest with that model, which gets a number if it has none. It does not serve yet.

    A model that had no vectors of tokens gets them, for which all is embedded, but not on the way `back`.
    """
    catalogue = library.catalogue
    with library.storing(), catalogue.transaction():
        rows = catalogue.rows("SELECT id FROM models WHERE name = ?", (name,))
        target = Manifest.load(catalogue, rows[0]["id"] if rows else 0)
        assert target is not None
        target = replace(target, passage_tokens=min(target.passage_tokens, embedder.max_tokens))
        if rows:
            target.check_probe(embedder)
            if not target.basis and not back:
                target = replace(target, basis=basis_for(embedder, library.settings)).register(catalogue)
        else:
            target = replace(
                target,
                embedder=name,
                dimension=embedder.dimension,
                probe=probe_of(embedder),
                backend=getattr(embedder, "backend", ""),
                basis=basis_for(embedder, library.settings),
                model=0,
            ).register(catalogue)
        catalogue.set_meta({"building": str(target.model)})
    return target


def _embed(
    library: Library,
    target: Manifest,
    embedder: Embedder,
    report: Report,
    on_step: Callable[[int, int], None] | None,
) -> None:
    """Give each passage that lacks one a vector of the model."""
    catalogue, last, basis = library.catalogue, 0, target.directions
    while True:
        ids, texts = catalogue.without_vectors(target.model, last, AT_ONCE)
        if not ids:
            return
        made = dict(zip(ids, embed(embedder, texts, basis), strict=True))
        report.cut += sum(len(embedder.tokens(text)) > embedder.max_tokens for text in texts)
        with library.storing(), catalogue.transaction():
            alive = catalogue.living(ids)
            catalogue.put_vectors(target.model, ((number, made[number]) for number in alive))
        report.embedded += len(alive)
        last = ids[-1]
        if on_step:
            on_step(report.embedded, catalogue.count())
