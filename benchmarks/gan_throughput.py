"""Training images per second of the full-width dcgan GAN: hwlib against a plain PyTorch loop.

    .venv/bin/python benchmarks/gan_throughput.py [--steps 60] [--rounds 3] [--json FILE]

The plain loop is what PyTorch's own DCGAN example does, written anew: G and D 64 channels wide,
float32, BCELoss on sigmoids, Adam 2e-4 (0.5, 0.999), three numbers brought to Python in each step,
torchvision's ImageFolder with Resize, CenterCrop, ToTensor and Normalize, a DataLoader with two
workers. It neither prints nor saves pictures, and its first steps, which start the workers, are
not timed.

hwlib trains its recipe `dcgan` by `hwlib.fit`: the same layers, batch size and optimiser on the
same drawn pictures at the same size. Its clock runs over every step and everything in it: reading
from the cache of decoded pixels, noise, records and the checkpoint. Left out are decoding, done
once per data set, and scoring: the oracle, snapshots, final numbers. What differs and makes the
difference: decoded pixels instead of PNG files, bfloat16 where the processor multiplies it,
channels-last memory, one fused update, no gradients for D's weights while G learns, and no number
fetched until a record is due.

The two take turns, and the median of the paired ratios counts: a shared machine's speed drifts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

import hwlib
from hwlib.data.build import Reader
from hwlib.data.hw4 import write_hw4
from hwlib.data.layouts import Faces
from hwlib.runtime import resolve_device

BATCH, IMAGE_SIZE, Z_DIM, WIDTH = 64, 64, 100, 64
WARM_UP = 3  # steps of the plain loop that are not timed


def plain_generator() -> nn.Sequential:
    """Return the example's generator: (B, 100, 1, 1) -> (B, 3, 64, 64)."""
    sizes = [Z_DIM, *(WIDTH * k for k in (8, 4, 2, 1))]
    layers: list[nn.Module] = []
    for place, (inputs, outputs) in enumerate(pairwise(sizes)):
        stride, padding = (1, 0) if place == 0 else (2, 1)
        layers.append(nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    layers += [nn.ConvTranspose2d(WIDTH, 3, 4, 2, 1, bias=False), nn.Tanh()]
    return nn.Sequential(*layers).apply(draw_weights)


def plain_discriminator() -> nn.Sequential:
    """Return the example's discriminator: (B, 3, 64, 64) -> (B,) probabilities."""
    layers = [nn.Conv2d(3, WIDTH, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for k in (1, 2, 4):
        layers.append(nn.Conv2d(WIDTH * k, WIDTH * k * 2, 4, 2, 1, bias=False))
        layers += [nn.BatchNorm2d(WIDTH * k * 2), nn.LeakyReLU(0.2, inplace=True)]
    layers += [nn.Conv2d(WIDTH * 8, 1, 4, 1, 0, bias=False), nn.Sigmoid(), nn.Flatten(0)]
    return nn.Sequential(*layers).apply(draw_weights)


def draw_weights(layer: nn.Module) -> None:
    """Draw DCGAN's first weights."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
        nn.init.zeros_(layer.bias)


def endless(loader: DataLoader, device: torch.device) -> Iterator[Tensor]:
    """Yield the batches of one epoch after another."""
    while True:
        for x, _ in loader:
            yield x.to(device)


def plain_loop(folder: Path, steps: int, device: torch.device) -> float:
    """Return images/s of the plain loop."""
    torch.manual_seed(0)
    G, D = plain_generator().to(device), plain_discriminator().to(device)
    adam = {"lr": 2e-4, "betas": (0.5, 0.999)}
    update_G, update_D = (torch.optim.Adam(m.parameters(), **adam) for m in (G, D))
    loss = nn.BCELoss()
    look = [transforms.Resize(IMAGE_SIZE), transforms.CenterCrop(IMAGE_SIZE)]
    look += [transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)]
    dataset = ImageFolder(folder, transforms.Compose(look))
    loader = DataLoader(dataset, BATCH, shuffle=True, num_workers=2)
    started, num_images = 0.0, 0
    for step, x in enumerate(endless(loader, device), start=1 - WARM_UP):
        if step == 1:
            started, num_images = time.perf_counter(), 0
        real, fake = torch.ones(len(x), device=device), torch.zeros(len(x), device=device)

        # D on real pictures, then on made ones
        D.zero_grad()
        judged = D(x)
        loss(judged, real).backward()
        judged.mean().item()
        x_fake = G(torch.randn(len(x), Z_DIM, 1, 1, device=device))
        judged = D(x_fake.detach())
        loss(judged, fake).backward()
        judged.mean().item()
        update_D.step()

        # G
        G.zero_grad()
        judged = D(x_fake)
        loss(judged, real).backward()
        judged.mean().item()
        update_G.step()

        num_images += len(x)
        if step == steps:
            return num_images / (time.perf_counter() - started)
    raise AssertionError("the batches have no end")


def hwlib_fit(folder: Path, steps: int, runs: Path) -> dict[str, Any]:
    """Return the results of a run by `hwlib.fit`; `images_per_s` is by its own clock."""
    config = hwlib.make_config(
        "gan",
        "dcgan",
        data=str(folder),
        profile="course",
        num_steps=steps,
        num_evals=1,
        oracle_steps=1,  # it scores, and scoring is not timed
    )
    if (config.width, config.batch_size, config.image_size) != (1, BATCH, IMAGE_SIZE):
        raise SystemExit("the recipe is no longer of the plain loop's size")
    return hwlib.fit(config, runs=runs).results


def count(*networks: nn.Module) -> int:
    """Return the number of parameters."""
    return sum(p.numel() for network in networks for p in network.parameters())


def measure(root: Path, *, steps: int, rounds: int) -> dict[str, Any]:
    """Let the two take turns; return what each round gave."""
    device = resolve_device()
    faces = Faces(Path("drawn"), num_train=2_000, num_test=64)
    write_hw4(Reader(faces, 64), faces.list_images(()), root / "hw4")
    (root / "plain").mkdir()
    (root / "plain" / "faces").symlink_to(root / "hw4" / "train")
    made = []
    for number in range(1, rounds + 1):
        plain = plain_loop(root / "plain", steps, device)
        ours = hwlib_fit(root / "hw4", steps, root / f"runs{number}")
        size = count(plain_generator(), plain_discriminator())
        if ours["num_parameters"] != size:
            raise SystemExit(f"{ours['num_parameters']:,} parameters against {size:,}: not alike")
        speed = ours["images_per_s"]
        made.append({"plain": plain, "hwlib": speed, "ratio": speed / plain})
    return {
        "rounds": made,
        "median_ratio": statistics.median(one["ratio"] for one in made),
        **{"steps": steps, "batch_size": BATCH, "num_parameters": size},
        **{"device": device.type, "precision": ours["precision_used"]},
        **{"torch": torch.__version__, "num_threads": torch.get_num_threads()},
    }


def main() -> None:
    """Run both in turn, print a table and, if asked for, write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60, help="timed steps of each run")
    parser.add_argument("--rounds", type=int, default=3, help="how often the two take turns")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        numbers = measure(Path(name), steps=arguments.steps, rounds=arguments.rounds)
    table = Table("round", "plain loop", "hwlib.fit", "ratio", title="images per second")
    for number, one in enumerate(numbers["rounds"], start=1):
        speeds = (f"{one[name]:.1f}" for name in ("plain", "hwlib"))
        table.add_row(str(number), *speeds, f"{one['ratio']:.2f}")
    table.add_section()
    table.add_row("median", "", "", f"{numbers['median_ratio']:.2f}")
    Console().print(table)
    print(", ".join(f"{key} {numbers[key]}" for key in ("torch", "num_threads", "precision")))
    if arguments.json:
        arguments.json.write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
