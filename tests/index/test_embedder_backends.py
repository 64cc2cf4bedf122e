"""The fast backend against the reference, and what happens where it cannot be used."""

import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from index import encoder_record
from index.database import Database
from index.embedder import PACKAGED, SentenceTransformerEmbedder, locate
from index.encoder import Encoder, folder_of, load
from index.encoder_openvino import BATCH_TOKENS, OpenVinoEncoder, _batches, machine
from index.encoder_recipe import NotReproducible, Recipe, prompts_of
from index.encoder_torch import TorchEncoder
from index.library import Library
from index.manifest import Manifest, take_over
from index.settings import IndexSettings
from ingest.errors import EmbedderMismatch, ModelError

WORDS = "the pump stopped because a filter was blocked and choir sang songs in spring".split()
TEXTS = [
    "The pump stopped.",
    "because a filter was blocked and the pump was blocked",
    "a choir sang songs in spring " * 30,
    "the",
    "",
]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setattr(encoder_record, "user_cache_path", lambda name: folder / name)
    return folder / "lessons" / "encoders"


@pytest.fixture
def prefer(monkeypatch):
    """Let one precision come out as the fastest, whatever the clock says."""

    def slow(other):
        monkeypatch.setattr(encoder_record, "timed", lambda encoders: {each: each != other for each in encoders})

    return slow


