"""The frozen, validated settings of one run, their JSON form, and the hash that names a run."""

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from hwlib.errors import DEFAULT_LANGUAGE, UserError, nearest_name
from hwlib.registry import PROBLEMS, RECIPE_SETTINGS, SPECIAL_SETTINGS

Weight = Annotated[float, Field(ge=0)]
Decay = Annotated[float, Field(ge=0, lt=1)]

# Settings that change how a run is carried out or shown, never what comes out of it.
NOT_IN_HASH = frozenset({"profile", "data", "checkpoint_every", "curve_smoothing"})

# Passed as arguments and options of their own, not as settings.
ARGUMENTS = ("problem", "recipe", "data", "profile", "seed")


def profile_of(name: Any) -> Any:
    """Return a profile's name of today: `preview` was `look` in earlier versions."""
    return "preview" if name == "look" else name


class Config(BaseModel):
    """Settings of one run; recipes give the defaults (`hwlib.make_config`), the user overrides.

    What each of them means stands in `report/text/<language>/settings.toml`, for docs/settings.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    problem: Literal[tuple(PROBLEMS)]
    recipe: str
    data: str = "faces"
    profile: Literal["smoke", "preview", "quick", "course"] = "quick"
    seed: int = Field(0, ge=0, lt=2**31)

    # --- networks, images and schedule
    num_steps: int = Field(ge=1, le=10_000_000)
    batch_size: int = Field(ge=2, le=65_536)
    optimizer: Literal["adam", "rmsprop"] = "adam"
    learning_rate: float = Field(gt=0)
    lr_decay: float = Field(0.0, ge=0, le=1)
    adam_betas: tuple[Decay, Decay] = (0.9, 0.999)
    width: float = Field(1.0, gt=0, le=4)
    z_dim: int = Field(ge=1, le=8_192)
    image_size: int = Field(64, ge=16, le=256, multiple_of=16)
    crop: Literal["hw4", "square"] = "hw4"
    attribute: str | None = None

    # --- VAE and KL study
    kl_weight: Weight = 1.0
    kl_weights: tuple[Weight, ...] = Field((1.0, 100.0, 0.0), min_length=1)
    kl_sweep: tuple[Weight, ...] = ()
    reconstruction: Literal["mse", "l1", "bce"] = "mse"
    sigma: Literal["fixed", "learned"] = "fixed"
    prior: Literal["standard", "fitted"] = "standard"
    adversarial_weight: Weight = 0.0
    num_layers: int | None = Field(None, ge=1, le=4)

    # --- adversarial problems
    flip: bool = False
    noise: Literal["normal", "uniform"] = "normal"
    d_updates: int = Field(1, ge=1, le=20)
    d_width: float = Field(1.0, gt=0, le=4)
    batch_norm: Literal["recipe", "on", "off"] = "recipe"
    joint_batch: bool = False
    class_weight: Weight = 1.0
    class_on_fake: bool = False
    num_codes: int = Field(1, ge=1, le=3)
    code_weight: Weight = 1.0
    code_scale: float = Field(3.0, gt=0)
    ema: Decay = 0.0
    label_smoothing: float = Field(0.0, ge=0, lt=0.5)
    spectral_norm: bool = False
    minibatch_std: bool = False
    r1: Weight = 0.0
    r1_every: int = Field(1, ge=1)
    augment: bool = False
    keep: Literal["best", "last"] = "best"
    curve_every: int = Field(0, ge=0)
    curve_smoothing: int = Field(0, ge=0)

    # --- measuring and carrying out
    features: Literal["oracle", "inception"] = "oracle"
    oracle_steps: int = Field(1_000, ge=1)
    checkpoint_every: int = Field(200, ge=1)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    num_evals: int = Field(12, ge=1)

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

    @field_validator("kl_weights", "kl_sweep", mode="wrap")
    @classmethod
    def _take_numbers(cls, value: Any, validate: Callable[[Any], Any]) -> tuple[float, ...]:
        """Take one number as well as several, and commas in a string; each counts once."""
        if isinstance(value, str):
            value = [part for part in value.split(",") if part.strip()]
        several = (value,) if isinstance(value, int | float) else value
        return tuple(dict.fromkeys(validate(several)))

    @field_validator("sigma")
    @classmethod
    def _has_squared_error(cls, value: str, info: ValidationInfo) -> str:
        """Refuse a learnt sigma with an error that is not a Gaussian's."""
        kind = info.data.get("reconstruction", "mse")
        if value == "learned" and kind != "mse":
            raise PydanticCustomError("sigma", "sigma", {"kind": kind})
        return value

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names in `attribute`, in their order."""
        return tuple(self.attribute.split(",")) if self.attribute else ()

    @classmethod
    def create(cls, **settings: Any) -> "Config":
        """Validate `settings`; a mistake is a UserError that names the setting."""
        try:
            return cls(**settings)
        except ValidationError as error:
            from hwlib.text import has_word

            first = error.errors()[0]
            name = str(first["loc"][0])
            if first["type"] == "extra_forbidden":
                problem = settings.get("problem")
                own = PROBLEMS[problem].settings if problem in PROBLEMS else SPECIAL_SETTINGS
                unknown = SPECIAL_SETTINGS - own | (RECIPE_SETTINGS - settings.keys())
                known = sorted(set(Config.model_fields) - unknown - set(ARGUMENTS))
                facts = {"near": nearest_name(name, known), "problem": problem, "known": known}
                raise UserError("unknown_setting", name=name, **facts) from None
            is_known = has_word(f"errors.rules.{first['type']}", DEFAULT_LANGUAGE)
            raise UserError(
                "setting_value",
                name=name,
                value=repr(first["input"]),
                rule=first["type"] if is_known else "other",
                limit=str(next(iter(first.get("ctx", {}).values()), "")),
                message=first["msg"][0].lower() + first["msg"][1:],
            ) from None

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values; `Config.create(**config.to_json())` reverses it."""
        return self.model_dump(mode="json")

    def hash8(self, **facts: Any) -> str:
        """Return eight hex digits over everything that can change the result of this problem.

        `facts` are what settings do not say: fingerprints of data and code, device and precision.
        """
        unknown = SPECIAL_SETTINGS - PROBLEMS[self.problem].settings
        settings = self.model_dump(mode="json", exclude=set(NOT_IN_HASH | unknown)) | facts
        text = json.dumps(settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]
