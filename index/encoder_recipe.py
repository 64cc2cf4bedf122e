"""How a model folder turns a text into a vector, read from its files without loading the model.

Layout of sentence-transformers: `modules.json` names the steps (transformer, pooling, normalisation), and files beside
it say what each does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

OFFSET_FAMILIES = frozenset({"roberta", "xlm-roberta", "camembert"})
"""These count positions from the one after the padding token's number."""
FAMILIES = OFFSET_FAMILIES | {"bert"}
STEPS = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
DOCUMENT_PROMPTS = ("document", "passage", "corpus")  # names in use for the same, the first one that says something


class NotReproducible(Exception):
    """The model has a part that only its own library runs, or its vectors came out different."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the files say.

    `config` is the transformer's own. `reads` is how many tokens it reads by default, special ones included, and
    `positions` how many it can.
    """

    files: tuple[Path, ...]
    config: dict[str, Any]
    pooling: Literal["mean", "cls"]
    prompts: dict[str, str]
    reads: int
    positions: int

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Raises `NotReproducible`."""
        try:
            return cls._read(folder)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise NotReproducible(f"its files are not those of a sentence-transformers model ({error!r}).") from error

    @classmethod
    def _read(cls, folder: Path) -> Self:
        modules = _json(folder / "modules.json")
        steps = [module["type"].rpartition(".")[2] for module in modules]
        if steps not in STEPS or not all(module["type"].startswith("sentence_transformers.") for module in modules):
            raise NotReproducible(f"its steps are {', '.join(steps)}.")
        transformer = folder / modules[0]["path"]
        files = {
            name: transformer / f"{name}.json"
            for name in ("config", "tokenizer", "tokenizer_config", "sentence_bert_config")
        } | {
            "pooling": folder / modules[1]["path"] / "config.json",
            "model": folder / "config_sentence_transformers.json",
            "steps": folder / "modules.json",
            "weights": transformer / "model.safetensors",
        }
        config, model = _json(files["config"]), _json(files["model"])
        if model.get("truncate_dim") is not None:
            raise NotReproducible("it shortens its vectors.")
        _check_family(config)
        positions = int(config["max_position_embeddings"]) - first_position(config)
        reads = _json(files["sentence_bert_config"]).get("max_seq_length")
        if reads is None:
            reads = min(_json(files["tokenizer_config"]).get("model_max_length", positions), positions)
        prompts = prompts_of(model.get("prompts") or {})
        pooling = _pooling(_json(files["pooling"]))
        return cls(tuple(files.values()), config, pooling, prompts, min(int(reads), positions), positions)

    @property
    def weights(self) -> Path:
        return next(file for file in self.files if file.suffix == ".safetensors")

    @property
    def tokenizer(self) -> Path:
        return next(file for file in self.files if file.name == "tokenizer.json")

    def digest(self) -> str:
        """Hexadecimal, of everything the vectors depend on."""
        whole = hashlib.sha256()
        for file in self.files:
            with file.open("rb") as stream:
                whole.update(hashlib.file_digest(stream, "sha256").digest())
        return whole.hexdigest()


def first_position(config: dict[str, Any]) -> int:
    """The number of the first token's position."""
    return int(config["pad_token_id"]) + 1 if config["model_type"] in OFFSET_FAMILIES else 0


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _check_family(config: dict[str, Any]) -> None:
    wanted = {"hidden_act": "gelu", "position_embedding_type": "absolute", "is_decoder": False}
    other = {name: config[name] for name, value in wanted.items() if config.get(name, value) != value}
    if config["model_type"] not in FAMILIES or other or "auto_map" in config:
        raise NotReproducible(f"its transformer is of another make ({config['model_type']} {other or ''}).")


def _pooling(config: dict[str, Any]) -> Literal["mean", "cls"]:
    """Both the present form and the flags of earlier versions."""
    flags = {name.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token"): value
             for name, value in config.items() if name.startswith("pooling_mode_")}  # fmt: skip
    mode = config.get("pooling_mode") or [name for name, value in flags.items() if value] or "mean"
    if isinstance(mode, list):
        mode = mode[0] if len(mode) == 1 else "+".join(mode)
    if mode not in ("mean", "cls") or not config.get("include_prompt", True):
        raise NotReproducible(f"its pooling is {mode}, or leaves out its prompt.")
    return "mean" if mode == "mean" else "cls"


def prompts_of(given: Mapping[str, str | None]) -> dict[str, str]:
    """What the model wants before a query and before a document, out of the prompts it names."""
    document = next((given[name] for name in DOCUMENT_PROMPTS if given.get(name)), "")
    return {"query": given.get("query") or "", "document": document or ""}
