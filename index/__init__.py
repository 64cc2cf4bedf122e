"""The library: catalogue, vectors and words behind one door."""
