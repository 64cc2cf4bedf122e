"""What runs an embedding model, and the choice between them.

Two encoders run the same weights: `TorchEncoder` any sentence-transformers model, `OpenVinoEncoder` those of the BERT
family, several times faster and without importing torch. The fast one is taken where its vectors have been seen to be
those of the other, in the precision that was measured to be the fastest here (`index/encoder_record.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from index.encoder_graph import Precision
from index.encoder_recipe import NotReproducible, Recipe
from index.encoder_torch import TorchEncoder
from index.settings import Backend
from ingest.errors import ModelError

Vectors = NDArray[np.float32]
Kind = Literal["document", "query"]

logger = logging.getLogger(__name__)


class Encoder(Protocol):
    """A loaded model.

    `backend` names what runs it; `longest` is how many tokens it reads, special ones included, `special` how many of
    them it adds itself, and `before` how many of these stand before a text. `prompts` is what it wants before each kind
    of text. `encode` gives shape (n, dimension), float32 of unit length, with the prompt for that kind;
    `encode_in_detail` gives with it the vectors of all tokens read, shape (tokens, width), none for a model without.
    `tokens` is the offset at which each token of a text starts, however long the text; `vocabulary` the words and parts
    of words that the model knows. All may be called from several threads.
    """

    backend: str
    dimension: int
    longest: int
    special: int
    before: int
    prompts: dict[str, str]

    def tokens(self, text: str) -> Sequence[int]: ...
    def vocabulary(self) -> Iterable[str]: ...
    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors: ...
    def encode_in_detail(self, texts: Sequence[str], kind: Kind) -> tuple[Vectors, list[Vectors]]: ...


def load(location: str, max_tokens: int | None, batch_size: int, backend: Backend) -> Encoder:
    """The model in that folder, or of that name on a hub, on the fastest backend that gives its vectors.

    Raises `ModelError`, also when `backend` is `openvino` and the model cannot run on it.
    """
    if backend == "torch":
        return TorchEncoder(location, max_tokens, batch_size)
    try:
        return _accelerated(location, max_tokens, batch_size)
    except (NotReproducible, ImportError) as error:
        if backend == "openvino":
            raise ModelError(
                f"The embedding model {location!r} cannot run on OpenVINO: {error}",
                'Leave backend = "auto", which takes what can run it.',
            ) from error
        logger.info("%s runs on torch: %s", location, error)
    return TorchEncoder(location, max_tokens, batch_size)


def _accelerated(location: str, max_tokens: int | None, batch_size: int) -> Encoder:
    """Raises `NotReproducible`, or `ImportError` where OpenVINO is not installed."""
    from index import encoder_record
    from index.encoder_openvino import OpenVinoEncoder, machine

    recipe, here = Recipe.of(folder_of(location)), machine()

    def build(precision: Precision) -> Encoder:
        return OpenVinoEncoder(recipe, precision, max_tokens, batch_size)

    digest = recipe.digest()
    if precision := encoder_record.recall(digest, here):
        return build(precision)
    return encoder_record.settle(digest, here, build, lambda: TorchEncoder(location, max_tokens, batch_size))


def folder_of(location: str) -> Path:
    """Where the model's files are; for one of a hub, the copy of an earlier download. Raises `NotReproducible`."""
    folder = Path(location)
    if folder.is_dir():
        return folder
    if folder.is_absolute():
        raise NotReproducible("there is no such folder.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    name = location if "/" in location else f"sentence-transformers/{location}"
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError) as error:
        raise NotReproducible("it has not been downloaded yet.") from error
