"""Small networks whose pictures differ, for panels, films and frames."""

import torch

from hwlib.recipes import build_models

Z = 12


def lively(recipe, problem, **options):
    """Return networks whose pictures differ: fresh weights are too small for that."""
    torch.manual_seed(0)
    models = build_models(recipe, problem, 0.125, **{"z_dim": Z} | options)
    network = models.get("vae") or models["G"]
    with torch.no_grad():
        for name, weights in network.eval().named_parameters():
            if "join" not in name:
                weights.mul_(4)
    return network
