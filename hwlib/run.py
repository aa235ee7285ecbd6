"""The run folder: create, append, read. Knows files, no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hwlib import log
from hwlib.config import Config
from hwlib.errors import UserError
from hwlib.io import (
    can_write,
    damaged,
    locked,
    read_arrays,
    read_json,
    read_lines,
    seal,
    to_json,
    user_path,
    write_bytes,
    write_json,
)

if TYPE_CHECKING:
    from torch import nn

CONFIG, RESULTS = "config.json", "results.json"
FILES = (CONFIG, "metrics.jsonl", "samples.npz", "latents.npz", "weights.safetensors")
RUN_MIME = "application/vnd.hwlib.run+json"  # a notebook's output that names a run it used
MISTAKE_MIME = "application/vnd.hwlib.mistake+json"  # a user\'s mistake, a line a language


def default_runs_dir() -> Path:
    """Return `$HWLIB_RUNS`, else `runs/` beside the project's files, else `runs/` here."""
    return runs_folder()


def runs_folder(given: str | Path | None = None) -> Path:
    """Return the folder of the run folders: what a user gave, or the default one."""
    root = Path(__file__).resolve().parents[1]
    beside = (root if (root / "pyproject.toml").exists() else Path.cwd()) / "runs"
    return user_path(given or os.environ.get("HWLIB_RUNS") or beside)


def written(folder: Path, name: str) -> Path:
    """Return a run's file; that it is not what the finished run wrote is a UserError."""
    if (folder / RESULTS).exists() and damaged(folder, name):
        raise UserError("run_damaged", path=folder / name)
    return folder / name


def read_latents(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the latents' means that a run kept, float32 (N, Z), and their test images, (N,)."""
    arrays = read_arrays(written(folder, "latents.npz"))
    return arrays["test_mu"], arrays["test_index"]


def run_lock(path: Path) -> AbstractContextManager[None]:
    """Hold the run folder `path` for this process; another one that trains it waits its turn."""
    return locked(path / ".lock", log.line("training.waiting", run=path.name))


class Run:
    """One run folder, `runs/<problem>-<recipe>-<hash8>/`."""

    def __init__(self, path: str | Path):
        """Open the folder `path`; that it is none, or of another version, is a UserError."""
        self.path = Path(path)
        if not (self.path / CONFIG).exists():
            raise UserError("no_run_folder", path=self.path)
        try:
            self.record = read_json(written(self.path, CONFIG))
            settings = self.record["settings"]
        except (KeyError, TypeError, ValueError):
            raise UserError("run_damaged", path=self.path / CONFIG) from None
        self.config = Config.create(**settings)

    @classmethod
    def create(cls, runs: Path, config: Config, *, name: str, facts: Mapping[str, Any]) -> Run:
        """Make the folder `runs/name`, or open it where it stands already.

        Its settings are those asked for now: what decides results is the same, by its name.
        """
        path = Path(runs) / name
        if not (path / RESULTS).exists():  # nobody may have looked at what stands there yet
            write_json(path / CONFIG, {"settings": config.to_json(), **facts})
        run = cls(path)
        run.config = config
        return run

    def __repr__(self) -> str:
        return f"Run({self.path.name}, {'finished' if self.is_finished else 'unfinished'})"

    @property
    def is_finished(self) -> bool:
        """Whether `results.json`, written last, is there."""
        return (self.path / RESULTS).exists()

    def finish(self, results: Mapping[str, Any]) -> None:
        """Seal what is there, and write `results.json`, which makes the run finished, last."""
        content = to_json(results)
        seal(self.path, FILES, **{RESULTS: content})
        write_bytes(self.path / RESULTS, content)

    @property
    def results(self) -> dict[str, Any]:
        """The run's numbers, as in docs/metrics.md; a UserError before it is finished."""
        if not self.is_finished:
            raise UserError("run_unfinished", path=self.path)
        return read_json(written(self.path, RESULTS))

    @property
    def metrics(self) -> pd.DataFrame:
        """The learning curves: a row a record, in the order of steps."""
        path = self.path / "metrics.jsonl"
        return pd.DataFrame(read_lines(written(self.path, path.name)) if path.exists() else [])

    @property
    def samples(self) -> dict[str, np.ndarray]:
        """Images as uint8 (N, H, W, C): `samples`, `originals`, `reconstructions`, ..."""
        return read_arrays(written(self.path, "samples.npz"))

    @property
    def figures(self) -> Path:
        """The folder of the homework's figure files."""
        return self.path / "figures"

    @property
    def is_writable(self) -> bool:
        """Whether files can be added: not where another user's finished run is looked at."""
        return can_write(self.path)

    def load_models(self) -> dict[str, nn.Module]:
        """Return the trained networks by name, on the CPU, float32, in eval mode.

        Raises:
            UserError: the run is not finished, its weights are not the ones it wrote, or it is a
                study, whose networks are other runs'.
        """
        from safetensors.torch import load_file  # loads torch

        from hwlib.models.weights import put_tensors
        from hwlib.recipes import build_networks

        if "studies" in self.results:
            runs = [row["run"] for row in self.results["studies"]]
            raise UserError("study_has_no_networks", path=self.path, runs=runs)
        path = written(self.path, "weights.safetensors")
        models = build_networks(self.config, channels=self.record["data"]["channels"])
        put_tensors(models, load_file(path))
        return {name: model.eval() for name, model in models.items()}
