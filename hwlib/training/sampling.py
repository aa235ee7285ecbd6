"""Pictures from a finished run, as many as wanted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from hwlib.errors import UserError
from hwlib.run import Run, write_arrays
from hwlib.training.evaluate import vae_samples

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def write_samples(run: Run, out: Path, *, num: int, seed: int) -> None:
    """Draw `num` pictures and write them to `out`, whole or not at all.

    Args:
        run: a finished run.
        out: a file ending in .npz (`images`, uint8 (N, H, W, C)), or a folder for PNG files.
        num: how many.
        seed: names the draws; the run's own seed plays no part.

    Raises:
        UserError: the run is not finished, the folder has something in it, or `out` is neither.
    """
    if out.suffix.lower() in PICTURE_SUFFIXES:
        raise UserError(f"{out} names one picture; name a folder for PNG files, or a file .npz")
    if out.suffix != ".npz" and out.exists() and (out.is_file() or any(out.iterdir())):
        raise UserError(f"{out} is not an empty folder; name a new one, or a file ending in .npz")
    images = sample_images(run, num=num, seed=seed)
    if out.suffix == ".npz":
        write_arrays(out, {"images": images})
        return
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    digits = len(str(num - 1))
    for number, image in enumerate(images):
        picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        picture.save(partial / f"{number:0{digits}d}.png")
    if out.exists():
        out.rmdir()
    os.rename(partial, out)


def sample_images(run: Run, *, num: int, seed: int) -> np.ndarray:
    """Return `num` pictures of the run's model, uint8 (num, H, W, C)."""
    config = run.config.model_copy(update={"seed": seed})
    return vae_samples(run.load_models()["vae"], config, num, "hwlib sample")
