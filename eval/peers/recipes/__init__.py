"""One file a peer, each run in that peer's environment by `eval/peers/harness.py`, which says what a recipe must do.

They import nothing of this program (but for its own) and name their libraries as strings, so that nobody takes those
for requirements of ours.
"""
