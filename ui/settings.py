"""All settings together: defaults, then `lessons.toml`, then the environment, then flags; the later one holds."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, get_origin

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.settings import AssistantSettings
from index.settings import IndexSettings
from ingest.errors import BadSettings
from ingest.settings import IngestSettings
from ui.web.settings import ServeSettings

FILE = "lessons.toml"
PREFIX = "LESSONS_"


class Settings(BaseModel):
    """The settings of every floor.

    In `lessons.toml` each floor is a table (`[assistant]`, then `llm = "ollama:llama3.2"`). In the environment a
    setting is `LESSONS_` and its name (`LESSONS_LLM`): names are unique across floors. Lists and tables are JSON there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: Path = Field(default_factory=lambda: user_data_path("lessons"))
    ingest: IngestSettings = IngestSettings()
    index: IndexSettings = IndexSettings()
    assistant: AssistantSettings = AssistantSettings()
    serve: ServeSettings = ServeSettings()

    @classmethod
    def load(
        cls,
        flags: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] = os.environ,
        folder: Path | None = None,
    ) -> Self:
        """Raises `BadSettings`, which names the setting. A flag that is None is not set."""
        path = (folder or Path.cwd()) / FILE
        values = _from_file(path) if path.is_file() else {}
        for name, value in environment.items():
            if name.startswith(PREFIX) and value:
                setting = name.removeprefix(PREFIX).lower()
                _set(values, setting, _from_variable(setting, value, name), name)
        for name, value in (flags or {}).items():
            if value is not None:
                _set(values, name, value, f"--{name.replace('_', '-')}")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise BadSettings(f"{where}: {first['msg']}.", f"Known settings: {', '.join(places())}.") from error


def places() -> dict[str, str]:
    """Each setting's name and the floor it belongs to, "" for those above all floors."""
    out: dict[str, str] = {}
    for name, field in Settings.model_fields.items():
        floor = field.annotation
        if isinstance(floor, type) and issubclass(floor, BaseModel):
            out |= dict.fromkeys(floor.model_fields, name)
        else:
            out[name] = ""
    return out


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{path} cannot be read: {error}.", "Correct the file, or move it away.") from error


def _from_variable(name: str, value: str, said: str) -> Any:
    """The value of a variable of the environment: as JSON for a setting that is a list or a table."""
    floor = Settings.model_fields[places().get(name) or "library"].annotation
    field = floor.model_fields.get(name) if isinstance(floor, type) and issubclass(floor, BaseModel) else None
    if field is None or get_origin(field.annotation) not in (tuple, dict):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise BadSettings(f"{said} is not JSON: {error}.", f"""Write, for instance, {said}='["a", "b"]'.""") from error


def _set(values: dict[str, Any], name: str, value: Any, said: str) -> None:
    known = places()
    if name not in known:
        raise BadSettings(f"There is no setting {said}.", f"Known settings: {', '.join(known)}.")
    target = values.setdefault(known[name], {}) if known[name] else values
    if not isinstance(target, dict):
        raise BadSettings(f"{known[name]} in {FILE} is not a table.", f"Write [{known[name]}] on a line of its own.")
    target[name] = value
