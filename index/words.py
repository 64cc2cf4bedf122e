"""The lexical index: BM25 over stemmed words, in tantivy."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_ANALYZER = "lessons_en"
MAX_QUERY_WORDS = 256
STOP_WORDS = frozenset(
    "a about above after again against all am an and any are as at be because been before being below between both but "
    "by can could did do does doing down during each few for from further get had has have having he her here hers "
    "herself him himself his how i if in into is it its itself just me more most must my myself no nor not now of off "
    "on once only or other our ours ourselves out over own same shall she should so some such than that the their "
    "theirs them themselves then there these they this those through to too under until up very was we were what when "
    "where which while who whom whose why will with would you your yours yourself yourselves".split()
)


class Words:
    """BM25 (k1 1.2, b 0.75), English stemming, stop words left out. The folder is made when it is not there."""

    def __init__(self, folder: Path) -> None:
        import tantivy

        folder.mkdir(parents=True, exist_ok=True)
        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("id", stored=True, indexed=True, fast=True)
        builder.add_text_field("body", tokenizer_name=_ANALYZER)
        self._schema: Any = builder.build()
        try:
            self._index: Any = tantivy.Index(self._schema, path=str(folder))
        except (ValueError, OSError):  # damaged: the words are made anew from the catalogue
            shutil.rmtree(folder)
            folder.mkdir()
            self._index = tantivy.Index(self._schema, path=str(folder))
        self._analyzer: Any = (
            tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
            .filter(tantivy.Filter.remove_long(60))
            .filter(tantivy.Filter.lowercase())
            .filter(tantivy.Filter.ascii_fold())
            .filter(tantivy.Filter.custom_stopword(sorted(STOP_WORDS)))
            .filter(tantivy.Filter.stemmer("english"))
            .build()
        )
        self._index.register_tokenizer(_ANALYZER, self._analyzer)

    def update(self, remove: Sequence[int], add: Iterable[tuple[int, str]], *, clear: bool = False) -> None:
        """Take out ids, put in (id, text) pairs, and commit both at once; `clear` empties the index first."""
        import tantivy

        writer = self._index.writer(num_threads=1)
        if clear:
            writer.delete_all_documents()
        for number in remove:
            writer.delete_documents_by_term("id", number)
        for number, text in add:
            document = tantivy.Document()
            document.add_unsigned("id", number)
            document.add_text("body", text)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self.reload()

    def reload(self) -> None:
        """See what another process has committed."""
        self._index.reload()

    def __len__(self) -> int:
        return int(self._index.searcher().num_docs)

    def words_of(self, text: str) -> list[str]:
        """The stemmed words of a text, in order, as they are indexed and searched."""
        return list(self._analyzer.analyze(text))

    def rarity(self, text: str) -> dict[str, float]:
        """The inverse document frequency of each word of a text, as in BM25; a word never seen ranks highest."""
        searcher = self._index.searcher()
        total = searcher.num_docs
        counts = {word: searcher.doc_freq("body", word) for word in self.words_of(text)}
        return {word: math.log(1 + (total - count + 0.5) / (count + 0.5)) for word, count in counts.items()}

    def search(self, query: str, k: int, allowed: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """The at most `k` best (id, score), best first; only ids in `allowed` if it is given."""
        import tantivy

        words = list(dict.fromkeys(self.words_of(query)))[:MAX_QUERY_WORDS]
        if not words or (allowed is not None and not allowed):
            return []
        terms = [tantivy.Query.term_query(self._schema, "body", word) for word in words]
        parsed = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        if allowed is not None:
            ids = tantivy.Query.term_set_query(self._schema, "id", list(allowed))
            only = tantivy.Query.const_score_query(ids, 0.0)
            parsed = tantivy.Query.boolean_query([(tantivy.Occur.Must, parsed), (tantivy.Occur.Must, only)])
        searcher = self._index.searcher()
        hits = searcher.search(parsed, k).hits
        return [(searcher.doc(address)["id"][0], float(score)) for score, address in hits]
