"""Settings of the library: how passages are embedded, and how the two searches are joined."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Backend = Literal["auto", "torch", "openvino"]


class IndexSettings(BaseModel):
    """What a library is made with and searched by.

    `embedder` names any sentence-transformers model (name or folder) and `passage_tokens` how long a passage may
    be, header included; both are fixed when a library is made, and None takes the library's own (for a new one
    the packaged weights and the measured default). `backend` is what runs the model: `auto` takes the fastest
    that gives the same vectors as `torch`. `candidates` is how many passages each search contributes.

    `dense_weight` is the share of the vectors' score against that of the words; None takes what `lessons tune` found,
    else one half. With `rerank` the first passages are put in a better order, by late interaction, which needs the
    vectors of tokens that a new library keeps unless `token_vectors` is off (5 KB a passage), or by the `cross_encoder`
    named, any of sentence-transformers (name or folder), which reads the first `cross_reads` of them.

    With `acronyms` a query's words are joined by those of the full names of its acronyms, and the other way round, as
    the library's own documents explain them.

    `engine` is what searches (for an existing library its own; `lessons move` changes it), at `address` where that is a
    server, which may ask for a `token`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedder: str | None = Field(default=None, min_length=1)
    passage_tokens: int | None = Field(default=None, ge=32, le=8192)
    backend: Backend = "auto"
    batch_size: int = Field(default=32, ge=1, le=1024)
    dense_weight: float | None = Field(default=None, ge=0.0, le=1.0)
    rerank: bool = True
    token_vectors: bool = True
    cross_encoder: str | None = Field(default=None, min_length=1)
    cross_reads: int = Field(default=20, ge=1, le=100)
    acronyms: bool = True
    candidates: int = Field(default=200, ge=10, le=10_000)
    engine: str | None = Field(default=None, min_length=1)
    address: str | None = Field(default=None, min_length=1)
    token: SecretStr | None = None
