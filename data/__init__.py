"""The sample library shipped with the package: `library/` and its gold questions in `questions.jsonl`."""
