"""The house's rules, held by reading the sources."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from hwlib import metrics, plots
from hwlib.findings import gan, samples
from hwlib.training import snapshots

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "hwlib"

# Which rooms each room may import (the table in the README); errors.py, source.py are open to all.
MAY_IMPORT = {
    "config": set(),
    "processes": set(),
    "runtime": set(),
    "losses": set(),
    "faces": set(),
    "data": {"config", "runtime", "run", "faces"},
    "models": {"control"},
    "recipes": {"models", "config", "control", "losses", "runtime"},
    "ledger": {"recipes", "losses", "config"},
    "metrics": {"losses"},
    "control": {"losses"},
    "disentangle": {"control"},
    "run": {"config"},
    "training": {
        "config", "runtime", "losses", "data", "models", "recipes", "metrics", "control", "run",
        "disentangle",
    },
    "jobs": {"config", "runtime", "processes", "training"},
    "claims": {
        "config", "runtime", "data", "recipes", "metrics", "run", "training", "jobs",
    },
    "plots": {"control", "fonts"},
    "show": {"run", "plots", "findings", "ledger"},
    "findings": {"run", "config", "recipes", "ledger", "metrics", "claims"},
    "explore": {"run", "recipes", "plots", "data", "training", "models", "show", "metrics"},
    "report": {"config", "run", "fonts", "processes", "findings"},
}  # fmt: skip
# Imports inside a function, which cost nothing until they are needed.
MAY_IMPORT_LATE = {
    "run": {"training"},
    "report": {"ledger", "recipes"},
    "show": {"training"},
}

FREE = {"errors", "images", "io", "log", "source", "text"}  # they import none but one another
ROOMS = sorted(MAY_IMPORT)
SOURCES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def files_of(room: str) -> list[Path]:
    return [path for path in SOURCES if room_of(path) == room]


def imported(nodes) -> set[str]:
    """Return the rooms and outer packages that `nodes` import."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module == "hwlib":
                names |= {f"hwlib.{alias.name}" for alias in node.names}
            else:
                names.add(node.module)
    return names


def late_nodes(tree: ast.AST) -> set[ast.AST]:
    """Return every node that stands inside a function."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {node for function in functions for node in ast.walk(function)}


def rooms(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("hwlib.")}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_table_allows(room):
    assert files_of(room), f"the table names a room that is not there: {room}"
    for path in files_of(room):
        tree = ast.parse(path.read_text())
        late = late_nodes(tree)
        nodes = list(ast.walk(tree))
        early = rooms(imported([n for n in nodes if n not in late]))
        lazily = rooms(imported([n for n in nodes if n in late]))
        allowed = MAY_IMPORT[room] | {room} | FREE
        assert early <= allowed, f"{path.name} imports {early - allowed}"
        assert lazily <= allowed | MAY_IMPORT_LATE.get(room, set()), f"{path.name} imports {lazily}"


def test_every_room_stands_in_the_table():
    outside = {"__init__", "cli", "fonts"} | FREE
    assert {room_of(path) for path in SOURCES} - outside == set(MAY_IMPORT)


@pytest.mark.parametrize("module", ["hwlib.run", "hwlib.report", "hwlib.data", "hwlib.cli"])
def test_what_needs_no_torch_does_not_load_it(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_nothing_is_pickled():
    pattern = re.compile(
        r"^\s*(import|from) (pickle|joblib|dill)|torch\.(save|load)\(|allow_pickle=True",
        re.MULTILINE,
    )
    assert [p.name for p in SOURCES if pattern.search(p.read_text())] == []


def public_definitions(body: list[ast.stmt]):
    """Yield public functions, classes and methods; what stands inside a function is private."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body)


def test_public_names_have_docstrings():
    missing = []
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        nodes = [tree, *public_definitions(tree.body)]
        missing += [
            f"{path.name}:{getattr(n, 'name', '')}" for n in nodes if not ast.get_docstring(n)
        ]
    assert missing == []


def names_of(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[<>=!~\[; ]", text)[0]) for text in requirements}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_lock_pins_every_dependency_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    assert "//" not in lock
    assert "index-url" not in lock
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock, re.MULTILINE)
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins)
    assert all("--hash=sha256:" in block for block in blocks)
    wanted = names_of(project()["dependencies"]) | names_of(
        project()["optional-dependencies"]["dev"]
    )
    assert wanted <= {normal(name) for name, _ in pins}


def test_the_locks_versions_lie_in_the_projects_ranges():
    from packaging.requirements import Requirement

    lock = (ROOT / "requirements.lock").read_text()
    pins = {normal(n): v for n, v in re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE)}
    listed = project()["dependencies"] + project()["optional-dependencies"]["dev"]
    for text in listed:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pins[normal(requirement.name)]), text


def test_the_conda_environment_installs_the_project_itself_and_names_no_second_list():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    entries = environment["dependencies"]
    pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    assert pip == ["-e .[dev]"]
    conda = names_of([entry for entry in entries if isinstance(entry, str)])
    assert conda == {"python", "pip"}
    python = next(e for e in entries if isinstance(e, str) and e.startswith("python"))
    assert python.removeprefix("python") == project()["requires-python"]


def test_the_project_speaks_of_itself_alone():
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    machine = re.compile(r"/(work|root|home|opt|farm)/[a-z]|/tmp/[a-z]")
    registry = re.compile(r"pypi\.org|pythonhosted|conda\.anaconda|find-links")
    found = []
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if path.suffix not in {".py", ".md", ".toml", ".yml", ".ipynb", ".html", ".lock", ""}:
            continue
        if path == Path(__file__).resolve() or not path.is_file():
            continue
        text = path.read_text()
        found += [
            f"{name}: {m.group()}" for m in (machine.search(text), registry.search(text)) if m
        ]
        if name != ".ci/run":
            found += [f"{name}: ../shared"] if "shared/faces" in text else []
    assert found == []


def test_notebooks_are_committed_without_outputs():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text())["cells"]
        assert not any(c.get("outputs") or c.get("execution_count") for c in cells), path.name


def test_thresholds_that_two_rooms_need_are_the_same():
    assert plots.ACTIVE_VARIANCE == metrics.ACTIVE_VARIANCE
    assert (gan.NO_LOSS, samples.MAX_COLLAPSED) == (snapshots.NO_LOSS, snapshots.NO_DIVERSITY)
