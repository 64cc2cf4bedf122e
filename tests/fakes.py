"""Stand-ins that let most tests run without a model, a network or a real document."""

from pathlib import Path

from index.fakes import HashEmbedder as HashEmbedder
from index.library import Library
from index.settings import IndexSettings
from ingest.model import Prepared
from ingest.prepare import prepare


def a_library(folder: Path, *, settings: IndexSettings | None = None, embedder: HashEmbedder | None = None) -> Library:
    """An empty library in `folder` that needs no model."""
    return Library.open(folder, settings, embedder=embedder or HashEmbedder(), create=True)


def prepared(library: Library, name: str, text: str) -> Prepared:
    """A Markdown file, ready to add to the library."""
    path = Path("/documents") / name
    return prepare(path, text.encode(), library.embedder.tokens, library.manifest.passage_tokens, mtime_ns=1)