def write_model(folder, *, family="bert", pooling="mean", prompts=None, seed=3, **config):
    """A small model of that family with random weights, written by the real library's own means."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import AutoModel, BertConfig, MPNetConfig, PreTrainedTokenizerFast, T5Config, XLMRobertaConfig

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    raw = Tokenizer(models.WordLevel({word: at for at, word in enumerate(special + WORDS)}, unk_token="[UNK]"))
    raw.normalizer = normalizers.Lowercase()
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]")
    configs = {"bert": BertConfig, "xlm-roberta": XLMRobertaConfig, "mpnet": MPNetConfig, "t5": T5Config}
    made = configs[family](
        **{
            "vocab_size": len(special + WORDS), "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
            "intermediate_size": 128, "pad_token_id": 0, "type_vocab_size": 1, "initializer_range": 0.3,
        }
        | ({} if family == "t5" else {"max_position_embeddings": 66})
        | config
    )  # fmt: skip
    torch.manual_seed(seed)
    AutoModel.from_config(made).save_pretrained(folder / "plain")
    tokenizer.save_pretrained(folder / "plain")
    modules = [Transformer(str(folder / "plain")), Pooling(64, pooling)]
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(folder / "model"))
    return str(folder / "model")


def cosines(one, other):
    return (one * other).sum(axis=1)


@pytest.fixture(scope="module")
def reference():
    return TorchEncoder(locate(PACKAGED), 254)


@pytest.mark.parametrize("precision", ["float", "int8"])
def test_the_packaged_weights_give_the_vectors_of_torch(reference, precision):
    recipe = Recipe.of(Path(locate(PACKAGED)))
    encoder = OpenVinoEncoder(recipe, precision, 254)
    assert encoder_record.agreement(encoder, reference) > encoder_record.SAME[precision]
    assert recipe.digest() in encoder_record.TRUSTED


def test_a_text_s_vector_is_its_own_whatever_it_is_batched_with():
    embedder = SentenceTransformerEmbedder(max_tokens=100)
    texts = [f"{word} " * times for word in WORDS for times in (1, 7, 90)]
    together = embedder.documents(texts)
    alone = np.stack([embedder.query(text) for text in texts])
    assert embedder.backend.startswith("openvino")
    assert cosines(together, alone).min() > 0.9995


@pytest.mark.parametrize("family", ["bert", "xlm-roberta"])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_model_with_prompts_gives_the_vectors_of_torch(tmp_path, family, pooling):
    name = write_model(tmp_path, family=family, pooling=pooling, prompts={"query": "filter ", "passage": "choir sang "})
    slow, fast = TorchEncoder(name), OpenVinoEncoder(Recipe.of(Path(name)), "float")
    assert fast.longest == slow.longest == {"bert": 66, "xlm-roberta": 65}[family]
    for kind in ("query", "document"):
        assert cosines(slow.encode(TEXTS, kind), fast.encode(TEXTS, kind)).min() > 0.999
    assert cosines(fast.encode(TEXTS, "query"), fast.encode(TEXTS, "document")).min() < 0.99


@pytest.mark.parametrize(
    ("given", "query", "document"),
    [
        ({}, "", ""),
        ({"query": "q: ", "passage": "p: "}, "q: ", "p: "),
        ({"query": None, "document": "", "corpus": "c: "}, "", "c: "),
    ],
)
def test_a_prompt_is_found_by_any_of_its_names(given, query, document):
    assert prompts_of(given) == {"query": query, "document": document}


def test_a_model_is_compared_once_and_remembered(tmp_path, cache, monkeypatch):
    name = write_model(tmp_path)
    first = load(name, None, 32, "auto")
    (file,) = cache.iterdir()
    assert json.loads(file.read_text()) == {"precision": first.backend.partition(" ")[2] or "float"}
    monkeypatch.setattr("index.encoder.TorchEncoder", None)  # not needed again
    assert load(name, None, 32, "auto").backend == first.backend


@pytest.mark.parametrize("damage", ["", "[]", '{"precision": "int3"}', '{"precision": '])
def test_a_damaged_record_is_made_anew(tmp_path, cache, damage, prefer):
    prefer("int8")
    name = write_model(tmp_path)
    backend = load(name, None, 32, "auto").backend
    (file,) = cache.iterdir()
    whole = file.read_text()
    file.write_text(damage)
    assert load(name, None, 32, "auto").backend == backend
    assert file.read_text() == whole


def test_without_a_cache_the_vectors_are_the_same(tmp_path, cache):
    name = write_model(tmp_path)
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder would be")
    vectors = load(name, None, 32, "auto").encode(TEXTS, "document")
    assert cosines(vectors, TorchEncoder(name).encode(TEXTS, "document")).min() > 0.99
    assert cache.is_file()


def test_a_record_is_whole_at_any_time(cache):
    """Several processes may settle the same model at once."""
    file = cache / "record.json"
    encoder_record._remember(file, "float")

    def work(precision):
        for _ in range(100):
            encoder_record._remember(file, precision)
            assert json.loads(file.read_text())["precision"] in ("float", "int8", None)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, ["float", "int8", None]))
    assert list(cache.iterdir()) == [file]


def test_changed_weights_are_compared_anew(tmp_path, cache):
    load(write_model(tmp_path / "one"), None, 32, "auto")
    load(write_model(tmp_path / "two", seed=4), None, 32, "auto")
    assert len(list(cache.iterdir())) == 2


def test_a_graph_that_comes_out_different_is_not_used(tmp_path, cache, monkeypatch):
    name = write_model(tmp_path)
    monkeypatch.setattr("index.encoder_graph._Graph._mean", lambda self, hidden, kept: self._first(hidden))
    assert load(name, None, 32, "auto").backend == "torch"
    monkeypatch.setattr(encoder_record, "settle", None)  # it is remembered
    assert load(name, None, 32, "auto").backend == "torch"
    with pytest.raises(ModelError, match="different") as error:
        load(name, None, 32, "openvino")
    assert "auto" in error.value.remedy


@pytest.mark.parametrize(("seconds", "best"), [((0.02, 0.03), "float"), ((0.03, 0.02), "int8")])
def test_the_fastest_here_is_taken_and_remembered(cache, monkeypatch, seconds, best):
    clock, built = Clock(monkeypatch), {}

    def build(precision):
        built[precision] = taking(clock, {"float": seconds[0], "int8": seconds[1]}[precision])
        return built[precision]

    monkeypatch.setattr(encoder_record, "TRUSTED", {"digest"})
    assert encoder_record.settle("digest", "here", build, lambda: taking(clock, 9.0)) is built[best]
    assert encoder_record.recall("digest", "here") == best
    assert encoder_record.recall("digest", "elsewhere") is None
    assert encoder_record.recall("of another", "here") is None


def test_timing_takes_turns_and_one_bad_round_decides_nothing(monkeypatch):
    clock = Clock(monkeypatch)
    warm, stalled = 9.0, 0.1
    one, other = taking(clock, warm, 0.01, stalled, 0.01), taking(clock, warm, 0.02)
    assert encoder_record.timed({"float": one, "int8": other}) == pytest.approx({"float": 0.01, "int8": 0.02})
    assert clock.turns == [one, other] * (1 + encoder_record.ROUNDS)


def test_timing_is_soon_over_on_a_slow_machine(monkeypatch):
    clock = Clock(monkeypatch)
    encoder_record.timed({"float": taking(clock, 1.0), "int8": taking(clock, 2.0)})
    assert len(clock.turns) == 4


class Clock:
    """Time that passes only when an encoder works."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        self.turns = []
        monkeypatch.setattr(encoder_record, "perf_counter", lambda: self.now)


class Timed:
    """An encoder that takes so many seconds, the last of them for good."""

    def __init__(self, clock, *seconds):
        self.clock = clock
        self.seconds = list(seconds)

    def encode(self, texts, kind):
        self.clock.now += self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]
        self.clock.turns.append(self)


