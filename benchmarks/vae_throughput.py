"""Training images per second of the full-width dcgan VAE: hwlib against a plain PyTorch loop.

    .venv/bin/python benchmarks/vae_throughput.py [--steps 60] [--rounds 3]

Both train the same network, loss, batch size and optimiser on the same drawn faces, end to end. The
plain loop is what a course work of today looks like: float32, torchvision's ImageFolder over PNG
files, a DataLoader with two workers. The two take turns, and the median ratio counts, because a
shared machine's speed drifts.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

import hwlib
from hwlib.data.build import Reader
from hwlib.data.hw4 import write_hw4
from hwlib.data.layouts import Faces

BATCH = 64


def plain_loop(folder: Path, steps: int) -> float:
    """Return images/s of the plain loop, without the first steps, which start the workers."""
    torch.manual_seed(0)
    vae = hwlib.build_models("dcgan", "vae")["vae"]
    optimizer = torch.optim.Adam(vae.parameters(), lr=1e-3)
    normalize = transforms.Normalize((0.5,) * 3, (0.5,) * 3)
    dataset = ImageFolder(folder, transforms.Compose([transforms.ToTensor(), normalize]))
    loader = DataLoader(dataset, BATCH, shuffle=True, num_workers=2, drop_last=True)
    warm_up, started, done = 3, 0.0, 0
    while True:
        for x, _ in loader:
            if done == warm_up:
                started = time.perf_counter()
            x_hat, mu, logvar = vae(x, torch.randn(len(x), vae.z_dim))
            recon = nn.functional.mse_loss(x_hat, x, reduction="sum")
            kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
            optimizer.zero_grad()
            (recon + kl).backward()
            optimizer.step()
            done += 1
            if done == warm_up + steps:
                return steps * BATCH / (time.perf_counter() - started)


def hwlib_fit(folder: Path, steps: int, runs: Path) -> float:
    """Return images/s of `hwlib.fit` by its own clock: all but the test set's evaluation."""
    config = hwlib.make_config(
        "vae",
        "dcgan",
        data=str(folder),
        profile="course",
        num_steps=steps,
        num_evals=1,
        oracle_steps=1,  # it scores, and scoring is not timed
    )
    return hwlib.fit(config, runs=runs).results["images_per_s"]


def main() -> None:
    """Run both in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60, help="timed steps of each run")
    parser.add_argument("--rounds", type=int, default=3, help="how often the two take turns")
    arguments = parser.parse_args()
    table = Table("round", "plain loop", "hwlib.fit", "ratio", title="images per second")
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        faces = Faces(Path("drawn"), num_train=2_000, num_test=64)
        write_hw4(Reader(faces, 64), faces.list_images(()), root / "hw4")
        (root / "plain").mkdir()
        (root / "plain" / "faces").symlink_to(root / "hw4" / "train")
        for number in range(1, arguments.rounds + 1):
            plain = plain_loop(root / "plain", arguments.steps)
            ours = hwlib_fit(root / "hw4", arguments.steps, root / f"runs{number}")
            ratios.append(ours / plain)
            table.add_row(str(number), f"{plain:.1f}", f"{ours:.1f}", f"{ratios[-1]:.2f}")
    table.add_section()
    table.add_row("median", "", "", f"{statistics.median(ratios):.2f}")
    Console().print(table)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
