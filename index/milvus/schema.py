"""The collection of a library's passages: its fields, their indexes, and a passage as a row of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from index.analysis import words_of
from index.filters import TAGS
from index.milvus.expression import LONGEST, cell
from index.milvus.server import Server
from index.passages import Batch
from index.selection import ONE_VALUE

TEXTS = (*ONE_VALUE, "first_day", "last_day")
LISTS = tuple(TAGS.values())
MOST_TAGS = 4096  # values in one list: the most Milvus takes
LONGEST_TEXT = 65_535  # bytes: the most Milvus takes
GRAPH = {"M": 16, "efConstruction": 200}
BM25 = {"bm25_k1": 1.2, "bm25_b": 0.75}


def fields_for(server: Server) -> tuple[str, ...]:
    """The names of the fields that a collection has on this server."""
    return ("id", "vector", *TEXTS, *LISTS, "source_id", *(("words", "sparse") if server.has_words else ()))


def make(server: Server, collection: str, dimension: int) -> frozenset[str]:
    """Make what is missing of the collection and its indexes; returns the names of the fields that it has."""
    from pymilvus import DataType, Function, FunctionType

    schema = server.client.create_schema(enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
    for name in TEXTS:
        schema.add_field(name, DataType.VARCHAR, max_length=LONGEST)
    for name in LISTS:
        schema.add_field(
            name, DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=MOST_TAGS, max_length=LONGEST
        )
    schema.add_field("source_id", DataType.INT64)
    if server.has_words:
        # Stems are letters and digits: this tokenizer takes them apart at the blanks, and every server has it.
        schema.add_field(
            "words",
            DataType.VARCHAR,
            max_length=LONGEST_TEXT,
            enable_analyzer=True,
            enable_match=True,
            analyzer_params={"tokenizer": "standard"},
        )
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        bm25 = Function("bm25", FunctionType.BM25, input_field_names=["words"], output_field_names=["sparse"])
        schema.add_function(bm25)
    return server.make(collection, schema, _indexes(server))


def _indexes(server: Server) -> dict[str, dict[str, Any]]:
    """The index of each field that has one."""
    # milvus-lite loses half of the hits of a selective filter in a graph, and the server that is one does not.
    kind, parameters = ("FLAT", {}) if server.is_lite else ("HNSW", GRAPH)
    indexes: dict[str, dict[str, Any]] = {"vector": {"index_type": kind, "metric_type": "COSINE", "params": parameters}}
    if server.has_words:
        indexes["sparse"] = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25", "params": BM25}
        names = (*TEXTS, "source_id", *(() if server.is_lite else LISTS))  # which has none for lists
        indexes |= {name: {"index_type": "INVERTED"} for name in names}
    return indexes


def rows(batch: Batch, fields: Mapping[int, Mapping[str, Any]], *, with_words: bool) -> list[dict[str, Any]]:
    """Passages as rows; `fields` are those of their records."""
    made = {lesson: _cells(values) for lesson, values in fields.items()}
    return [
        {"id": number, "vector": vector, **made[lesson], **({"words": _words(text)} if with_words else {})}
        for number, lesson, text, vector in zip(batch.ids, batch.lessons, batch.texts, batch.vectors, strict=True)
    ]


def _cells(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: cell(values[name]) for name in TEXTS},
        **{name: [cell(value) for value in values[name][:MOST_TAGS]] or [""] for name in LISTS},
        "source_id": values["source_id"],
    }


def _words(text: str) -> str:
    words = " ".join(words_of(text))
    encoded = words.encode()
    return words if len(encoded) <= LONGEST_TEXT else encoded[:LONGEST_TEXT].decode(errors="ignore")