def taking(clock, *seconds) -> Encoder:
    return cast("Encoder", Timed(clock, *seconds))


@pytest.mark.parametrize(("best", "backend"), [("float", "openvino"), ("int8", "openvino int8")])
def test_the_packaged_weights_are_timed_once_and_need_no_torch(cache, monkeypatch, prefer, best, backend):
    monkeypatch.setattr("index.encoder.TorchEncoder", None)
    prefer(best)
    assert load(locate(PACKAGED), None, 32, "auto").backend == backend
    monkeypatch.setattr(encoder_record, "settle", None)  # it is remembered
    assert load(locate(PACKAGED), None, 32, "auto").backend == backend
    assert len(list(cache.iterdir())) == 1


def test_8_bits_that_lose_too_much_are_not_used(tmp_path, monkeypatch, prefer):
    prefer("int8")
    name = write_model(tmp_path)
    assert load(name, None, 32, "auto").backend == "openvino int8"
    shutil.rmtree(tmp_path / "cache")
    monkeypatch.setattr(encoder_record, "SAME", {"float": 0.999, "int8": 1.1})
    assert load(name, None, 32, "auto").backend == "openvino"


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"position_embedding_type": "relative_key"}),
        ("config.json", {"auto_map": {"AutoModel": "own.Model"}}),
        ("config.json", {"model_type": "mpnet"}),
        ("config.json", {"model_type": None}),
        ("config.json", {"max_position_embeddings": "many"}),
        ("1_Pooling/config.json", {"pooling_mode": "max"}),
        ("1_Pooling/config.json", {"pooling_mode": ["mean", "cls"]}),
        ("1_Pooling/config.json", {"include_prompt": False}),
        ("config_sentence_transformers.json", {"truncate_dim": 32}),
        ("modules.json", [{"path": "", "type": "own.Transformer"}, {"path": "1_Pooling", "type": "own.Pooling"}]),
        ("modules.json", [{"path": "", "type": "sentence_transformers.models.CLIPModel"}]),
        ("modules.json", {}),
        ("tokenizer_config.json", None),
    ],
)
def test_what_is_not_understood_is_left_to_torch(tmp_path, file, changes):
    path = Path(write_model(tmp_path)) / file
    if changes is None:
        path.unlink()
    else:
        now = json.loads(path.read_text())
        path.write_text(json.dumps(now | changes if isinstance(changes, dict) and changes else changes))
    with pytest.raises(NotReproducible):
        Recipe.of(tmp_path / "model")


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
def test_files_that_cannot_be_read_are_left_to_torch(tmp_path, file):
    name = write_model(tmp_path)
    (Path(name) / file).write_text("{}")
    with pytest.raises(NotReproducible):
        OpenVinoEncoder(Recipe.of(Path(name)), "float")


def test_pooling_is_read_from_the_flags_of_earlier_versions(tmp_path):
    name = Path(write_model(tmp_path))
    for flags, expected in (
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}, "mean"),
    ):
        (name / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 64} | flags))
        assert Recipe.of(name).pooling == expected


@pytest.mark.parametrize(("family", "longest"), [("mpnet", 64), ("t5", 512)])
def test_another_family_runs_on_torch(tmp_path, family, longest):
    encoder = load(write_model(tmp_path, family=family, pad_token_id=1), 510, 32, "auto")
    assert (encoder.backend, encoder.longest) == ("torch", longest)
    assert encoder.encode(TEXTS, "document").shape == (len(TEXTS), 64)


def test_encoders_that_read_otherwise_do_not_agree(reference, monkeypatch):
    recipe = Recipe.of(Path(locate(PACKAGED)))
    assert encoder_record.agreement(OpenVinoEncoder(recipe, "float", 253), reference) == 0
    encoder = OpenVinoEncoder(recipe, "float", 254)
    monkeypatch.setattr(encoder, "tokens", lambda text: [at for at, _ in enumerate(text)])
    assert encoder_record.agreement(encoder, reference) == 0


def test_a_model_of_a_hub_is_taken_from_an_earlier_download(tmp_path, monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda name, **_: f"/downloads/{name}")
    assert folder_of("someone/model") == Path("/downloads/someone/model")
    assert folder_of("all-MiniLM-L6-v2") == Path("/downloads/sentence-transformers/all-MiniLM-L6-v2")


@pytest.mark.parametrize("name", ["/no/such/folder", "nobody/never-downloaded", "no valid name!"])
def test_a_model_that_is_nowhere_is_not_accelerated(name, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NotReproducible):
        folder_of(name)


