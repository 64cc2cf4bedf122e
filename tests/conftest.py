"""Fixtures that several test files share."""

from importlib.resources import files
from pathlib import Path

import pytest

from index.library import Library
from index.sync import sync

SAMPLE = Path(str(files("data"))) / "library"


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The sample library, indexed once with the packaged weights. Tests only read it."""
    with Library.open(tmp_path_factory.mktemp("sample"), create=True) as library:
        report = sync(library, [SAMPLE])
        assert report.failed == []
        yield library


@pytest.fixture(scope="session")
def shared():
    """Real documents beside the checkout, where they are."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real documents beside the checkout")
    return folder
