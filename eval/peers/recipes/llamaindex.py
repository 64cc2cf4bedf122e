"""LlamaIndex as its starter has it: VectorStoreIndex in memory, its own sentence splitter, HuggingFaceEmbedding."""

from __future__ import annotations

from importlib import import_module
from typing import Any

CHUNKS = 5  # fetched for each document wanted: a document's chunks take several places


class Recipe:
    """`from_documents` cuts with the splitter of the default settings."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.core = import_module("llama_index.core")
        embedding = import_module("llama_index.embeddings.huggingface").HuggingFaceEmbedding
        self.model: Any = embedding(model_name=job["weights"])

    def index(self, ids: list[str], texts: list[str]) -> int:
        documents = [self.core.Document(text=text, id_=id_) for id_, text in zip(ids, texts, strict=True)]
        self.made: Any = self.core.VectorStoreIndex.from_documents(documents, embed_model=self.model)
        return len(self.made.docstore.docs)

    def search(self, question: str, documents: int) -> list[tuple[str, float]]:
        found = self.made.as_retriever(similarity_top_k=documents * CHUNKS).retrieve(question)
        return [(one.node.ref_doc_id, float(one.score)) for one in found]
