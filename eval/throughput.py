"""How fast folders become searchable, beside the plain recipe on the same files, cores and weights.

The plain recipe is what tutorials show: pypdf → LangChain's recursive splitter → sentence-transformers in a loop over
files → FAISS. It recognises no records and keeps no catalogue. Its passages have another size, so speeds are compared
by characters of text as well as by passages.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from index.embedder import PACKAGED, SentenceTransformerEmbedder, Vectors, locate
from index.library import Library
from index.sync import sync
from ingest.errors import BadDataset
from ingest.pool import ReaderPool
from ingest.scan import File, scan
from ingest.settings import IngestSettings

BOTH_READ = (".pdf", ".md", ".txt")
CHUNK, OVERLAP = 1000, 200  # characters, the splitter's usual setting


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds for reading alone, for embedding alone, and for the whole run in which they may overlap."""

    name: str
    reading: float
    embedding: float
    total: float
    passages: int
    characters: int

    @property
    def rates(self) -> dict[str, float]:
        """Passages and characters of text a second, over the whole run."""
        return {
            "passages_a_second": round(self.passages / self.total, 1),
            "characters_a_second": round(self.characters / self.total, 1),
        }


class TimedEmbedder(SentenceTransformerEmbedder):
    """The embedder, and how long it took for documents."""

    seconds = 0.0

    def documents_in_detail(self, texts: Sequence[str]) -> tuple[Vectors, list[Vectors]]:
        started = perf_counter()
        made = super().documents_in_detail(texts)
        self.seconds += perf_counter() - started
        return made


def compare(paths: Sequence[Path], on_part: Callable[[str], None] | None = None) -> tuple[Speed, Speed]:
    """This program's speed and the plain recipe's. Raises `PathNotFound`, or `BadDataset` if there is no file."""
    files = [file for file in scan(paths).files if file.path.suffix.lower() in BOTH_READ]
    if not files:
        raise BadDataset("There is no PDF, Markdown or text file.", "Give a folder that holds some.")
    say = on_part or (lambda _: None)
    say("the plain recipe")
    recipe = plain(files)
    say("this program")
    return ours(files), recipe


def ours(files: Sequence[File]) -> Speed:
    """A sync of the files into a new library; reading is timed by itself as well, before."""
    settings = IngestSettings()
    started = perf_counter()
    with ReaderPool(settings) as pool:
        characters = sum(len(found.source.text) for _, found in pool.read(files) if not isinstance(found, Exception))
    reading = perf_counter() - started
    embedder = TimedEmbedder()
    embedder.query("warm up")
    with (
        tempfile.TemporaryDirectory(prefix="lessons-eval-") as folder,
        Library.open(Path(folder), embedder=embedder, create=True) as library,
    ):
        started = perf_counter()
        report = sync(library, [file.path for file in files], settings)
        total = perf_counter() - started
    return Speed("lessons", reading, embedder.seconds, total, report.passages, characters)


def plain(files: Sequence[File]) -> Speed:
    """The plain recipe, one file after the other."""
    import faiss
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(locate(PACKAGED), device="cpu")
    splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP)
    index = faiss.IndexFlatL2(int(model.get_embedding_dimension() or 0))
    reading = embedding = 0.0
    passages = characters = 0
    model.encode("warm up")
    started = perf_counter()
    for file in files:
        opened = perf_counter()
        text = _text(file.path)
        reading += perf_counter() - opened
        chunks = splitter.split_text(text)
        if chunks:
            opened = perf_counter()
            index.add(model.encode(chunks, show_progress_bar=False))
            embedding += perf_counter() - opened
        passages += len(chunks)
        characters += len(text)
    return Speed("plain recipe", reading, embedding, perf_counter() - started, passages, characters)


def _text(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix.lower() != ".pdf":
        return data.decode("utf-8", "replace")
    from pypdf import PdfReader

    try:
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    except Exception:  # noqa: BLE001 - the recipe has no answer to a broken file; ours lists it
        return ""
