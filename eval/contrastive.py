"""Train an embedding model on pairs: the text that belongs to another is to be nearer to it than the others beside it.

The loss is sentence-transformers' own (van den Oord et al., "Representation Learning with Contrastive Predictive
Coding", 2018). Its trainer is not used: it needs two more packages to do, on one computer, what the loop below does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from eval.pairs import Pair
from index.encoder_recipe import prompts_of
from index.encoder_torch import load_model

RATE = 2e-5
WARM = 0.1  # of the steps are spent on getting up to that rate, all of them on coming down to none
READS = 128  # tokens of each text
LARGEST = 1.0  # norm of a gradient


def train(
    location: str, given: Sequence[Sequence[Pair]], folder: Path, on_step: Callable[[int], None] = lambda _: None
) -> None:
    """Once over the batches, from the model at that location; the trained one is written to `folder`.

    The same batches on the same machine give the same weights. `on_step` is called with the batches done. Raises
    `ModelError` when the model cannot be loaded.
    """
    import torch
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    model = load_model(location)
    prompts, reads = prompts_of(model.prompts), model.max_seq_length
    model.max_seq_length = min(READS, reads or READS)
    model.eval()  # no dropout: it doubles the memory and adds half to the time, and chance
    loss = MultipleNegativesRankingLoss(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    warm = max(1, WARM * len(given))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda at: min((at + 1) / warm, 1 - at / len(given)))
    for done, batch in enumerate(given, 1):
        # One column after the other: together, short texts would be padded to the length of long ones.
        asked = model.preprocess([pair.asked for pair in batch], prompt=prompts["query"] or None)
        answers = model.preprocess([pair.answer for pair in batch], prompt=prompts["document"] or None)
        vectors = [model(column)["sentence_embedding"] for column in (asked, answers)]
        loss.compute_loss_from_embeddings(vectors, torch.empty(0)).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), LARGEST)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        on_step(done)
    model.max_seq_length = reads
    model.save(str(folder), create_model_card=False)
