"""The peers, and what each needs: exact versions, as they were last seen to work together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RECIPES = Path(__file__).with_name("recipes")
MODEL = ("sentence-transformers==6.2.0", "transformers==5.24.0", "torch==2.13.0")
"""As this program has them, so that the same code runs the weights; torch exact, or pip fetches it with CUDA."""


@dataclass(frozen=True, slots=True)
class Peer:
    """`requirements` name the library itself first. One that is `own` runs in this program's environment instead."""

    name: str
    recipe: Path
    requirements: tuple[str, ...]
    own: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def packages(self) -> list[str]:
        """The names of the requirements, the library itself first."""
        return [requirement.partition("==")[0] for requirement in self.requirements]


_TXTAI = ("txtai==9.14.0", "transformers==5.24.0", "torch==2.13.0", "faiss-cpu==1.15.1", "numpy==2.4.6")

PEERS = (
    Peer("lessons", RECIPES / "lessons.py", ("lessons", "openvino", "faiss-cpu", "tantivy"), own=True),
    Peer(
        "LangChain",
        RECIPES / "langchain.py",
        (
            "langchain-community==0.4.2",
            "langchain-core==1.8.3",
            "langchain-huggingface==1.2.3",
            "langchain-text-splitters==1.1.3",
            "faiss-cpu==1.15.1",
            *MODEL,
        ),
    ),
    Peer(
        "LlamaIndex",
        RECIPES / "llamaindex.py",
        ("llama-index-core==0.14.25", "llama-index-embeddings-huggingface==0.8.0", *MODEL),
    ),
    Peer("txtai", RECIPES / "txtai.py", _TXTAI),
    Peer("txtai hybrid", RECIPES / "txtai.py", _TXTAI, options={"hybrid": True}),
    Peer("Chroma", RECIPES / "chroma.py", ("chromadb==1.5.9", *MODEL)),
    Peer("bm25s", RECIPES / "bm25s.py", ("bm25s==0.3.16", "PyStemmer==3.1.0", "numpy==2.4.6")),
)
