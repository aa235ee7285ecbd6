"""Small networks whose images differ, and what tests of panels, animations and frames share."""

import io
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from hwlib import explore, plots
from hwlib.explore import vae
from hwlib.recipes import build_models, make_config

Z = 12
PANELS = {
    "gan": explore.GeneratorPanel,
    "acgan": explore.AttributePanel,
    "infogan": explore.CodePanel,
}
OPTIONS = {"acgan": {"num_labels": 2}, "infogan": {"num_codes": 2}}


@cache
def lively(recipe, problem, **options):
    """Return a network whose images differ: fresh weights are too small for that."""
    torch.manual_seed(0)
    models = build_models(recipe, problem, 0.125, **{"z_dim": Z} | options)
    network = models.get("vae") or models["G"]
    with torch.no_grad():
        for name, weights in network.eval().named_parameters():
            if "join" not in name:
                weights.mul_(4)
    return network


def z_of(number, noise="normal"):
    """Return the z of a number that panels of a run get."""
    run = SimpleNamespace(config=make_config("gan", "dcgan", noise=noise))
    return explore.latent_by_index(run, Z)(number)


def fake_run(problem, network, profile="quick", **results):
    """Return what a panel asks of a finished run."""
    models = {"vae" if problem == "vae" else "G": network}
    config = make_config(problem, "dcgan", profile=profile)
    return SimpleNamespace(config=config, results=results, load_models=lambda: models)


def make_panel(problem, lang="en", recipe="dcgan", profile="quick", **options):
    """Return the panel of a run of a problem."""
    if problem == "vae":
        return vae_panel(lang=lang)
    network = lively(recipe, problem, **OPTIONS.get(problem, {}) | options)
    attributes = ["Smiling", "Male"][: network.label_dim]
    return PANELS[problem](fake_run(problem, network, profile, attributes=attributes), lang)


def vae_panel(network=None, images=None, active=(3, 7), lang="en"):
    """Return a VAE's panel over test images, with sliders of some latents."""
    part = SimpleNamespace(images=held_out() if images is None else images)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vae, "data_of", lambda _run: SimpleNamespace(test=part))
        patch.setattr(vae, "latents", lambda _run: (None, None))
        patch.setattr(vae, "most_active", lambda *_: list(active))
        return explore.VAEPanel(fake_run("vae", network or lively("dcgan", "vae")), lang)


def held_out(count=6):
    """Return test images of noise that cannot be written to, as the cache's memory map is."""
    images = np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)
    images.setflags(write=False)
    return images


def shown(widget):
    """Return the pixels that a widget shows."""
    return np.asarray(Image.open(io.BytesIO(widget.value))).astype(int)


def larger(image, factor=4):
    """Return an image, (H, W, C), as the panels show it."""
    return plots.enlarge(image[np.newaxis], factor)[0].astype(int)


def assert_same(found, wanted):
    """Hold that images are the same but for a batch's arithmetic, which enlarging can double."""
    assert np.abs(np.asarray(found).astype(int) - np.asarray(wanted)).max() <= 2
