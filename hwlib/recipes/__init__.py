"""The five course reports, one file each, and the settings and networks that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from hwlib.config import PROBLEMS, RECIPE_SETTINGS, SETTINGS_OF, Config
from hwlib.errors import UserError, nearest_name
from hwlib.models import without_batch_norm
from hwlib.recipes import dcgan, elbo, plain, upsample, wide
from hwlib.recipes.base import Problem, Recipe, kl_study
from hwlib.runtime import is_slow

RECIPES: dict[str, Recipe] = {
    module.RECIPE.name: module.RECIPE for module in (plain, upsample, wide, elbo, dcgan)
}

# The homework's matrix: which report handed in which problem. Fourteen pairs have networks of their
# own; the KL study trains those of elbo's VAE with several weights.
PAIRS = tuple(
    (recipe, problem)
    for recipe, problems in {
        "plain": ("vae", "gan", "acgan"),
        "upsample": ("vae", "gan", "acgan"),
        "wide": ("vae", "gan", "acgan"),
        "elbo": ("vae", "kl"),
        "dcgan": ("vae", "gan", "acgan", "infogan"),
    }.items()
    for problem in problems
)

# 'smoke' shows in seconds that everything runs; its numbers mean nothing.
SMOKE = {
    "num_steps": 12,
    "batch_size": 16,
    "width": 0.125,
    "num_evals": 3,
    "checkpoint_every": 4,
    "oracle_steps": 20,
}
SMOKE_OF = {"kl": {"kl_sweep": ()}}  # the study's own three weights are enough, at look as well

# 'look' has a notebook done in about a minute: networks half as wide as those of 'quick' (without
# its `slow`) after a quarter of its updates, so that pictures are rough and sliders move something;
# InfoGAN's are noise until half of them.
LOOK_WIDTH = 0.5
LOOK_STEPS = {"infogan": 0.5}
LOOK = {"num_evals": 6, "oracle_steps": 300}

DEFAULT_RECIPE = {"kl": "elbo"}


def get_problem(recipe: str, problem: str) -> Problem:
    """Return the pair's definition.

    Raises:
        UserError: an unknown name, or a pair that no report handed in.
    """
    if problem not in PROBLEMS:
        raise UserError(
            "unknown_problem",
            name=problem,
            near=nearest_name(problem, PROBLEMS),
            known=list(PROBLEMS),
        )
    if recipe not in RECIPES:
        trained = "vae" if problem == "kl" else problem
        having = [r for r, p in PAIRS if p == trained]
        raise UserError(
            "unknown_recipe",
            name=recipe,
            near=nearest_name(recipe, having),
            problem=problem,
            known=having,
        )
    if problem == "kl" and "kl" not in RECIPES[recipe].problems:
        return kl_study(get_problem(recipe, "vae"))  # handed in by elbo alone; any VAE can take it
    if (recipe, problem) not in PAIRS:
        having = [r for r, p in PAIRS if p == problem]
        raise UserError("recipe_lacks_problem", recipe=recipe, problem=problem, known=having)
    if problem not in RECIPES[recipe].problems:
        raise UserError("not_built", problem=problem)
    return RECIPES[recipe].problems[problem]


def knows_setting(problem: str, name: str, recipe: str | None = None) -> bool:
    """Whether the setting `name` plays a part in `problem`; one that nobody knows counts.

    Args:
        problem: homework problem.
        name: of the setting.
        recipe: course report that has the problem, for settings that not every recipe knows.
    """
    if recipe and name in RECIPE_SETTINGS and name in SETTINGS_OF[problem]:
        return name in get_problem(recipe, problem).settings
    special = frozenset().union(*SETTINGS_OF.values())
    return name not in special or name in SETTINGS_OF[problem]


def make_config(
    problem: str,
    recipe: str | None = None,
    data: str = "faces",
    profile: str = "quick",
    seed: int = 0,
    **overrides: Any,
) -> Config:
    """Return the settings of a run: the recipe's own, then the profile's, then `overrides`.

    Raises:
        UserError: an unknown problem, recipe, profile or setting, one that the problem does not
            know, or a value out of range.
    """
    recipe = recipe or DEFAULT_RECIPE.get(problem, "dcgan")
    pair = get_problem(recipe, problem)
    settings = dict(pair.settings)
    if profile != "course":
        settings |= pair.quick
    if profile == "quick" and is_slow(overrides.get("device", "auto")):
        settings |= pair.slow
    if profile == "look":
        settings["width"] = LOOK_WIDTH * settings.get("width", 1)
        settings["num_steps"] = round(LOOK_STEPS.get(problem, 0.25) * settings["num_steps"])
        settings |= LOOK | SMOKE_OF.get(problem, {})
    if profile == "smoke":
        settings |= SMOKE | SMOKE_OF.get(problem, {})
    for name in overrides:
        if not knows_setting(problem, name):
            knowing = [p for p in PROBLEMS if knows_setting(p, name)]
            raise UserError("setting_of_problem", name=name, problem=problem, known=knowing)
        if not knows_setting(problem, name, recipe):
            knowing = [r for r, p in PAIRS if p == problem and knows_setting(p, name, r)]
            raise UserError("setting_of_recipe", name=name, recipe=recipe, known=knowing)
    if overrides.get("sigma") == "learned":
        settings |= _weights_in_nats(settings, recipe)
    settings |= overrides
    names = {"problem": problem, "recipe": recipe, "data": str(data), "profile": profile}
    return Config.create(**names, seed=seed, **settings)


def _weights_in_nats(settings: Mapping[str, Any], recipe: str) -> dict[str, Any]:
    """Return the KL weights in multiples of the recipe's own, which becomes 1.

    A learnt sigma gives the reconstruction term its scale, so that weight 1 is the ELBO.
    """
    own = get_problem(recipe, "vae").settings["kl_weight"]

    def times(weight: float) -> float:
        return float(f"{weight / own:.6g}")

    one = {name: times(settings[name]) for name in ("kl_weight",) if name in settings}
    several = ("kl_weights", "kl_sweep")
    return one | {n: tuple(map(times, settings[n])) for n in several if n in settings}


def build_models(
    recipe: str,
    problem: str,
    width: float = 1.0,
    *,
    z_dim: int | None = None,
    image_size: int = 64,
    channels: int = 3,
    spectral_norm: bool = False,
    batch_norm: str = "recipe",
    sigma: str = "fixed",
    **options: Any,
) -> dict[str, nn.Module]:
    """Build the networks of a pair, by name: {"vae": ...}, or {"G": ..., "D": ...}.

    Args:
        recipe: course report.
        problem: homework problem.
        width: factor on every hidden channel count.
        z_dim: latent variables; the report's own where it is None.
        image_size: side of the pictures.
        channels: 3 for colour, 1 for grey.
        spectral_norm: hold D's convolutions and dense layers at spectral norm 1 (Miyato et al.
            2018).
        batch_norm: 'on' puts it between the layers of G and D where the report has none, 'off'
            takes it away from all of them where the report has it.
        sigma: 'learned' gives a VAE's decoder a standard deviation that is learnt.
        options: what one problem alone knows: a VAE's `pixel_range`, `num_layers` of plain's;
            `d_width` of those with a D; the ACGAN's `num_labels`, the InfoGAN's `num_codes`.

    Raises:
        UserError: an unknown pair, or sizes that its layers cannot take.
    """
    pair = get_problem(recipe, problem)
    z_dim = z_dim or pair.settings["z_dim"]
    sizes = {"width": width, "z_dim": z_dim, "image_size": image_size, "channels": channels}
    if batch_norm == "on" and not pair.has_batch_norm:
        options["batch_norm"] = True
    models = pair.build(**sizes, **options)
    if batch_norm == "off":
        models = {name: without_batch_norm(model) for name, model in models.items()}
    if spectral_norm:
        for layer in list(models["D"].modules()):
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.utils.parametrizations.spectral_norm(layer)
    if sigma == "learned":
        models["vae"].learn_sigma()
    return models