def test_without_openvino_torch_runs_the_model(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    embedder = SentenceTransformerEmbedder()
    assert embedder.backend == "torch"
    assert embedder.query("pump").shape == (384,)
    with pytest.raises(ModelError, match="openvino"):
        _ = SentenceTransformerEmbedder(backend="openvino").dimension


def test_a_library_is_read_with_either_backend_and_not_with_other_weights(tmp_path, prefer):
    fast, slow = (SentenceTransformerEmbedder(max_tokens=100, backend=backend) for backend in ("auto", "torch"))
    prefer("int8")  # the furthest from torch
    assert (fast.backend, slow.backend) == ("openvino int8", "torch")
    Manifest.of(fast, IndexSettings()).check_probe(slow)
    Manifest.of(slow, IndexSettings()).check_probe(fast)
    with Library.open(tmp_path / "library", IndexSettings(passage_tokens=100, backend="torch"), create=True) as library:
        assert library.manifest.backend == "torch"
    shutil.copytree(locate(PACKAGED), tmp_path / "other", copy_function=os.symlink)
    (tmp_path / "other" / "1_Pooling" / "config.json").unlink()
    (tmp_path / "other" / "1_Pooling" / "config.json").write_text('{"embedding_dimension": 384, "pooling_mode": "cls"}')
    with pytest.raises(EmbedderMismatch):
        Manifest.of(fast, IndexSettings()).check_probe(
            SentenceTransformerEmbedder(str(tmp_path / "other"), backend="torch")
        )


def test_a_manifest_of_before_backends_is_read(tmp_path):
    values = {"schema": 1, "embedder": PACKAGED, "dimension": 2, "passage_tokens": 100, "probe": [0.6, 0.8]}
    (tmp_path / "manifest.json").write_text(json.dumps(values))
    with closing(Database(tmp_path / "catalogue.sqlite")) as database:
        take_over(database, tmp_path)
        manifest = Manifest.load(database)
    assert manifest is not None
    assert manifest.backend == ""


def test_batches_hold_every_text_once_within_the_limits():
    lengths = [3, 900, 0, 5, 40, 2000, 40, 7, 1, 300, 300, 300, 300]
    seen = []
    for batch, ids, mask in _batches([list(range(1, length + 1)) for length in lengths], 4):
        assert len(batch) <= 4
        assert ids.size <= BATCH_TOKENS or len(batch) == 1
        for row, number in enumerate(batch):
            assert mask[row].sum() == lengths[number]
            assert ids[row, : lengths[number]].tolist() == list(range(1, lengths[number] + 1))
            assert not ids[row, lengths[number] :].any()
        seen += batch
    assert sorted(seen) == list(range(len(lengths)))


def test_a_text_without_tokens_has_no_direction(tmp_path):
    """Some tokenizers add nothing of their own."""
    name = Path(write_model(tmp_path))
    tokenizer = json.loads((name / "tokenizer.json").read_text())
    (name / "tokenizer.json").write_text(json.dumps(tokenizer | {"post_processor": None}))
    vectors = OpenVinoEncoder(Recipe.of(name), "float").encode(["", "pump", ""], "document")
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([0, 1, 0], abs=1e-3)


def test_threads_share_an_embedder():
    embedder = SentenceTransformerEmbedder(max_tokens=100)
    texts = [f"{one} {other}" for one in WORDS for other in WORDS]
    alone = embedder.documents(texts)
    begin = threading.Barrier(4)

    def work(number):
        begin.wait()
        return embedder.documents(texts), [embedder.tokens(text) for text in texts]

    with ThreadPoolExecutor(4) as pool:
        for vectors, tokens in pool.map(work, range(4)):
            assert cosines(vectors, alone).min() > 0.9995
            assert [len(one) for one in tokens] == [len(embedder.tokens(text)) for text in texts]


def test_tokens_are_those_of_torch(reference):
    embedder = SentenceTransformerEmbedder()
    for text in (*encoder_record.TEXTS, "  leading   spaces", "tab\tand\nnew line", "e\u0301 \U0001f600 ﬁ"):
        assert list(embedder.tokens(text)) == list(reference.tokens(text))


def test_the_first_vector_needs_no_torch_and_reports_to_nobody(tmp_path):
    """A new process, with a home of its own: OpenVINO's converter would leave a note of its use there."""
    code = (
        "import sys; from index.embedder import SentenceTransformerEmbedder as E;"
        "assert E().query('pump').shape == (384,);"
        "slow = 'torch transformers sentence_transformers sklearn scipy huggingface_hub openvino_telemetry'.split();"
        "print([name for name in slow if name in sys.modules], 'openvino' in sys.modules)"
    )
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[] True"
    (record,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert record.parent == tmp_path / "cache" / "lessons" / "encoders"


def test_the_machine_is_named_with_the_library_s_version():
    import openvino

    assert openvino.__version__ in machine()
