"""Benchmarks over the library and the assistant: collections, measures, runs."""
