"""The frozen, validated settings of one run, their JSON form, and the hash that names a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from hwlib.errors import UserError, nearest_name
from hwlib.registry import PROBLEMS, RECIPE_SETTINGS, SPECIAL_SETTINGS

Weight = Annotated[float, Field(ge=0)]
Decay = Annotated[float, Field(ge=0, lt=1)]

# Settings that change how a run is carried out or shown, never what comes out of it.
NOT_IN_HASH = frozenset({"profile", "data", "checkpoint_every", "curve_smoothing"})

# Passed as arguments and options of their own, not as settings.
ARGUMENTS = ("problem", "recipe", "data", "profile", "seed")


ALIASES = {"look": "preview"}  # profiles by the names of earlier versions

# What pydantic calls a broken rule, and what `errors.rules` calls it.
RULES = {
    "greater_than_equal": "at_least",
    "greater_than": "above",
    "less_than_equal": "at_most",
    "less_than": "below",
    "multiple_of": "multiple",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "whole"),
    **dict.fromkeys(("float_type", "float_parsing"), "number"),
    "finite_number": "finite",
    **dict.fromkeys(("bool_type", "bool_parsing"), "flag"),
    "string_type": "text",
    "tuple_type": "several",
    "literal_error": "choice",
    "sigma": "sigma",
}
LIMITS = ("ge", "gt", "le", "lt", "multiple_of", "expected", "kind")  # in the order of their use


def profile_of(name: Any) -> Any:
    """Return a profile's name of today."""
    return ALIASES.get(name, name) if isinstance(name, str) else name


