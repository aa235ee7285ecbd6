"""Clear stale notebook variables when a cell fails or the parameters change.

JupyterLab sends all cells of Run All at once, and the kernel drops what waits when one of them
fails. What arrives a moment later, though, it runs, and so it does with a cell that is run by hand.
Such a cell would show the results of the settings before, as if they were those of now.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from symtable import symtable
from traceback import walk_tb
from types import TracebackType
from typing import Any

from IPython import get_ipython
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

from hwlib.text import in_languages, word

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SETUP = "show.setup("
PARAMETERS_CELL = re.compile(r"^languages\s*=(?!=)", re.MULTILINE)  # a line of that cell alone
ASSIGNED = re.compile(r"^(\w+)\s*=(?!=)", re.MULTILINE)


def assigned_in(source: str) -> set[str]:
    """Return the names that a cell assigns, imports and inner functions' own names left out."""
    symbols = symtable(source, "cell", "exec").get_symbols()
    return {s.get_name() for s in symbols if s.is_assigned() and not s.is_imported()}


@cache
def names_of_notebooks() -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of the notebooks' parameters, and those of what their cells make of them."""
    folder = NOTEBOOKS if NOTEBOOKS.is_dir() else Path.cwd()
    parameters: set[str] = set()
    results: set[str] = set()
    for path in folder.glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        setup = next(number for number, source in enumerate(code) if SETUP in source)
        parameters.update(*map(assigned_in, code[:setup]))
        results.update(*map(assigned_in, code[setup:]))
    # the `run` of explore.ipynb is a parameter, a string; that of the others is a result
    return frozenset(parameters), frozenset(results - parameters | {"run"})


def watch(shell: InteractiveShell) -> None:
    """Forget what cells below the setup cell made, and keep watch over the parameters cell."""
    _, results = names_of_notebooks()
    _forget(shell, (n for n in results if not isinstance(shell.user_ns.get(n), str)))
    shell.events.register("post_run_cell", _after_cell)  # once, however often it is asked for


def _after_cell(result: ExecutionResult) -> None:
    """Where the parameters cell failed, forget the old parameters and what was made of them."""
    source = result.info.raw_cell or ""
    if not result.success and PARAMETERS_CELL.search(source):
        # it did not even parse, or it set only some of them
        _forget(get_ipython(), names_of_notebooks()[1].union(ASSIGNED.findall(source)))


def _forget(shell: InteractiveShell, names: Iterable[str]) -> None:
    for name in names:
        shell.user_ns.pop(name, None)


def early_cell_line(
    error: BaseException, traceback: TracebackType | None, names: Mapping[str, Any]
) -> dict[str, str] | None:
    """Say that a cell ran before those above it, whose `names` it lacks; None for other errors."""
    frames = [frame for frame, _ in walk_tb(traceback)]
    is_own = bool(frames) and frames[-1].f_globals is names  # else a fault of ours
    if isinstance(error, NameError) and is_own and error.name in set().union(*names_of_notebooks()):
        return in_languages(partial(word, "panels.cell_is_early", name=f"`{error.name}`"))
    return None
