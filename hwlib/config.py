"""The frozen, validated settings of one run, their JSON form, and the hash that names a run."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hwlib.errors import UserError

PROBLEMS = ("vae", "kl", "gan", "acgan", "infogan")
PROFILES = ("smoke", "quick", "course")

# Settings that change how a run is carried out, never what comes out of it.
NOT_IN_HASH = frozenset({"profile", "data", "checkpoint_every"})


class Config(BaseModel):
    """Settings of one run; recipes give the defaults (`hwlib.make_config`), the user overrides."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    problem: Literal["vae", "kl", "gan", "acgan", "infogan"] = Field(
        description="the homework's problem"
    )
    recipe: str = Field(description="the course report that is followed")
    data: str = Field("faces", description="'faces' (drawn), 'faces:N', or a path")
    profile: Literal["smoke", "quick", "course"] = Field("quick", description="size of the run")
    seed: int = Field(0, ge=0, lt=2**31, description="every random stream follows from it")

    num_steps: int = Field(ge=1, description="optimiser updates in all")
    batch_size: int = Field(ge=2, le=65_536, description="pictures in one update")
    optimizer: Literal["adam", "rmsprop"] = Field("adam", description="update rule")
    learning_rate: float = Field(gt=0, description="step size of the update rule")
    adam_betas: tuple[float, float] = Field((0.9, 0.999), description="Adam's two decay rates")
    width: float = Field(
        1.0, gt=0, le=4, description="factor on every hidden channel count; 1 is the report's"
    )
    z_dim: int = Field(ge=1, description="latent variables")
    image_size: int = Field(64, ge=16, le=256, multiple_of=16, description="side, in pixels")
    crop: Literal["hw4", "square"] = Field(
        "hw4", description="part of an aligned CelebA image: the homework's, or the centre square"
    )
    attribute: str | None = Field(
        None, description="attribute that the figures colour or the ACGAN learns"
    )
    kl_weight: float = Field(1.0, ge=0, description="factor on the recipe's own KL term")
    reconstruction: Literal["mse", "l1", "bce"] = Field(
        "mse", description="reconstruction term, with the recipe's own reduction"
    )
    flip: bool = Field(False, description="mirror half of the training pictures")
    checkpoint_every: int = Field(200, ge=1, description="steps between two checkpoints")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto: bfloat16 where the hardware multiplies it fast"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="auto: CUDA, then MPS, then CPU"
    )
    num_evals: int = Field(12, ge=1, description="points of the test curve over the run")

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
                known = ", ".join(sorted(cls.model_fields))
                raise UserError(f"unknown setting '{name}'; known settings: {known}") from None
            message = first["msg"][0].lower() + first["msg"][1:]
            raise UserError(f"setting {name} = {first['input']!r}: {message}") from None

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values; `Config.create(**config.to_json())` reverses it."""
        return self.model_dump(mode="json")

    def hash8(self, **facts: Any) -> str:
        """Return eight hex digits over everything that can change the result.

        Args:
            facts: what the settings do not say by themselves: the data's fingerprint, the resolved
                device and precision, the fingerprint of the code.
        """
        settings = self.model_dump(mode="json", exclude=set(NOT_IN_HASH)) | facts
        text = json.dumps(settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]