class Config(BaseModel):
    """Settings of one run; recipes give the defaults (`hwlib.make_config`), the user overrides."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    problem: Literal[tuple(PROBLEMS)] = Field(description="the homework's problem")
    recipe: str = Field(description="the course report that is followed")
    data: str = Field("faces", description="'faces' (drawn), 'faces:N', or a path")
    profile: Literal["smoke", "preview", "quick", "course"] = Field(
        "quick", description="size of the run"
    )
    seed: int = Field(0, ge=0, lt=2**31, description="every random stream follows from it")

    num_steps: int = Field(ge=1, description="optimiser updates in all")
    batch_size: int = Field(ge=2, le=65_536, description="pictures in one update")
    optimizer: Literal["adam", "rmsprop"] = Field("adam", description="update rule")
    learning_rate: float = Field(gt=0, description="step size of the update rule")
    adam_betas: tuple[Decay, Decay] = Field((0.9, 0.999), description="Adam's two decay rates")
    width: float = Field(
        1.0, gt=0, le=4, description="factor on every hidden channel count; 1 is the report's"
    )
    z_dim: int = Field(ge=1, le=8_192, description="latent variables")
    image_size: int = Field(64, ge=16, le=256, multiple_of=16, description="side, in pixels")
    crop: Literal["hw4", "square"] = Field(
        "hw4", description="part of an aligned CelebA image: the homework's, or the centre square"
    )
    attribute: str | None = Field(
        None,
        description="attribute that the figures colour or the ACGAN learns; the ACGAN takes"
        " several, joined by commas",
    )
    kl_weight: float = Field(1.0, ge=0, description="factor on the recipe's own KL term")
    kl_weights: tuple[Weight, ...] = Field(
        (1.0, 100.0, 0.0), min_length=1, description="the KL study's weights, each told in full"
    )
    kl_sweep: tuple[Weight, ...] = Field(
        (), description="further weights of the KL study's curves over the weight"
    )
    reconstruction: Literal["mse", "l1", "bce"] = Field(
        "mse", description="reconstruction term, with the recipe's own reduction"
    )
    sigma: Literal["fixed", "learned"] = Field(
        "fixed",
        description="the decoder's standard deviation: what the recipe's weights imply, or one"
        " number that is learnt",
    )
    num_layers: int | None = Field(
        None,
        ge=1,
        le=4,
        description="layers of the VAE's encoder, and of its decoder, with a stride of 2; recipe"
        " plain alone, whose report has three",
    )
    flip: bool = Field(False, description="mirror half of the training pictures")
    noise: Literal["normal", "uniform"] = Field(
        "normal", description="z from N(0, 1), or uniform in [-1, 1]"
    )
    d_updates: int = Field(1, ge=1, le=20, description="D's updates before each of G's")
    d_width: float = Field(
        1.0, gt=0, le=4, description="factor on D's channels alone, on top of `width`"
    )
    batch_norm: Literal["recipe", "on", "off"] = Field(
        "recipe",
        description="batch norm between the layers of G and D: as the report has it, or always, or"
        " never",
    )
    joint_batch: bool = Field(
        False, description="show D real and made pictures in one batch, with one batch norm"
    )
    class_weight: float = Field(1.0, ge=0, description="factor on the ACGAN's attribute loss")
    class_on_fake: bool = Field(
        False, description="the ACGAN's D learns the attributes from G's pictures as well"
    )
    num_codes: int = Field(1, ge=1, le=3, description="the InfoGAN's 10-way codes")
    code_weight: float = Field(1.0, ge=0, description="factor on the InfoGAN's code loss")
    code_scale: float = Field(
        3.0, gt=0, description="factor on the one-hot codes as the InfoGAN's G takes them"
    )
    ema: float = Field(
        0.0, ge=0, lt=1, description="decay of a moving average of G's weights; 0 is none"
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=0.5, description="D's target for real pictures is 1 minus this"
    )
    spectral_norm: bool = Field(False, description="hold D's layers at spectral norm 1")
    r1: float = Field(0.0, ge=0, description="gamma of D's gradient penalty; 0 is none")
    r1_every: int = Field(
        1, ge=1, description="steps between two gradient penalties, each that much heavier"
    )
    augment: bool = Field(
        False, description="show D real and fake pictures through random, differentiable changes"
    )
    keep: Literal["best", "last"] = Field(
        "best", description="networks that the run gives: of the best snapshot, or the last"
    )
    curve_every: int = Field(
        0, ge=0, description="steps behind a point of the adversarial curves; 0: about 100 points"
    )
    curve_smoothing: int = Field(
        0, ge=0, description="points before it that the figures average into each point"
    )
    features: Literal["oracle", "inception"] = Field(
        "oracle", description="network whose features the distances are taken in"
    )
    oracle_steps: int = Field(
        1_000, ge=1, description="training steps of the attribute oracle, once per data set"
    )
    checkpoint_every: int = Field(200, ge=1, description="steps between two checkpoints")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto: bfloat16 where the hardware multiplies it fast"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="auto: CUDA, then MPS, then CPU"
    )
    num_evals: int = Field(
        12, ge=1, description="points of the test curve, or scored snapshots, over the run"
    )

    @field_validator("profile", mode="before")
    @classmethod
    def _rename(cls, value: Any) -> Any:
        return profile_of(value)

    @field_validator("attribute", mode="before")
    @classmethod
    def _join_names(cls, value: Any) -> Any:
        """Take a list of names as well as one string; an empty one is none."""
        if isinstance(value, list | tuple):
            value = ",".join(map(str, value))
        if isinstance(value, str):
            names = [name.strip() for name in value.split(",") if name.strip()]
            return ",".join(dict.fromkeys(names)) or None
        return value

    @field_validator("kl_weights", "kl_sweep", mode="before")
    @classmethod
    def _split_numbers(cls, value: Any) -> Any:
        """Take one number as well as several, and commas in a string; an empty one is none."""
        if isinstance(value, str):
            value = [part for part in value.split(",") if part.strip()]
        return (value,) if isinstance(value, int | float) else value

    @field_validator("kl_weights", "kl_sweep")
    @classmethod
    def _name_once(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        """Keep each weight once, in the order given."""
        return tuple(dict.fromkeys(value))

    @field_validator("sigma")
    @classmethod
    def _has_squared_error(cls, value: str, info: ValidationInfo) -> str:
        """Refuse a learnt sigma with an error that is not a Gaussian's."""
        kind = info.data.get("reconstruction", "mse")
        if value == "learned" and kind != "mse":
            raise PydanticCustomError(
                "sigma",
                "Only the squared error has a sigma to learn, and reconstruction is {kind}; set"
                " reconstruction=mse or sigma=fixed",
                {"kind": kind},
            )
        return value

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names in `attribute`, in their order."""
        return tuple(self.attribute.split(",")) if self.attribute else ()

    @classmethod
    def create(cls, **settings: Any) -> Config:
        """Validate `settings`; a mistake is one line that names the setting.

        Raises:
            UserError: an unknown setting, or a value out of its range.
        """
        try:
            return cls(**settings)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]) if first["loc"] else "settings"
            if first["type"] == "extra_forbidden":
                raise _unknown_setting(name, settings) from None
            raise UserError(
                "setting_value",
                name=name,
                value=repr(first["input"]),
                rule=RULES.get(first["type"], "other"),
                limit=_limit(first),
                message=first["msg"][0].lower() + first["msg"][1:],
            ) from None

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values; `Config.create(**config.to_json())` reverses it."""
        return self.model_dump(mode="json")

    def hash8(self, **facts: Any) -> str:
        """Return eight hex digits over everything that can change the result of this problem.

        Args:
            facts: what the settings do not say by themselves: the data's fingerprint, the resolved
                device and precision, the fingerprint of the code.
        """
        unknown = SPECIAL_SETTINGS - PROBLEMS[self.problem].settings
        settings = self.model_dump(mode="json", exclude=set(NOT_IN_HASH | unknown)) | facts
        text = json.dumps(settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]


def _limit(error: Mapping[str, Any]) -> str:
    """Return what pydantic's error names: the limit, or the values that are allowed."""
    context = error.get("ctx", {})
    return next((str(context[name]) for name in LIMITS if name in context), "")


def _unknown_setting(name: str, given: Mapping[str, Any]) -> UserError:
    """Say that a setting is unknown, which name comes near, and which ones the problem knows."""
    problem = given.get("problem")
    own = PROBLEMS[problem].settings if problem in PROBLEMS else SPECIAL_SETTINGS
    unknown = SPECIAL_SETTINGS - own | (RECIPE_SETTINGS - given.keys())
    known = sorted(set(Config.model_fields) - unknown - set(ARGUMENTS))
    near = nearest_name(name, known)
    return UserError("unknown_setting", name=name, near=near, problem=problem, known=known)
