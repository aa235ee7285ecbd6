"""Every fingerprint of code: what a run, a data set, a verdict or a page was made by.

Of Python files the syntax counts, not comments and docstrings: rewording one redoes no work. Words
that people read stand in `report/text/`, so that rewording those redoes none either.
"""

import ast
import hashlib
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from threading import Lock

from hwlib import thresholds
from hwlib.registry import PROBLEMS

PACKAGE = Path(__file__).parent
# The rooms whose code decides what a run yields. `hwlib.recipes` itself, which lists the recipes
# and makes settings of them, does not: settings count by themselves.
RESULT_ROOMS = (
    *("hwlib.conditioning", "hwlib.disentangle", "hwlib.losses", "hwlib.metrics"),
    *("hwlib.models", "hwlib.recipes.", "hwlib.training"),
)
LOOP = "hwlib.training.loop"
PAIRS_BASE = "hwlib.recipes.base"
_PARSING = Lock()  # Python 3.11's ast.parse fails in two threads at a time


# ---- Python files --------------------------------------------------------------------------------


@cache
def code_of(file: Path) -> str:
    """Return the syntax tree of a Python file as text, without comments and docstrings."""
    return ast.dump(_tree(file))


@cache
def code_of_modules(*modules: str, within: tuple[str, ...] = ()) -> str:
    """Return 16 hex digits over the code of modules ("hwlib.losses"), and of what they import.

    Imported modules of hwlib count where their names begin as one of `within`, and so on from
    those. Of `hwlib.thresholds` just the values that are imported count.
    """
    found: dict[str, str] = {}
    todo = list(modules)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        file = _file_of(name)
        found[name] = code_of(file)
        for module, part in _imports(file):
            if module == thresholds.__name__:
                found[f"{module}:{part}"] = repr(getattr(thresholds, part))
            for wanted in (module, f"{module}.{part}"):
                if wanted.startswith(within or ("\0",)) and _file_of(wanted).exists():
                    todo.append(wanted)
    return _digest(f"{name}\n{code}" for name, code in sorted(found.items()))


def _file_of(module: str) -> Path:
    """Return the file of a module of hwlib, whether or not there is one."""
    place = PACKAGE.parent.joinpath(*module.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


@cache
def _tree(file: Path) -> ast.Module:
    with _PARSING:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        has_docstring = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if has_docstring and ast.get_docstring(node, clean=False) is not None:
            node.body.pop(0)
    return tree


def _imports(file: Path) -> Iterator[tuple[str, str]]:
    """Yield what a file imports of hwlib, in functions too: module, and name or nothing."""
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hwlib"):
            yield from ((str(node.module), alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((a.name, "") for a in node.names if a.name.startswith("hwlib"))


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


# ---- what is made --------------------------------------------------------------------------------


@cache
def pair_code(recipe: str, problem: str) -> str:
    """Return 16 hex digits over the code that decides the result of one recipe's problem.

    That is the recipe's file, loop, step and evaluation, and what these import.
    """
    entry = PROBLEMS[problem]
    references = (entry.step, entry.monitor)
    own = (f"hwlib.recipes.{recipe}", PAIRS_BASE, LOOP, *(r.partition(":")[0] for r in references))
    return _digest([*references, code_of_modules(*own, within=RESULT_ROOMS)])


def claims_code(pairs: Iterable[tuple[str, str]], rules: Iterable[str]) -> str:
    """Return 16 hex digits over what decides verdicts: the claims' code and rules, and `pairs`'."""
    files = sorted((PACKAGE / "claims").glob("*.py"))
    codes = [pair_code(*pair) for pair in sorted(set(pairs))]
    return _digest([*codes, *map(code_of, files), *rules])


def hash_of_files(
    folder: Path, *, suffixes: Collection[str] = (), without: Collection[Path] = ()
) -> str:
    """Return a SHA-256 over names and bytes of the files below a folder, but for hidden ones."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        is_hidden = "__pycache__" in path.parts or path.name.startswith(".")
        is_left_out = any(path.is_relative_to(other) for other in without)
        if path.is_file() and not is_hidden and not is_left_out:
            if suffixes and path.suffix not in suffixes:
                continue
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()
