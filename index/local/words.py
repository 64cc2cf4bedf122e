"""The lexical index: BM25 over stemmed words, in tantivy."""

from __future__ import annotations

import json
import math
import os
import shutil
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from index.analysis import analyzer
from index.database import REMEDY
from index.engine import Ids, Ranked
from ingest.errors import LibraryError

_ANALYZER = "lessons_en"
MAX_QUERY_WORDS = 256
MAGIC = 1337  # the last bytes of each of tantivy's files
_STAMP = 0  # the id of the document that tells the generation; passages count from 1


class State:
    """What was committed at one moment: it stays as it is whatever is written."""

    def __init__(self, schema: Any, searcher: Any, folder: Path) -> None:
        import tantivy

        self._query: Any = tantivy.Query
        self._occur: Any = tantivy.Occur
        self._schema = schema
        self._searcher = searcher
        self._folder = folder
        stamps = searcher.search(self._query.term_query(schema, "id", _STAMP), 1, count=False).hits
        self.generation = int(self._fast("generation", stamps)[0]) if stamps else -1

    def __len__(self) -> int:
        return int(self._searcher.num_docs) - (self.generation >= 0)

    def ids(self) -> Ids:
        """The ids of all passages, ascending."""
        with _reading(self._folder):
            found = self._searcher.search(self._query.all_query(), max(1, self._searcher.num_docs), count=False).hits
            ids = np.sort(self._fast("id", found))
        passages: Ids = ids[ids != _STAMP]
        return passages

    def rarity(self, words: Sequence[str]) -> Mapping[str, float]:
        """The inverse document frequency of each word, as in BM25; a word never seen ranks highest."""
        total = len(self)
        with _reading(self._folder):
            counts = {word: self._searcher.doc_freq("body", word) for word in words}
        return {word: math.log(1 + (total - count + 0.5) / (count + 0.5)) for word, count in counts.items()}

    def search(self, words: Sequence[str], k: int) -> tuple[Ranked, Ids]:
        """The at most `k` best, and the numbers of their records."""
        return self._found(self._any_of(words), k)

    def search_among(self, words: Sequence[str], k: int, lessons: Ids) -> Ranked:
        """The at most `k` best of these records."""
        only = self._query.const_score_query(self._query.term_set_query(self._schema, "lesson", lessons.tolist()), 0.0)
        both = [(self._occur.Must, self._any_of(words)), (self._occur.Must, only)]
        return self._found(self._query.boolean_query(both), k)[0]

    def _any_of(self, words: Sequence[str]) -> Any:
        terms = [self._query.term_query(self._schema, "body", word) for word in words[:MAX_QUERY_WORDS]]
        return self._query.boolean_query([(self._occur.Should, term) for term in terms])

    def _found(self, query: Any, k: int) -> tuple[Ranked, Ids]:
        with _reading(self._folder):
            hits = self._searcher.search(query, k, count=False).hits
            scores = np.array([score for score, _ in hits], np.float32)
            return Ranked(self._fast("id", hits), scores), self._fast("lesson", hits)

    def _fast(self, field: str, hits: Sequence[tuple[float, Any]]) -> Ids:
        return np.array(self._searcher.fast_field_values(field, [address for _, address in hits]), np.int64)


class Words:
    """The folder is made when it is not there, and made anew, empty, when it cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._copy: TemporaryDirectory[str] | None = None
        if folder.is_dir() and not os.access(folder, os.W_OK):  # tantivy writes a lock to read
            self._copy = TemporaryDirectory(prefix="lessons-words-")
            self._folder = Path(shutil.copytree(folder, self._copy.name, dirs_exist_ok=True))
        self._open()

    def _open(self) -> None:
        import tantivy

        self._folder.mkdir(parents=True, exist_ok=True)
        builder = tantivy.SchemaBuilder()
        for name in ("id", "lesson"):
            builder.add_unsigned_field(name, indexed=True, fast=True)
        builder.add_unsigned_field("generation", fast=True)
        builder.add_text_field("body", tokenizer_name=_ANALYZER, index_option="freq")
        self._schema: Any = builder.build()
        self._index: Any = None
        with suppress(LibraryError), _reading(self._folder):  # damaged, or of an earlier layout: there is no state
            self._index = tantivy.Index(self._schema, path=str(self._folder))
            self._index.register_tokenizer(_ANALYZER, analyzer())

    def state(self) -> State:
        """The last commit, of whatever process. Raises `LibraryError` when it cannot be read."""
        with _reading(self._folder):
            self._index.reload()
            return State(self._schema, self._index.searcher(), self._folder)

    def damaged(self) -> list[str]:
        """The names of files whose content is not what their checksum says; reads all that the last commit counts."""
        try:
            segments = json.loads((self._folder / "meta.json").read_text(encoding="utf-8"))["segments"]
            names = {one["segment_id"].replace("-", ""): (one["deletes"] or {}).get("opstamp") for one in segments}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return ["meta.json"]
        out = []
        for file in self._folder.iterdir():
            segment, *_ = file.name.split(".")
            # A commit that failed leaves files that nobody reads.
            counts = segment in names and (file.suffix != ".del" or file.name == f"{segment}.{names[segment]}.del")
            if counts and not _is_whole(file):
                out.append(file.name)
        return out

    def update(self, generation: int, gone: Iterable[int], came: Iterable[tuple[int, int, str]]) -> None:
        """Take out ids, put in (id, record, text), and commit both at once."""
        import tantivy

        try:
            writer = self._index.writer(num_threads=1)
            # What a killed commit left would be in the way of the next one, which gives its files the same names.
            writer.garbage_collect_files()
            # By query: `delete_documents_by_term` takes a number for a signed one and deletes nothing.
            writer.delete_documents_by_query(tantivy.Query.term_set_query(self._schema, "id", [_STAMP, *gone]))
            stamp = tantivy.Document()
            stamp.add_unsigned("id", _STAMP)
            stamp.add_unsigned("generation", generation)
            writer.add_document(stamp)
            for number, lesson, text in came:
                document = tantivy.Document()
                document.add_unsigned("id", number)
                document.add_unsigned("lesson", lesson)
                document.add_text("body", text)
                writer.add_document(document)
            writer.commit()
            writer.wait_merging_threads()
        except (ValueError, AttributeError) as error:  # tantivy's word for a full disk, too; ours for no index
            raise LibraryError(f"The word index in {self._folder} cannot be written ({error}).", REMEDY) from error
        finally:
            writer = None  # it holds tantivy's lock as long as anyone holds it, an error's traceback included

    def close(self) -> None:
        """Remove what was copied."""
        if self._copy:
            self._copy.cleanup()

    def clear(self) -> None:
        """Remove everything, also what is damaged."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._open()


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """Raises `LibraryError` for all that tantivy raises when what it reads is not what it wrote."""
    try:
        yield
    except (ValueError, TypeError, OSError, AttributeError) as error:
        raise _damage(folder, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # no `Exception`, and no name to import it by
            raise
        raise _damage(folder, error) from error


def _damage(folder: Path, error: BaseException) -> LibraryError:
    return LibraryError(f"The word index in {folder} is damaged ({error}).", "Make it anew with: lessons compact")


def _is_whole(file: Path) -> bool:
    """By the footer that tantivy puts behind a file: JSON with the CRC-32 of the rest, its length, and a number."""
    data = file.read_bytes()
    try:
        length, magic = struct.unpack("<II", data[-8:])
        return magic == MAGIC and bool(zlib.crc32(data[: -8 - length]) == json.loads(data[-8 - length : -8])["crc"])
    except (struct.error, ValueError, KeyError, TypeError):
        return False
