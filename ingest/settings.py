"""Settings of the way in."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class IngestSettings(BaseModel):
    """Limits on what is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_file_mb: int = Field(default=200, ge=1, le=4096)
