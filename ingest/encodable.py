"""Text that every file and every answer can hold."""


def encodable(text: str) -> str:
    """The text with `?` for each half of a surrogate pair, which cannot be encoded."""
    return text.encode("utf-8", "replace").decode()
