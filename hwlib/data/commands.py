"""`hwlib data ...`: look at a set, draw one, rebuild the homework's."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hwlib.data import build_if_missing, find_source
from hwlib.data.build import Reader
from hwlib.data.layouts import LAYOUTS, Faces
from hwlib.data.layouts.base import BadFile
from hwlib.io import user_path
from hwlib.text import Finding, word

app = typer.Typer(
    help="Look at a data set, draw one, or rebuild the homework's.", no_args_is_help=True
)

SkipOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out images that cannot be read, and say so.")
]
OutArgument = Annotated[
    Path, typer.Argument(parser=user_path, metavar="OUT", help="A new or empty folder.")
]


@app.command()
def info(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="SPEC", help="faces, faces:N, or a folder: hw4, CelebA, MNIST, any images."
        ),
    ] = "faces",
    image_size: Annotated[int, typer.Option(help="Side of the squares, in pixels.")] = 64,
    crop: Annotated[
        str, typer.Option(help="For CelebA: hw4 (the homework's box) or square.")
    ] = "hw4",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Tell all about a set before anyone trains on it: layout, counts, attributes, bad files.

    Exit code 2 when the set has bad files, after everything is told.
    """
    source = find_source(spec, image_size, crop)
    build_if_missing(source, progress=True)
    facts = source.facts()
    bad = [BadFile(**file) for file in facts["bad"]]
    notes = [*source.notes, *(Finding(**note) for note in facts["notes"])]
    rates = {own["name"]: {own["train_rate"], own["test_rate"]} for own in facts["attributes"]}
    facts |= {
        **{"spec": source.spec, "crop": crop, "cache": str(source.folder)},
        "constant": [name for name, both in rates.items() if both in ({0}, {1})],
        "bad": [{"name": file.name, "reason": file.reason} for file in bad],
        "notes": [note.say("en") for note in notes],
        "cache_bytes": sum(path.stat().st_size for path in source.folder.iterdir()),
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
    else:
        has_crops = LAYOUTS[facts["layout"]].has_crops
        typer.echo(word("info.text", "en", has_crops=has_crops, **facts))
    if bad:
        raise typer.Exit(2)


@app.command()
def draw(
    out: OutArgument,
    train: Annotated[int, typer.Option(min=1, help="Faces to train on.")] = 8000,
    test: Annotated[int, typer.Option(min=1, help="Faces to test on.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same faces.")] = 0,
    image_size: Annotated[int, typer.Option(min=8, max=1024, help="Side, in pixels.")] = 64,
) -> None:
    """Draw faces and write them in the homework's layout, with factors.csv beside the labels."""
    from hwlib.data.hw4 import write_hw4

    faces = Faces(Path("drawn"), num_train=train, num_test=test, seed=seed)
    write_hw4(Reader(faces, image_size), faces.list_images(()), out)
    typer.echo(f"{train:,} train and {test:,} test faces are in {out}")


@app.command()
def hw4(
    celeba_dir: Annotated[
        Path,
        typer.Argument(
            metavar="CELEBA_DIR", help="Holds img_align_celeba/ and list_attr_celeba.txt."
        ),
    ],
    out: OutArgument,
    skip_bad: SkipOption = False,
) -> None:
    """Rebuild the homework's set of 42,621 images from CelebA; a partial copy gives its part."""
    from hwlib.data.hw4 import IMAGE_SIZE, rebuild_hw4

    rebuilt = rebuild_hw4(celeba_dir, out, skip_bad=skip_bad)
    train, test, size = rebuilt.values["num_train"], rebuilt.values["num_test"], IMAGE_SIZE
    typer.echo(f"{train:,} train and {test:,} test images ({size}x{size}) are in {out}")
    typer.echo(rebuilt.say("en"))
    for file in rebuilt.values["bad"]:
        typer.echo(f"- left out: {file.name} {file.reason}")
