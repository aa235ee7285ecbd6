"""The course reports, one file each, and the settings and networks that follow from them."""

from importlib import import_module
from typing import Any

from torch import nn

from hwlib.config import Config, profile_of
from hwlib.errors import UserError, nearest_name
from hwlib.models.gan import add_minibatch_deviation, conv_discriminator
from hwlib.models.layers import init_he, remove_batch_norm
from hwlib.recipes.base import UNIT, Models, Pair, Recipe, kl_study
from hwlib.registry import PAGES, PROBLEMS, RECIPE_SETTINGS, SPECIAL_SETTINGS, TODAY, TODAYS

NAMES = ("plain", "upsample", "wide", "elbo", "dcgan", "modern")
RECIPES: dict[str, Recipe] = {name: import_module(f"hwlib.recipes.{name}").RECIPE for name in NAMES}
EVERY_PAIR = tuple((name, problem) for name, r in RECIPES.items() for problem in r.problems)
# The homework's matrix: which report handed in which problem.
PAIRS = tuple(pair for pair in EVERY_PAIR if RECIPES[pair[0]].letter)

# 'smoke' shows in seconds that everything runs; its numbers mean nothing.
SMOKE = {
    **{"num_steps": 12, "batch_size": 16, "width": 0.125},
    **{"num_evals": 3, "checkpoint_every": 4, "oracle_steps": 20},
}
# 'preview' has a notebook done in about a minute: networks half as wide as those of 'quick' and a
# share of its updates, so that images are rough and sliders move something.
PREVIEW_WIDTH = 0.5
PREVIEW = {"num_evals": 6, "oracle_steps": 300}
# The page on today's recipe takes a share of that recipe's own schedule, which costs about as much
# as the reports' own, and has in common with them what is shown and how it is measured.
TODAYS_SHARE = 1 / 3
IN_COMMON = ("attribute", "image_size", "crop", "device", "precision", "features", "oracle_steps")


def get_pair(recipe: str, problem: str) -> Pair:
    """Return a recipe's problem, a UserError if no report has it; any VAE can take the KL study."""
    if problem not in PROBLEMS:
        near = nearest_name(problem, PROBLEMS)
        raise UserError("unknown_problem", name=problem, near=near, known=list(PROBLEMS))
    studied = PROBLEMS[problem].study_of
    known = recipes_with(studied or problem)
    if recipe not in RECIPES:
        near = nearest_name(recipe, known)
        raise UserError("unknown_recipe", name=recipe, near=near, problem=problem, known=known)
    pairs = RECIPES[recipe].problems
    if problem not in pairs and recipe not in known:
        raise UserError("recipe_lacks_problem", recipe=recipe, problem=problem, known=known)
    return pairs[problem] if problem in pairs else kl_study(pairs[studied])


def recipes_with(problem: str) -> list[str]:
    """Return the recipes that have a problem."""
    return [name for name, recipe in RECIPES.items() if problem in recipe.problems]


def knows_setting(problem: str, name: str, recipe: str | None = None) -> bool:
    """Whether a setting plays a part in a problem, or a pair; one that nobody knows counts."""
    own = PROBLEMS[problem].settings
    if recipe and name in RECIPE_SETTINGS and name in own:
        return name in get_pair(recipe, problem).settings
    return name not in SPECIAL_SETTINGS or name in own


def make_config(
    problem: str,
    recipe: str | None = None,
    data: str = "faces",
    profile: str = "quick",
    seed: int = 0,
    **overrides: Any,
) -> Config:
    """Return the settings of a run: the recipe's own, then the profile's, then `overrides`.

    An unknown name, a setting that the problem does not know, and a value out of range are a
    UserError.
    """
    recipe = recipe or (PROBLEMS[problem].default_recipe if problem in PROBLEMS else "")
    pair, profile = get_pair(recipe, problem), profile_of(profile)
    entry, settings = PROBLEMS[problem], dict(pair.settings)
    if profile != "course":
        settings |= pair.quick
    if profile == "preview":
        settings["width"] = PREVIEW_WIDTH * settings.get("width", 1)
        settings["num_steps"] = round(entry.preview_share * settings["num_steps"])
        settings |= PREVIEW | entry.small
    if profile == "smoke":
        settings |= SMOKE | entry.small
    for name in overrides:
        if not knows_setting(problem, name):
            known = [p for p in PROBLEMS if knows_setting(p, name)]
            raise UserError("setting_of_problem", name=name, problem=problem, known=known)
        if not knows_setting(problem, name, recipe):
            known = [r for r in recipes_with(problem) if knows_setting(problem, name, r)]
            raise UserError("setting_of_recipe", name=name, recipe=recipe, known=known)
    if overrides.get("sigma") == "learned":
        # It gives the reconstruction term its scale: weights become multiples of the recipe's own,
        # so that weight 1 is the ELBO.
        own = get_pair(recipe, "vae").settings["kl_weight"]
        for name in settings.keys() & {"kl_weight", "kl_weights", "kl_sweep"}:
            several = settings[name] if isinstance(settings[name], tuple) else (settings[name],)
            times = tuple(float(f"{weight / own:.6g}") for weight in several)
            settings[name] = times if several is settings[name] else times[0]
    settings |= overrides
    names = {"problem": problem, "recipe": recipe, "data": str(data), "profile": profile}
    return Config.create(**names, seed=seed, **settings)


