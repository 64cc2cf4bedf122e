"""What a user would pick instead, in its default recipe, on the same collections: `python -m eval.peers`."""
