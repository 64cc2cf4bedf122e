"""Train the reader of `index/reader.py`: `python -m eval.train_reader FOLDER OUT`, the folder as in `reader_pairs.py`.

The encoder that comes with the package stays as it is; what is learned is added to its layers as matrices of low rank
(Hu et al., "LoRA", 2021), so that the reader is a file of a few megabytes. About an hour on two cores.
"""

from __future__ import annotations

import json
import logging
import math
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eval.reader_pairs import Pair, pairs
from index.embedder import PACKAGED, locate
from index.encoder_recipe import Recipe
from index.reader import HEADS, INNER

RANK, SCALE = 32, 2.0
BATCH, LENGTH, RATE, WARM = 32, 112, 7e-4, 100
SEED = 7
LAYERS = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
          "intermediate.dense", "output.dense")  # fmt: skip
log = logging.getLogger("train_reader")


class Added(nn.Module):
    """A linear layer and what is learned beside it."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        self.down = nn.Parameter(torch.randn(RANK, layer.in_features) / math.sqrt(layer.in_features))
        self.up = nn.Parameter(torch.zeros(layer.out_features, RANK))

    def forward(self, values: Tensor) -> Tensor:
        """The layer's values with what was learned."""
        added: Tensor = self.layer(values) + (values @ self.down.T) @ self.up.T * SCALE
        return added


class Learner(nn.Module):
    """The encoder with an `Added` in place of each of its layers, and a head with the scores of a pair."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        from transformers import AutoModel, AutoTokenizer

        folder = recipe.weights.parent
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.encoder: Any = AutoModel.from_pretrained(folder, attn_implementation="sdpa").requires_grad_(False)
        for block in self.encoder.encoder.layer:
            for name in LAYERS:
                above, _, last = name.rpartition(".")
                setattr(block.get_submodule(above), last, Added(block.get_submodule(name)))
        self.kinds = self.encoder.embeddings.token_type_embeddings.weight.requires_grad_(True)
        self.inner, self.outer = nn.Linear(2 * self.encoder.config.hidden_size, INNER), nn.Linear(INNER, HEADS)

    def tokens(self, pair: Pair) -> Any:
        """The pair as the encoder reads it."""
        return self.tokenizer(pair.said, pair.text, truncation="only_second", max_length=LENGTH)

    def forward(self, rows: Sequence[Any]) -> Tensor:
        """Scores of shape (n, HEADS)."""
        batch = self.tokenizer.pad(list(rows), return_tensors="pt")
        hidden, mask = self.encoder(**batch).last_hidden_state, batch["attention_mask"].unsqueeze(-1)
        pooled = torch.cat([hidden[:, 0], (hidden * mask).sum(1) / mask.sum(1)], 1)
        scores: Tensor = self.outer(torch.tanh(self.inner(pooled)))
        return scores

    def save(self, out: Path, about: dict[str, str]) -> None:
        """Write what was learned, half precision."""
        from safetensors.numpy import save_file

        weights: dict[str, Tensor] = {"embeddings.token_type_embeddings.weight": self.kinds}
        for number, block in enumerate(self.encoder.encoder.layer):
            for name in LAYERS:
                layer = block.get_submodule(name)
                weights[f"encoder.layer.{number}.{name}.down"] = layer.down
                weights[f"encoder.layer.{number}.{name}.up"] = layer.up * SCALE
        weights |= {"inner.weight": self.inner.weight, "inner.bias": self.inner.bias}
        weights |= {"outer.weight": self.outer.weight, "outer.bias": self.outer.bias}
        save_file({name: value.detach().numpy().astype(np.float16) for name, value in weights.items()}, out, about)


def loss_of(scores: Tensor, some: Sequence[Pair]) -> Tensor:
    """The mean loss of pairs, each by what is known of it."""
    total = scores.sum() * 0
    for kind, lose in _LOSSES.items():
        at = [place for place, pair in enumerate(some) if pair.kind == kind]
        if at:
            total = total + lose(scores[at], torch.tensor([some[place].label for place in at]))
    return total / len(some)


def _answer(scores: Tensor, labels: Tensor) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(scores[:, 3], labels.float(), reduction="sum")


def _claim(scores: Tensor, labels: Tensor) -> Tensor:
    return nn.functional.cross_entropy(scores[:, :3], labels, reduction="sum")


def _support(scores: Tensor, labels: Tensor) -> Tensor:
    entailed = scores[:, 0] - torch.logsumexp(scores[:, 1:3], 1)
    return nn.functional.binary_cross_entropy_with_logits(entailed, 1.0 - labels, reduction="sum")


_LOSSES = {"answer": _answer, "claim": _claim, "support": _support}


def train(found: Sequence[Pair], out: Path) -> None:
    """One pass over the pairs; writes the reader's weights to `out`, again after every fortieth part of it."""
    torch.manual_seed(SEED)
    recipe = Recipe.of(Path(locate(PACKAGED)))
    learner = Learner(recipe)
    rows = [learner.tokens(pair) for pair in found]
    batches = _batches([len(row["input_ids"]) for row in rows])
    learned = [parameter for parameter in learner.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / WARM) * max(0.02, 1 - step / len(batches))
    )
    about = {"base": recipe.digest(), "about": json.dumps({"pairs": len(found), "seed": SEED})}
    learner.train()
    started, lost = time.monotonic(), list[float]()
    for step, batch in enumerate(batches, 1):
        loss = loss_of(learner([rows[at] for at in batch]), [found[at] for at in batch])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.step()
        lost.append(float(loss.detach()))
        if step % max(1, len(batches) // 40) == 0 or step == len(batches):
            log.info("%d of %d, loss %.4f, %d s", step, len(batches), np.mean(lost[-50:]), time.monotonic() - started)
            learner.save(out, about)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Places of pairs of like length, in random order."""
    chance = random.Random(SEED)  # noqa: S311 - no secret hangs on it
    order = list(range(len(lengths)))
    chance.shuffle(order)
    batches: list[list[int]] = []
    for at in range(0, len(order), 32 * BATCH):
        some = sorted(order[at : at + 32 * BATCH], key=lambda place: lengths[place])
        own = [some[first : first + BATCH] for first in range(0, len(some), BATCH)]
        chance.shuffle(own)
        batches += own
    return batches


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    train(pairs(Path(sys.argv[1])), Path(sys.argv[2]))
