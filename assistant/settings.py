"""Settings of the assistant: the language model, if any, and how much an answer may take and show."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AssistantSettings(BaseModel):
    """`llm` is "provider:model" as LangChain's `init_chat_model` takes it; None composes answers from quotes alone.

    `llm_base_url` points at a server of one's own. `llm_timeout` is in seconds and covers a whole reply.
    `llm_context_tokens` is what the passages shown to the model may take, in cl100k tokens. `keep_questions` keeps
    those that were not answered, without a name and with the day alone. `external` are the collections (folders) whose
    records are those of other organisations: answers say so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    llm: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*:\S+$")
    llm_base_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    llm_timeout: float = Field(default=60.0, gt=0, le=3600)
    llm_context_tokens: int = Field(default=3000, ge=200, le=1_000_000)
    keep_questions: bool = True
    external: tuple[str, ...] = ()
    max_sources: int = Field(default=5, ge=1, le=20)
    max_question_chars: int = Field(default=10_000, ge=100, le=100_000)
