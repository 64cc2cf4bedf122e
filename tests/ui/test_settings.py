from pathlib import Path

import pytest

from assistant.settings import AssistantSettings
from index.settings import IndexSettings
from ingest.errors import BadSettings
from ingest.settings import IngestSettings
from ui.settings import Settings, places
from ui.web.settings import ServeSettings


def test_later_sources_hold(tmp_path):
    (tmp_path / "lessons.toml").write_text('[index]\ncandidates = 50\nbatch_size = 4\n[assistant]\nllm = "openai:a"\n')
    environment = {"LESSONS_CANDIDATES": "60", "LESSONS_LLM": "openai:b", "OTHER": "x"}
    settings = Settings.load({"llm": "openai:c", "port": None}, environment, tmp_path)
    assert (settings.index.batch_size, settings.index.candidates, settings.assistant.llm) == (4, 60, "openai:c")
    assert settings.serve.port == 7860


def test_the_library_has_a_place_of_its_own_by_default(tmp_path):
    assert Settings.load({}, {}, tmp_path).library.name == "lessons"
    assert Settings.load({}, {"LESSONS_LIBRARY": "/x/y"}, tmp_path).library == Path("/x/y")


def test_lists_and_tables_are_json_in_the_environment(tmp_path):
    environment = {
        "LESSONS_EXTERNAL": '["nasa-llis"]',
        "LESSONS_TRUSTED_PROXIES": '["10.0.0.7/24", "::1"]',
        "LESSONS_COLLECTIONS": '{"board": "TLP: Amber"}',
        "LESSONS_SECURE_COOKIES": "true",
        "LESSONS_PEOPLE": "/etc/people.txt",
    }
    settings = Settings.load({}, environment, tmp_path)
    assert settings.assistant.external == ("nasa-llis",)
    assert settings.serve.trusted_proxies == ("10.0.0.0/24", "::1/128")
    assert settings.serve.collections == {"board": "tlp:amber"}
    assert (settings.serve.secure_cookies, settings.serve.people) == (True, Path("/etc/people.txt"))
    with pytest.raises(BadSettings, match="LESSONS_EXTERNAL is not JSON"):
        Settings.load({}, {"LESSONS_EXTERNAL": "nasa-llis"}, tmp_path)


def test_an_empty_variable_is_no_setting(tmp_path):
    assert Settings.load({}, {"LESSONS_LLM": ""}, tmp_path).assistant.llm is None


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"LESSONS_COLOUR": "red"}, "LESSONS_COLOUR"),
        ({"LESSONS_CANDIDATES": "-1"}, "index.candidates"),
        ({"LESSONS_DENSE_WEIGHT": "2"}, "index.dense_weight"),
        ({"LESSONS_PORT": "99999"}, "serve.port"),
        ({"LESSONS_USER_HEADER": "X Forwarded: User"}, "serve.user_header"),
        ({"LESSONS_TRUSTED_PROXIES": '["proxy"]'}, "serve.trusted_proxies"),
        ({"LESSONS_COLLECTIONS": '{"board": "..."}'}, "serve.collections"),
    ],
)
def test_unknown_and_impossible_settings_are_refused(tmp_path, environment, said):
    with pytest.raises(BadSettings, match=said) as error:
        Settings.load({}, environment, tmp_path)
    assert "Known settings" in error.value.remedy


@pytest.mark.parametrize("text", ["[index]\ncolour = 1\n", "colour = 1\n", "no toml"])
def test_a_wrong_file_is_refused(tmp_path, text):
    (tmp_path / "lessons.toml").write_text(text)
    with pytest.raises(BadSettings):
        Settings.load({}, {}, tmp_path)


def test_every_name_is_unique_across_floors():
    floors = (IngestSettings, IndexSettings, AssistantSettings, ServeSettings)
    names = [name for floor in floors for name in floor.model_fields]
    assert len(names) == len(set(names))
    assert places() == {"library": ""} | {
        name: floor.__name__.removesuffix("Settings").lower() for floor in floors for name in floor.model_fields
    }
