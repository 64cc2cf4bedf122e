"""The cluster engine: vectors and words in Milvus, reached over the network. See `docs/cluster.md`."""
