"""Every error the product raises on purpose, one branch per thing the caller would do differently.

LessonsError
├── UsageError            the call itself is wrong (exit status 2)
│   ├── PathNotFound      a path that is not there
│   ├── BadFilter         a filter that names no field or value
│   ├── BadQuestion       an empty or over-long question
│   ├── BadSettings       an unknown or out-of-range setting
│   ├── BadDataset        a benchmark folder that is not in the BEIR layout
│   ├── NotInLibrary      an id that names no record
│   └── NotAllowed        what takes another role, or a label that is not held
├── UnreadableFile        one file cannot be read; the others go on
├── LibraryError          the library on disk cannot serve
│   ├── LibraryMissing    nothing has been indexed there yet
│   ├── EmbedderMismatch  made with another embedder
│   ├── SchemaMismatch    made by another version of the program
│   └── LibraryBusy       another process is writing
├── ModelError            an embedder or a language model cannot be loaded or reached
└── ServerError           the web server cannot start
"""


class LessonsError(Exception):
    """What happened, and the remedy: a command or a step the reader can take."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason} {remedy}".strip())
        self.reason = reason
        self.remedy = remedy


class UsageError(LessonsError):
    """The call itself is wrong."""


class PathNotFound(UsageError):
    """A path given by the caller does not exist."""


class BadFilter(UsageError):
    """A filter names a field or a value that does not exist."""


class BadQuestion(UsageError):
    """The question is empty or longer than the limit."""


class BadSettings(UsageError):
    """A setting is unknown or out of its range."""


class BadDataset(UsageError):
    """A folder given as a benchmark is not in the BEIR layout."""


class NotInLibrary(UsageError):
    """An id or a page that the library does not hold."""


class NotAllowed(UsageError):
    """What was asked for takes another role, or a label that the person does not hold."""


class UnreadableFile(LessonsError):
    """One file cannot be read."""


class LibraryError(LessonsError):
    """The library on disk cannot serve the request."""


class LibraryMissing(LibraryError):
    """There is no library in the folder, or it holds nothing."""


class EmbedderMismatch(LibraryError):
    """The library's vectors come from another embedder than the one configured."""


class SchemaMismatch(LibraryError):
    """The library was written by a version with another layout."""


class LibraryBusy(LibraryError):
    """Another process is writing to the library."""


class ModelError(LessonsError):
    """An embedding or language model cannot be loaded or reached."""


class ServerError(LessonsError):
    """The web server cannot start."""
