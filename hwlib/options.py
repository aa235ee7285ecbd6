"""Options that several commands share, and how their texts are read."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from hwlib.config import ARGUMENTS, profile_of
from hwlib.data.layouts import is_drawn
from hwlib.errors import UserError
from hwlib.io import naming, user_path
from hwlib.registry import PROBLEMS
from hwlib.run import runs_folder

DATA_HELP = "faces (drawn, the default), faces:N, or a folder: hw4, CelebA, MNIST, any images."

ProblemArgument = Annotated[
    str, typer.Argument(metavar="PROBLEM", help=f"One of {', '.join(PROBLEMS)}.")
]
DataOption = Annotated[str, typer.Option("--data", metavar="SPEC", help=DATA_HELP)]
ProfileOption = Annotated[
    str,
    typer.Option(
        "--profile",
        callback=profile_of,
        help="smoke: seconds, to see that it runs; preview: about a minute, rough images;"
        " quick: a real result on two cores; course: the report's own schedule.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of every random draw.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting, for example --set z_dim=50; repeat it for several. docs/settings.md"
        " lists them, and a wrong name lists those that the problem knows.",
    ),
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
RunsOption = Annotated[
    Path | None,
    typer.Option(
        "--runs",
        parser=user_path,
        metavar="FOLDER",
        help="Folder of the run folders; default runs/.",
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option("--jobs", help="Jobs side by side; default one a core, or one a GPU."),
]


def parse_settings(words: Sequence[str]) -> dict[str, Any]:
    """Return the KEY=VALUE words of `--set` as settings; the types are checked with the rest.

    A word without '=', or one for an option of its own, is a UserError.
    """
    settings: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UserError("set_without_value", word=word)
        if (name := key.strip()) in ARGUMENTS:
            raise UserError("set_of_option", word=word, name=name, value=value)
        settings[name] = value.split(",") if "," in value else value.strip()
    return settings


def parse_switches(words: Sequence[str]) -> dict[str, int]:
    """Return the NAME=0|1 words of `--attribute`, joined by commas or not; else a UserError."""
    switches = {}
    for word in ",".join(words).split(",") if words else ():
        name, _, value = (part.strip() for part in word.partition("="))
        if not name or value not in ("0", "1"):
            raise UserError("switch", word=word)
        switches[name] = int(value)
    return switches


def resolve_data(data: Sequence[str]) -> list[str]:
    """Return each set of images once, folders by their whole path; two of one name: a UserError."""
    found = list(dict.fromkeys(map(whole_path, data)))
    names = [Path(spec).name for spec in found]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise UserError("same_data_name", name=twice[0])
    return found


def whole_path(spec: str) -> str:
    """Return a folder by its whole path; 'faces' are the drawn ones, whatever lies here.

    An empty text, which would be the folder that the command was typed in, is a UserError.
    """
    if not spec.strip():
        raise UserError("empty_data")
    if is_drawn(spec):
        return spec
    path = user_path(spec)
    return os.path.realpath(path) if os.path.exists(path) else spec


def writable(folder: Path) -> Path:
    """Make a folder before any work for it; an OSError where nothing can be written there."""
    folder.mkdir(parents=True, exist_ok=True)
    with naming(folder), tempfile.TemporaryFile(dir=folder):
        return folder


def runs_given(runs: Path | None) -> Path:
    """Return the folder of the run folders, made before any work for it.

    It may be read-only, as what is finished there is only read.
    """
    folder = runs_folder(runs)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
