"""Clear stale notebook variables when a cell fails or the parameters change.

JupyterLab sends all cells of Run All at once, and the kernel drops what waits when one of them
fails. What arrives a moment later, though, it runs, and so it does with a cell that is run by hand.
Such a cell would show the results of the settings before, as if they were those of now.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Any

from IPython import get_ipython
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

from hwlib.text import in_languages, word

# What the notebooks' cells make, from the setup cell on, and later cells use.
MADE = {
    *("active", "asked", "attributes", "betas", "channels", "claims", "codes", "config"),
    *("configs", "curves", "draw", "figure", "first", "found", "frames", "measured", "members"),
    *("metrics", "models", "mu", "networks", "objective", "losses", "ones", "originals"),
    *("alike", "colours", "course", "far", "half", "index", "labels", "layers", "letter"),
    *("mean_error", "mean_mse", "own", "pair", "test", "test_images", "xy"),
    *("pattern", "pictures", "play"),
    *("report", "reported", "results", "run", "samples", "sentences", "several", "show_code"),
    *("show_codes", "show_curves", "show_meaning", "show_nats", "show_real", "studies", "table"),
    *("told", "trained", "vae", "vae_run", "verdicts", "words"),
}
PARAMETERS = {
    *("attribute", "data", "ids", "languages", "profile", "recipe", "runs", "seed", "seeds"),
    *("settings", "skip_bad"),
}
OF_PARAMETERS = re.compile(r"^languages\s*=(?!=)", re.MULTILINE)  # a line of that cell alone
ASSIGNED = re.compile(r"^(\w+)\s*=(?!=)", re.MULTILINE)


def begin(shell: InteractiveShell) -> None:
    """Forget what cells below the setup cell made, and keep watch over the parameters cell."""
    # explore.ipynb has a parameter of the name `run`, a string
    made = (name for name in MADE if not isinstance(shell.user_ns.get(name), str))
    _forget(shell.user_ns, made)
    shell.events.register("post_run_cell", _after_cell)  # once, however often it is asked for


def _after_cell(result: ExecutionResult) -> None:
    """Where the parameters cell failed, forget the old parameters and what was made of them."""
    source = result.info.raw_cell or ""
    if not result.success and OF_PARAMETERS.search(source):
        # it did not even parse, or it set only some of them
        _forget(get_ipython().user_ns, MADE.union(ASSIGNED.findall(source)))


def _forget(names: dict[str, Any], gone: Iterable[str]) -> None:
    for name in gone:
        names.pop(name, None)


def missing(
    error: BaseException, traceback: TracebackType | None, names: Mapping[str, Any]
) -> dict[str, str] | None:
    """Say by language that a cell ran before those above it; None for other errors.

    Args:
        error: what ended the cell.
        traceback: where.
        names: the notebook's own.
    """
    if not isinstance(error, NameError) or error.name not in MADE | PARAMETERS:
        return None
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None or traceback.tb_frame.f_globals is not names:
        return None  # a fault of ours, wherever it lies
    return in_languages(partial(word, "panels.cell_is_early", name=f"`{error.name}`"))
