"""A cross-encoder in the place of late interaction."""

import re
from pathlib import Path

import numpy as np
import pytest

from index.embedder import PACKAGED, locate
from index.library import Library
from index.passages import joined
from index.settings import IndexSettings
from ingest.errors import ModelError
from tests.fakes import HashEmbedder, a_library, prepared

QUERY = "why did the pump stop"
NOTES = [f"# Note {number}\n\nThe pump stopped. {'filter ' * number}{'valve ' * (7 - number)}\n" for number in range(8)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A library of eight notes that all answer about as well, which keeps no vectors of tokens."""
    path = tmp_path_factory.mktemp("judged")
    with a_library(path) as library:
        library.add([prepared(library, f"{number}.md", text) for number, text in enumerate(NOTES)])
        library.tune({"ranking": {"rerank": 1.0, "neighbours": 0.0}})
    return path


def write_cross_encoder(folder, labels=1):
    """A small one with random weights, written by the real library's own means."""
    import torch
    from sentence_transformers import CrossEncoder
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"the pump stopped filter valve note why did".split()]
    raw = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
    raw.normalizer = normalizers.Lowercase()
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]", model_max_length=64)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64, initializer_range=0.2,
    )  # fmt: skip
    config.num_labels = labels
    torch.manual_seed(3)
    BertForSequenceClassification(config).save_pretrained(folder / "plain")
    tokenizer.save_pretrained(folder / "plain")
    CrossEncoder(str(folder / "plain"), device="cpu").save(str(folder / "cross"))
    return str(folder / "cross")


@pytest.fixture(scope="module")
def cross(tmp_path_factory):
    return write_cross_encoder(tmp_path_factory.mktemp("model"))


def opened(folder, cross, **settings):
    return Library.open(folder, IndexSettings(cross_encoder=cross, **settings), embedder=HashEmbedder())


def said(cross, library, ids):
    """What the model itself says of the passages."""
    from sentence_transformers import CrossEncoder

    rows = library.catalogue.passages(ids)
    pairs = [(QUERY, joined(rows[number]["header"], rows[number]["text"])) for number in ids]
    return CrossEncoder(cross, device="cpu").predict(pairs, show_progress_bar=False)


def test_its_scores_order_what_is_found(folder, cross):
    with opened(folder, cross) as library:
        ids = library.catalogue.passage_ids().tolist()
        scores = said(cross, library, ids)
        assert np.diff(np.sort(scores)).min() > 1e-6
        hits = library.search(QUERY).hits
        assert [hit.lesson_id for hit in hits] == [f"{at}#1" for at in np.argsort(-scores)]
        before = library.search(QUERY, rerank=False).hits
        assert [hit.lesson_id for hit in before] != [hit.lesson_id for hit in hits]


def test_only_the_first_passages_are_read(folder, cross):
    with opened(folder, cross, cross_reads=3) as library:
        ids = [5, 2, 8, 1, 99]
        judged = library.judge(QUERY, ids, library.serving())
        assert judged[:3] == pytest.approx(said(cross, library, ids[:3]), abs=1e-5)
        assert np.isnan(judged[3:]).all()
        before, after = ([hit.lesson_id for hit in library.search(QUERY, rerank=way).hits] for way in (False, True))
        assert set(before) == set(after)
        assert np.isnan(library.judge(QUERY, [99], library.serving())).all()


@pytest.mark.parametrize("name", ["/no/such/folder"])
def test_one_that_is_not_there_is_named_with_the_setting(folder, name, monkeypatch):
    with opened(folder, name) as library:
        with pytest.raises(ModelError, match=name) as error:
            library.search(QUERY)
        assert "cross_encoder" in error.value.remedy
        monkeypatch.setattr("sentence_transformers.CrossEncoder", pytest.fail)
        with pytest.raises(ModelError, match=name):
            library.search(QUERY)  # it is not tried again
        assert library.search(QUERY, rerank=False).hits
    with opened(folder, name, rerank=False) as library:
        assert library.search(QUERY).hits


def test_an_embedding_model_is_none(folder):
    with opened(folder, locate(PACKAGED)) as library, pytest.raises(ModelError, match="no cross-encoder"):
        library.search(QUERY)


def test_a_damaged_one_is_named_too(folder, tmp_path):
    name = write_cross_encoder(tmp_path)
    weights = Path(name) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:50])
    with opened(folder, name) as library, pytest.raises(ModelError, match=re.escape(name)):
        library.search(QUERY)


def test_one_that_sorts_into_classes_is_refused(folder, tmp_path):
    name = write_cross_encoder(tmp_path, labels=3)
    with opened(folder, name) as library, pytest.raises(ModelError, match="3 scores"):
        library.search(QUERY)
