"""Servers that several test files of the index share."""

from tests.index.milvus_server import milvus_2, milvus_lite

__all__ = ["milvus_2", "milvus_lite"]
