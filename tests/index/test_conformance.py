"""The engine on one machine passes what every engine must, in each of its forms."""

import pytest

from index.conformance import Conformance


class TestInMemory(Conformance):
    engine = "faiss"


class TestFile(Conformance):
    """All vectors but those of the last commit lie in the file."""

    engine = "faiss"

    @pytest.fixture(autouse=True)
    def _always_a_file(self, monkeypatch):
        monkeypatch.setattr("index.local.engine.LEAST_STALE", 0)
        monkeypatch.setattr("index.local.engine.SHARE_STALE", 10**9)


class TestCells(TestFile):
    """The file is approximate."""

    @pytest.fixture(autouse=True)
    def _always_cells(self, monkeypatch):
        monkeypatch.setattr("index.local.base.EXACT_MOST", 20)


class TestWordsByRecord(Conformance):
    """Filters are given to the word index, however wide."""

    engine = "faiss"

    @pytest.fixture(autouse=True)
    def _never_fetch_more(self, monkeypatch):
        monkeypatch.setattr("index.local.view.FETCHED_A_RECORD", 0)


class TestMilvusLite(Conformance):
    """What stands for Milvus 2.5 and later: with words."""

    engine = "milvus"

    @pytest.fixture(autouse=True)
    def _address(self, milvus_lite):
        self.address = milvus_lite


class TestMilvus(Conformance):
    """The real server, of a version without words."""

    engine = "milvus"
    lexical = False

    @pytest.fixture(autouse=True)
    def _address(self, milvus_2):
        self.address = milvus_2
