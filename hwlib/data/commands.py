"""`hwlib data ...`: look at a set, draw one, rebuild the homework's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwlib.data import describe
from hwlib.data.layouts import LAYOUTS

app = typer.Typer(
    help="Look at a data set, draw one, or rebuild the homework's.", no_args_is_help=True
)

SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out images that cannot be read, and say so.")
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
    facts = describe(spec, image_size, crop=crop)
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
    else:
        _print_facts(Console(), facts)
    if facts["bad"]:
        raise typer.Exit(2)


@app.command()
def draw(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder.")],
    train: Annotated[int, typer.Option(min=1, help="Faces to train on.")] = 8000,
    test: Annotated[int, typer.Option(min=1, help="Faces to test on.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same faces.")] = 0,
    image_size: Annotated[int, typer.Option(min=8, max=1024, help="Side, in pixels.")] = 64,
) -> None:
    """Draw faces and write them in the homework's layout, with factors.csv beside the labels."""
    from hwlib.data.hw4 import draw_hw4

    draw_hw4(out, num_train=train, num_test=test, seed=seed, image_size=image_size)
    typer.echo(f"{train:,} train and {test:,} test faces are in {out}")


@app.command()
def hw4(
    celeba_dir: Annotated[
        Path,
        typer.Argument(
            metavar="CELEBA_DIR", help="Holds img_align_celeba/ and list_attr_celeba.txt."
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder.")],
    skip_bad: SkipBad = False,
) -> None:
    """Rebuild the homework's set of 42,621 images from CelebA; a partial copy gives its part."""
    from hwlib.data.hw4 import IMAGE_SIZE, rebuild_hw4

    rebuilt = rebuild_hw4(celeba_dir, out, skip_bad=skip_bad)
    train, test, size = rebuilt.values["num_train"], rebuilt.values["num_test"], IMAGE_SIZE
    typer.echo(f"{train:,} train and {test:,} test images ({size}x{size}) are in {out}")
    typer.echo(rebuilt.say("en"))
    for file in rebuilt.values["bad"]:
        typer.echo(f"- left out: {file.name} {file.reason}")


def _print_facts(console: Console, facts: dict[str, Any]) -> None:
    """Print what `describe` gives."""
    kinds = [f"{count:,} x {kind}" for kind, count in facts["seen"].items()]
    kinds[8:] = [f"and {len(kinds) - 8} kinds more"] if len(kinds) > 8 else []
    crop = f" (crop {facts['crop']})" if LAYOUTS[facts["layout"]].has_crops else ""
    size, channels = f"{facts['image_size']}x{facts['image_size']}", facts["channels"]
    more = ["..."] if facts["num_unlisted"] > len(facts["unlisted"]) else []
    constant, ignored = ", ".join(facts["constant"]), ", ".join(facts["unlisted"] + more)
    rows = {
        "layout": facts["layout"] + crop,
        "where": facts["where"],
        "train": f"{facts['train']:,} images",
        "test": f"{facts['test']:,} images",
        "files": ", ".join(kinds),
        "decoded to": f"{size}, {channels} channel" + "s" * (channels > 1),
        "attributes": str(len(facts["attributes"]) or "none"),
        "constant": constant and f"{constant}: nothing to learn there",
        "ignored": ignored and f"{facts['num_unlisted']:,} images without labels: {ignored}",
        "bad files": f"{len(facts['bad']):,}" if facts["bad"] else "none",
        "note": "\n".join(facts["notes"]),
        "fingerprint": facts["fingerprint"],
        "cache": f"{facts['cache']} ({facts['cache_bytes'] / 1e6:,.1f} MB)",
    }
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in rows.items():
        if value:
            table.add_row(f"[bold]{name}[/bold]", escape(value))
    console.print(table)
    if facts["attributes"]:
        table = Table("attribute", title="share of images with the attribute")
        for part in ("train", "test"):
            table.add_column(part, justify="right")
        for own in facts["attributes"]:
            rates = (own["train_rate"], own["test_rate"])
            table.add_row(escape(own["name"]), *(f"{rate:.1%}" for rate in rates))
        console.print(table)
    if facts["bad"]:
        table = Table("bad file", "why", title=f"{len(facts['bad']):,} files cannot be used")
        for file in facts["bad"]:
            table.add_row(escape(file["name"]), escape(file["reason"]))
        console.print(table)
