"""The registry of the homework's problems, the report's pages and the metrics: one entry each.

What differs between problems is a field here. Functions stand as "module:function", so that this
file loads none of them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

METRICS = Path(__file__).parents[1] / "report" / "metrics.toml"


def resolve(reference: str) -> Any:
    """Return what "module:name" names; the module is imported now."""
    module, name = reference.split(":")
    return getattr(import_module(module), name)


# ---- metrics -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Metric:
    """A number of results.json: `report/metrics.toml`; its words are in `text/*/metrics.toml`."""

    # "count" (whole), "percent" (of a share), "digits" (three significant ones), "mse" (five
    # decimals), "text", or "number" (four significant digits)
    format: str = "number"
    better: str = ""  # "lower" or "higher"; empty where that depends
    real: str = ""  # the key of the same number for real images, its noise floor
    most: str = ""  # the key of its upper bound
    has_brackets: bool = False  # whether tables write `real` or `most` in brackets behind it
    # Whether it is in a feature network's terms: other data or another network makes it another.
    by_features: bool = False
    topic: str = ""  # table of the comparison that it stands in; the file's order is the columns'

    @property
    def beside(self) -> str:
        """The key that it is to be read beside; empty where there is none."""
        return self.real or self.most


@cache
def metrics() -> dict[str, Metric]:
    """Return every metric by its key of results.json; what one is read beside has its format."""
    entries = tomllib.loads(METRICS.read_text(encoding="utf-8"))
    found = {name: Metric(**entry) for name, entry in entries.items()}
    bounds = {m.beside: Metric(format=m.format) for m in found.values() if m.beside}
    return found | {name: bound for name, bound in bounds.items() if name not in found}


def metrics_of(topic: str) -> tuple[str, ...]:
    """Return the metrics of a topic, in the order of their columns."""
    return tuple(name for name, metric in metrics().items() if metric.topic == topic)


# ---- pages and problems --------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Page:
    """A chapter of the report."""

    notebook: str  # that makes it; the notebooks' numbers are the report's order
    overview: tuple[str, ...]  # headline metrics, as many as fit a page's width
    topics: tuple[str, ...]  # of its metrics, a table of the comparison each
    beside: tuple[str, ...] = ()  # problems whose runs it takes up, to set others beside them
    # Turn in which its notebook starts, where a KL study is among them and where not: long ones
    # early, and a page that needs another's run last.
    start_rank: tuple[int, int] = (5, 5)


@dataclass(frozen=True, kw_only=True)
class Problem(Page):
    """A problem of the homework."""

    settings: frozenset[str]  # those that only some problems know, as far as this one does
    default_recipe: str = "dcgan"  # where none is asked for
    study_of: str = ""  # the problem whose runs a study trains and compares; empty for all others
    is_adversarial: bool = False  # whether G and D play against each other
    condition: str = ""  # what G is given beside its noise: "labels", "codes", or nothing
    weight: str = ""  # setting that weighs the loss of that condition
    small: Mapping[str, Any] = field(default_factory=dict)  # of `smoke` and `preview` as well
    preview_share: float = 0.25  # of the steps of `quick` that `preview` makes
    step: str  # one update -> numbers
    monitor: str  # measures the networks at points of the training and at its end
    curves: str  # figure of the learning curves
    # Column of metrics.jsonl that only its learning curves have, or, as the last resort, that all
    # of its kind have.
    curve_column: str
    panels: Mapping[str, str]  # widgets of a finished run, by the name of their tab
    figures: tuple[str, ...]  # names of files, the homework's own where it has one
    also_trains: tuple[Mapping[str, Any], ...] = ()  # settings of further runs of its notebook
    has_page_decoder: bool = False  # whether a page can run its decoder by itself


ADVERSARIAL_SETTINGS = frozenset(
    {
        *("noise", "d_updates", "d_width", "joint_batch", "batch_norm", "keep"),
        *("ema", "label_smoothing", "spectral_norm", "minibatch_std"),
        *("r1", "r1_every", "augment"),
        *("curve_every", "curve_smoothing"),
    }
)
# Settings that only those recipes know whose own settings name them.
RECIPE_SETTINGS = frozenset({"num_layers"})

_VAE = Problem(
    settings=frozenset(
        {
            *("kl_weight", "reconstruction", "sigma", "prior", "adversarial_weight"),
            "num_layers",
        }
    ),
    step="hwlib.training.steps:vae_step",
    monitor="hwlib.training.evaluate_vae:VaeMonitor",
    curves="hwlib.plots:learning_curves",
    curve_column="recon_nats",
    panels={
        "tab_walk": "hwlib.explore.vae:VAEPanel",
        "tab_direction": "hwlib.explore.vae:direction_panel",
    },
    notebook="01_vae.ipynb",
    overview=(
        *("num_parameters", "num_steps", "train_time_s", "test_mse_01", "test_mse_11"),
        *("neg_elbo_nats", "frechet", "kid"),
    ),
    topics=("training", "reconstruction", "variety"),
    figures=("fig1_2", "fig1_3", "fig1_4", "fig1_5"),
    start_rank=(3, 0),
    has_page_decoder=True,
)

# In the order of the panels and of the command line: the study is about VAEs and comes after them.
PROBLEMS: dict[str, Problem] = {
    "vae": _VAE,
    "kl": replace(
        _VAE,
        settings=_VAE.settings - {"kl_weight"} | {"kl_weights", "kl_sweep"},
        default_recipe="elbo",
        study_of="vae",
        small={"kl_sweep": ()},  # the study's own three weights are enough
        panels={"tab_weights": "hwlib.explore.vae:KLPanel"},
        notebook="05_kl.ipynb",
        figures=("kl_elbo", "kl_growth", "kl_samples", "kl_interpolation"),
        start_rank=(0, 0),
        has_page_decoder=False,
    ),
    "gan": Problem(
        settings=ADVERSARIAL_SETTINGS,
        is_adversarial=True,
        step="hwlib.training.steps:gan_step",
        monitor="hwlib.training.evaluate_gan:GanMonitor",
        curves="hwlib.plots:gan_curves",
        curve_column="d_loss",
        panels={"tab_walk": "hwlib.explore.gan:GeneratorPanel"},
        notebook="02_gan.ipynb",
        overview=(
            *("num_steps", "train_time_s", "d_accuracy_real", "d_accuracy_fake"),
            *("frechet", "kid", "precision", "recall", "diversity_samples", "near_copies"),
        ),
        topics=("training", "balance", "variety"),
        figures=("fig2_2", "fig2_3"),
        also_trains=({"problem": "vae"},),  # it is set beside the VAE of the same recipe
        start_rank=(4, 3),
    ),
    "acgan": Problem(
        settings=ADVERSARIAL_SETTINGS | {"class_weight", "class_on_fake"},
        is_adversarial=True,
        condition="labels",
        weight="class_weight",
        step="hwlib.training.steps:acgan_step",
        monitor="hwlib.training.evaluate_gan:AcganMonitor",
        curves="hwlib.plots:acgan_curves",
        curve_column="d_class_loss",
        panels={"tab_walk": "hwlib.explore.gan:AttributePanel"},
        notebook="03_acgan.ipynb",
        overview=(
            *("attribute", "num_steps", "train_time_s", "attribute_accuracy"),
            *("attribute_flip_rate", "d_accuracy_real", "d_accuracy_fake", "frechet", "kid"),
        ),
        topics=("training", "attribute", "balance", "variety"),
        figures=("fig3_2", "fig3_3"),
        start_rank=(1, 1),
    ),
    "infogan": Problem(
        settings=ADVERSARIAL_SETTINGS | {"num_codes", "code_weight", "code_scale"},
        is_adversarial=True,
        condition="codes",
        weight="code_weight",
        preview_share=0.5,  # its images are noise until half of the steps
        step="hwlib.training.steps:infogan_step",
        monitor="hwlib.training.evaluate_gan:InfoganMonitor",
        curves="hwlib.plots:infogan_curves",
        curve_column="q_loss",
        panels={"tab_walk": "hwlib.explore.gan:CodePanel"},
        notebook="04_infogan.ipynb",
        overview=(
            *("num_codes", "num_steps", "train_time_s", "code_accuracy"),
            *("code_information_nats", "code_variance_share", "code_class_accuracy"),
            *("frechet", "kid"),
        ),
        topics=("training", "code", "balance", "variety"),
        figures=("infogan_curves", "infogan_code1", "infogan_pairs"),
        also_trains=({"num_codes": 2},),  # but with `preview`, or where one has other codes
        start_rank=(2, 2),
    ),
}

# The page of the reports' claims: no problem of the homework, and made only where it is asked for
# by name, because it stands on three seeds of everything.
CLAIMS = "claims"
VERDICT_COUNTS = ("num_supported", "num_contradicted", "num_undecided", "num_not_applicable")
_CLAIMS = Page(notebook="06_claims.ipynb", overview=VERDICT_COUNTS, topics=("verdicts",))

# The page on today's recipe, which closes a report of all problems, and that recipe.
TODAY, TODAYS = "today", "modern"
_TODAY = Page(
    notebook="07_today.ipynb",
    overview=("frechet", "kid", "recall", "attribute_flip_rate"),  # the numbers of its table
    topics=(),
    beside=("gan", "acgan"),
)

# In the order of the homework, which is that of the report.
PAGES: dict[str, Page] = dict(
    sorted({**PROBLEMS, CLAIMS: _CLAIMS, TODAY: _TODAY}.items(), key=lambda page: page[1].notebook)
)

# Settings that only some problems know; the others refuse them rather than ignore them.
SPECIAL_SETTINGS = frozenset().union(*(problem.settings for problem in PROBLEMS.values()))
