"""The house's rules, held by reading the sources."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "hwlib").rglob("*.py"))


def test_what_needs_no_torch_loads_neither_it_nor_typst():
    """Typst keeps all that it lays out until its process ends: it has one of its own."""
    code = "import sys, hwlib.run, hwlib.report, hwlib.data, hwlib.cli;"
    code += "sys.exit(bool({'torch', 'typst'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_nothing_is_pickled():
    pattern = re.compile(
        r"^\s*(import|from) (pickle|joblib|dill)|torch\.(save|load)\(|allow_pickle=True",
        re.MULTILINE,
    )
    assert [p.name for p in SOURCES if pattern.search(p.read_text())] == []


def test_every_text_file_is_opened_with_its_encoding():
    """The locale's is another one for some readers."""
    found, num_files = [], 0
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            names = {keyword.arg for keyword in call.keywords}  # None is that of a dictionary
            is_text = isinstance(call.func, ast.Attribute) and call.func.attr in (
                *("read_text", "write_text"),
            )
            if isinstance(call.func, ast.Name) and call.func.id == "open":
                is_text = not any("b" in ast.literal_eval(mode) for mode in call.args[1:])
            num_files += is_text
            if is_text and names.isdisjoint({"encoding", None}):
                found.append(f"{path.name}:{call.lineno}")
    assert num_files > 5
    assert found == []


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_lock_pins_every_dependency_in_its_range_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    assert "//" not in lock
    assert "index-url" not in lock
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    pins = {canonicalize_name(b.partition("==")[0]): re.split("==|[; ]", b)[1] for b in blocks}
    assert len(pins) > 100
    for text in project()["dependencies"] + project()["optional-dependencies"]["dev"]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), text


def test_the_conda_environment_installs_the_project_itself_and_names_no_second_list():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python = f"python{project()['requires-python']}"
    assert environment["dependencies"] == [python, "pip", {"pip": ["-e .[dev]"]}]
    assert environment["variables"] == {"PYTHONNOUSERSITE": "1"}  # else ~/.local comes first


def test_the_project_speaks_of_itself_alone():
    """No path of a machine, no registry; only CI looks for photographs beside the project."""
    outside = re.compile(
        r"/(?:work|root|home|opt|farm)/[a-z]|/tmp/[a-z]|pypi\.org|pythonhosted|conda\.anaconda"
        r"|find-links|shared/faces"
    )
    kinds = {".py", ".md", ".toml", ".yml", ".ipynb", ".html", ".lock", ""}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
    files = [n for n in listed.splitlines() if Path(n).suffix in kinds and (ROOT / n).is_file()]
    files.remove("tests/test_structure.py")
    found = {(n, one) for n in files for one in outside.findall((ROOT / n).read_text())}
    assert found == {(".ci/run", "shared/faces")}


def test_notebooks_are_committed_without_outputs():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text())["cells"]
        assert not any(c.get("outputs") or c.get("execution_count") for c in cells), path.name
