"""Late interaction: packed vectors of tokens against the plain computation, and what of a question is compared."""

import json
from pathlib import Path

import numpy as np
import pytest

from index.embedder import PACKAGED, SentenceTransformerEmbedder, locate
from index.encoder_openvino import OpenVinoEncoder
from index.encoder_recipe import Recipe
from index.encoder_torch import TorchEncoder
from index.late import DIRECTIONS, basis_of, likeness, pack, telling
from tests.fakes import HashEmbedder
from tests.index.test_embedder_backends import TEXTS, WORDS, cosines, write_model


class Worded(HashEmbedder):
    def vocabulary(self):
        return WORDS


def some(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def directions(width, number):
    return np.linalg.qr(some(width, number, seed=9))[0]


def plain(question, basis, passages):
    """The definition, without packing."""
    return [(unit(own @ basis) @ unit(question @ basis).T).max(axis=0).mean() if len(own) else 0 for own in passages]


# -- packed vectors


@pytest.mark.parametrize("number", [48, 47, 16, 5])
def test_packed_vectors_score_as_plain_ones(number):
    basis, question = directions(64, number), some(6, 64)
    passages = [some(length, 64, seed=length) for length in (1, 2, 30, 200)]
    passages += [np.concatenate([question[:at], some(20, 64, seed=20)]) for at in range(7)]
    packed = [pack(own, basis) for own in passages]
    assert [len(each) for each in packed] == [len(own) * -(-number // 2) for own in passages]
    scores = likeness(question, basis, packed)
    assert scores == pytest.approx(plain(question, basis, passages), abs=0.03)
    assert (np.diff(scores[-7:]) > 0).all()  # the more of the question's tokens are there, the nearer


def test_a_passage_without_tokens_scores_0_wherever_it_stands():
    basis, question = directions(16, 5), some(3, 16)
    nothing, own = pack(np.empty((0, 16), np.float32), basis), pack(question, basis)
    assert nothing == b""
    assert likeness(question, basis, [nothing, own, nothing, nothing, own, nothing]) == pytest.approx(
        [0, 1, 0, 0, 1, 0], abs=0.03
    )
    assert likeness(question, basis, [nothing, nothing]).tolist() == [0, 0]
    assert likeness(question[:0], basis, [own]).tolist() == [0]
    assert likeness(question, basis, []).shape == (0,)


def test_a_token_that_none_of_the_directions_sees_is_like_nothing():
    basis, blind = directions(16, 5), np.zeros((1, 16), np.float32)
    assert likeness(some(3, 16), basis, [pack(blind, basis)]).tolist() == [0]
    assert likeness(blind, basis, [pack(some(3, 16), basis)]).tolist() == [0]


# -- what of a question is compared


def told(text, most=None):
    """The words whose vectors are left, of a question of which the first tokens are read."""
    starts = HashEmbedder().tokens(text)
    tokens = np.arange(len(starts), dtype=np.float32)[:most, None]
    ends = [*starts[1:], len(text)]
    return [text[starts[int(at)] : ends[int(at)]].strip() for at in telling(tokens, text, starts).ravel()]


def test_stop_words_and_punctuation_say_nothing():
    assert told("Why did THE pump stop, again?") == ["pump", "stop"]
    assert told("pump") == ["pump"]


def test_a_part_of_a_word_is_no_stop_word():
    """ "The outage of a", in word pieces, and as some tokenizers have it, with the blank before a word."""
    tokens = np.arange(5, dtype=np.float32)[:, None]
    assert telling(tokens, "the outage of a", [0, 4, 7, 11, 14]).ravel().tolist() == [1, 2]
    assert telling(tokens, "the outage of a", [0, 3, 7, 10, 13]).ravel().tolist() == [1, 2]


def test_a_long_question_is_compared_as_far_as_it_is_read():
    assert told("the pump and the filter of the pump", most=5) == ["pump", "filter"]


def test_a_question_of_stop_words_alone_keeps_them():
    assert told("what is it?") == ["what", "is", "it", "?"]
    assert told("what is it?", most=2) == ["what", "is"]
    assert len(telling(np.empty((0, 8), np.float32), "\u200b", [])) == 0


@pytest.mark.parametrize(("special", "before"), [(0, 0), (1, 0), (1, 1), (2, 1)])
def test_a_question_s_tokens_are_its_own(tmp_path, special, before):
    """Without the prompt, and what the model adds: BERT a token before and one after, T5 only the latter."""
    name = Path(write_model(tmp_path, family="t5", prompts={"query": "choir sang "}))
    made = json.loads((name / "tokenizer.json").read_text())
    made["post_processor"]["single"] = made["post_processor"]["single"][1 - before : 2 + special - before]
    if not special:
        made["post_processor"] = None
    (name / "tokenizer.json").write_text(json.dumps(made))
    encoder = TorchEncoder(str(name))
    assert (encoder.special, encoder.before) == (special, before)
    embedder = SentenceTransformerEmbedder(str(name))
    vars(embedder)["_loaded"] = encoder
    whole = encoder.encode_in_detail(["the pump"], "query")[1][0]
    assert np.array_equal(embedder.query_in_detail("the pump"), whole[before + 2 : before + 4])
    assert np.array_equal(embedder.query("the pump"), encoder.encode_in_detail(["the pump"], "query")[0][0])


def test_of_a_question_longer_than_is_read_the_prompt_is_left_out_too(tmp_path):
    name = write_model(tmp_path, prompts={"query": "choir sang "})
    for encoder in (TorchEncoder(name, 6), OpenVinoEncoder(Recipe.of(Path(name)), "float", 6)):
        embedder = SentenceTransformerEmbedder(name)
        vars(embedder)["_loaded"] = encoder
        text = " ".join(WORDS[:7])
        whole = encoder.encode_in_detail([text], "query")[1][0]
        assert (len(whole), encoder.longest) == (8, 8)
        assert np.array_equal(embedder.query_in_detail(text), whole[3:7])


def test_a_model_in_half_precision_and_one_without_vectors_of_tokens(tmp_path):
    name = write_model(tmp_path)
    plain, half = TorchEncoder(name), TorchEncoder(name)
    half._model.bfloat16()
    for vectors, tokens in (half.encode_in_detail(TEXTS, "document"), plain.encode_in_detail(TEXTS, "document")):
        assert vectors.dtype == np.float32
        assert {own.dtype for own in tokens} == {np.dtype(np.float32)}
        assert cosines(vectors, plain.encode(TEXTS, "document")).min() > 0.99
    forward = plain._model[1].forward
    plain._model[1].forward = lambda features: {"sentence_embedding": forward(features)["sentence_embedding"]}
    vectors, tokens = plain.encode_in_detail(TEXTS, "document")
    assert [len(own) for own in tokens] == [0] * len(TEXTS)
    assert len(vectors) == len(TEXTS)


# -- the directions kept


def test_the_directions_are_orthonormal_and_the_same_for_the_same_model():
    basis = basis_of(Worded())
    assert basis is not None
    assert basis.shape == (512, len(set(WORDS)))  # a small vocabulary has fewer than `DIRECTIONS`
    assert basis.T @ basis == pytest.approx(np.eye(basis.shape[1]), abs=1e-4)
    again = basis_of(Worded())
    assert again is not None
    assert np.array_equal(basis, again)


def test_a_model_without_vocabulary_has_none():
    assert basis_of(HashEmbedder()) is None


def test_the_packaged_model_tells_a_passage_that_answers():
    embedder = SentenceTransformerEmbedder()
    basis = basis_of(embedder)
    assert basis is not None
    assert basis.shape == (384, DIRECTIONS)
    query = "Why did the pump stop?"
    tokens = embedder.documents_in_detail(
        ["The pump failed because leaves blocked its inlet.", "The choir sang three songs at the spring concert."]
    )[1]
    question = telling(embedder.query_in_detail(query), query, embedder.tokens(query))
    assert question.shape == (2, 384)  # pump, stop
    answers, other = likeness(question, basis, [pack(own, basis) for own in tokens])
    assert answers > other + 0.2
    assert embedder.documents_in_detail([])[1] == []


# -- the two backends


@pytest.fixture(params=["packaged", "bert", "xlm-roberta"])
def model(request, tmp_path):
    if request.param == "packaged":
        return locate(PACKAGED)
    return write_model(tmp_path, family=request.param, prompts={"query": "filter ", "passage": "choir sang "})


@pytest.mark.parametrize("kind", ["query", "document"])
def test_both_backends_give_the_same_vectors_of_tokens(model, kind):
    recipe = Recipe.of(Path(model))
    slow, fast = TorchEncoder(model), OpenVinoEncoder(recipe, "float")
    (one, tokens), (other, others) = (each.encode_in_detail(TEXTS, kind) for each in (slow, fast))
    assert one == pytest.approx(slow.encode(TEXTS, kind), abs=1e-3)
    assert other == pytest.approx(fast.encode(TEXTS, kind), abs=1e-3)
    for text, own, same in zip(TEXTS, tokens, others, strict=True):
        length = min(len(slow.tokens(recipe.prompts[kind] + text)) + slow.special, slow.longest)
        assert own.shape == same.shape == (length, slow.dimension)
        assert own.dtype == same.dtype == np.float32
        assert cosines(unit(own), unit(same)).min() > 0.99
