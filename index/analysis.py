"""From a text to the words that are indexed and searched: lower case, without accents and stop words, English stems."""

from __future__ import annotations

from functools import cache
from typing import Any

STOP_WORDS = frozenset(
    "a about above after again against all am an and any are as at be because been before being below between both but "
    "by can could did do does doing down during each few for from further get had has have having he her here hers "
    "herself him himself his how i if in into is it its itself just me more most must my myself no nor not now of off "
    "on once only or other our ours ourselves out over own same shall she should so some such than that the their "
    "theirs them themselves then there these they this those through to too under until up very was we were what when "
    "where which while who whom whose why will with would you your yours yourself yourselves".split()
)


@cache
def analyzer() -> Any:
    """The chain of steps, as tantivy runs it."""
    import tantivy

    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(60))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.custom_stopword(sorted(STOP_WORDS)))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def words_of(text: str) -> list[str]:
    """The words of a text, in order."""
    return list(analyzer().analyze(text))
