"""Settings of the way in."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class IngestSettings(BaseModel):
    """Limits on what is read, and how many files are read at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_file_mb: int = Field(default=200, ge=1, le=4096)
    max_seconds: int = Field(default=300, ge=1, le=86_400)
    """For one file, or for one page of a scan."""
    max_memory_mb: int = Field(default=2048, ge=256, le=1_048_576)
    """For each process that reads."""
    readers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    """Processes that read files while others are embedded."""
    taxonomy: Path | None = None
    """A file with the organisation's own topics, causes and phases in place of the packaged one."""
