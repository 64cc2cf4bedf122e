import numpy as np
import pytest

from index.embedder import SentenceTransformerEmbedder
from index.library import Library
from index.manifest import embedder_of
from index.settings import IndexSettings
from ingest.errors import ModelError


@pytest.fixture(scope="module")
def embedder():
    return SentenceTransformerEmbedder()


def test_vectors_have_unit_length_and_tell_related_from_unrelated(embedder):
    vectors = embedder.documents(["The pump broke down.", "The choir sang a song.", ""])
    assert vectors.shape == (3, embedder.dimension) == (3, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
    query = embedder.query("Why did the pump fail?")
    assert query.shape == (384,)
    assert query @ vectors[0] > query @ vectors[1] + 0.2


def test_no_texts_give_no_vectors(embedder):
    assert len(embedder.documents([])) == 0


def test_tokens_start_where_they_stand(embedder):
    text = "The pump stopped. " * 500
    starts = embedder.tokens(text)
    assert len(starts) == 2000
    assert text[starts[5] :].startswith("pump")
    assert embedder.max_tokens == 254


def test_the_limit_can_be_raised_to_what_the_model_holds():
    assert SentenceTransformerEmbedder(max_tokens=5000).max_tokens == 510
    assert SentenceTransformerEmbedder(max_tokens=100).max_tokens == 100


def test_nothing_the_model_reads_is_cut_off(sample):
    limit = sample.manifest.passage_tokens
    rows = sample.catalogue.rows("SELECT header, text FROM passages")
    longest = max(len(sample.embedder.tokens(f"{row['header']}\n{row['text']}")) for row in rows)
    assert 0.8 * limit < longest <= limit <= sample.embedder.max_tokens


@pytest.mark.parametrize("name", ["/no/such/folder"])
def test_a_model_that_is_not_there_is_named(name):
    with pytest.raises(ModelError, match=name) as error:
        _ = SentenceTransformerEmbedder(name).dimension
    assert "packaged" in error.value.remedy


def test_weights_that_tell_nothing_apart_are_refused(tmp_path, monkeypatch):
    """A tiny model with random weights and a broken pooling, written by the real library's own means."""
    monkeypatch.setattr("index.encoder_record.user_cache_path", lambda name: tmp_path / name)
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}
    raw = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]")
    config = BertConfig(vocab_size=4, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    BertModel(config).save_pretrained(tmp_path / "bert")
    tokenizer.save_pretrained(tmp_path / "bert")
    transformer = Transformer(str(tmp_path / "bert"))
    SentenceTransformer(modules=[transformer, Pooling(8, "cls")]).save(str(tmp_path / "model"))
    with pytest.raises(ModelError, match="sanity check"):
        _ = SentenceTransformerEmbedder(str(tmp_path / "model")).dimension


def test_a_library_names_the_embedder_it_was_made_with(tmp_path):
    with Library.open(tmp_path, IndexSettings(passage_tokens=100), create=True) as library:
        assert library.manifest.passage_tokens == 100
    with Library.open(tmp_path) as again:
        manifest = again.manifest
        assert (manifest.embedder, manifest.dimension, manifest.engine) == ("packaged:all-MiniLM-L6-v2", 384, "faiss")
        assert embedder_of(again.manifest, IndexSettings()).max_tokens == 100