def beside_todays(
    recipe: str, data: str = "faces", profile: str = "quick", seed: int = 0, **settings: Any
) -> tuple[dict[str, Config], dict[str, Config]]:
    """Return a recipe's own runs by problem, and those of today's recipe that stand beside them.

    Each of the `settings` is of the recipe's problems that know it; a mistake is a UserError.
    """
    problems, own, todays = PAGES[TODAY].beside, {}, {}
    if recipe == TODAYS:
        known = [name for name, problem in PAIRS if problem == problems[0]]
        raise UserError("today_itself", recipe=recipe, known=known)
    for problem in problems:
        others = [p for p in problems if p != problem]
        known = {
            name: amount
            for name, amount in settings.items()
            if knows_setting(problem, name) or not any(knows_setting(p, name) for p in others)
        }
        own[problem] = make_config(problem, recipe, data, profile, seed, **known)
        same = {name: getattr(own[problem], name) for name in IN_COMMON}
        full = make_config(problem, TODAYS, data, profile, seed, **same)
        num_steps = max(1, round(TODAYS_SHARE * full.num_steps))
        todays[problem] = full.model_copy(update={"num_steps": num_steps})
    return own, todays


def build_models(
    recipe: str,
    problem: str,
    width: float = 1.0,
    *,
    z_dim: int | None = None,
    spectral_norm: bool = False,
    batch_norm: str = "recipe",
    minibatch_std: bool = False,
    sigma: str = "fixed",
    prior: str = "standard",
    has_critic: bool = False,
    **options: Any,
) -> Models:
    """Build the networks of a pair, by name: {"vae": ...}, or {"G": ..., "D": ...}.

    `width` is a factor on every hidden channel count. Options are `z_dim`, the report's own where
    it is left out; `image_size` (64), `channels` (3); `spectral_norm` holds D's convolutions and
    dense layers at spectral norm 1 (Miyato et al. 2018); `batch_norm` "on" puts it between the
    layers of G and D where the report has none, "off" takes it away from all of them;
    `minibatch_std` tells D how much images of a group differ. `sigma` "learned" gives a VAE's
    decoder a standard deviation that is learnt, `prior` "fitted" a prior of its own, `has_critic` a
    D, which judges its reconstructions. What one problem alone
    knows: a VAE's `pixel_range`, `num_layers` of plain's; `d_width` of those with a D; the ACGAN's
    `num_labels`, the InfoGAN's `num_codes` and `code_scale`.

    Raises:
        UserError: an unknown pair, or sizes that its layers cannot take.
    """
    pair = get_pair(recipe, problem)
    if pair.objective is not None:
        options.setdefault("pixel_range", pair.pixel_range)
    if batch_norm == "on" and not pair.has_batch_norm:
        options["batch_norm"] = True
    built = pair.build(width=width, z_dim=z_dim or pair.settings["z_dim"], **options)
    models = built if isinstance(built, dict) else {"vae": built}
    if batch_norm == "off":
        models = {name: remove_batch_norm(model) for name, model in models.items()}
    if spectral_norm:
        for layer in list(models["D"].modules()):
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.utils.parametrizations.spectral_norm(layer)
    sizes = {"image_size": 64, "channels": 3} | options
    sizes = {name: sizes[name] for name in ("image_size", "channels")}
    if minibatch_std:
        add_minibatch_deviation(models["D"], **sizes)
    if sigma == "learned":
        models["vae"].learn_sigma()
    if prior == "fitted":
        models["vae"].make_prior()
    if has_critic:
        models["D"] = init_he(conv_discriminator(width=width, **sizes))
    return models


def build_networks(config: Config, *, channels: int) -> Models:
    """Build the networks that settings ask for, with fresh weights, by name; as `build_models`."""
    problem = PROBLEMS[config.problem]
    if problem.is_adversarial:
        names = ("d_width", "spectral_norm", "batch_norm", "minibatch_std")
    else:
        names = ("sigma", "prior")
    names += ("num_codes", "code_scale") if problem.condition == "codes" else ()
    options = {name: getattr(config, name) for name in ("z_dim", "image_size", *names)}
    if problem.condition == "labels":
        options["num_labels"] = len(config.attributes)
    if not problem.is_adversarial:
        options["has_critic"] = config.adversarial_weight > 0
        if config.reconstruction == "bce":
            options["pixel_range"] = UNIT
        if config.num_layers is not None:
            options["num_layers"] = config.num_layers
    return build_models(config.recipe, config.problem, config.width, channels=channels, **options)
