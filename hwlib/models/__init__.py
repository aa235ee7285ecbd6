"""What the recipes' networks share."""

from hwlib.models.layers import Upsample, init_dcgan, scaled, squash
from hwlib.models.vae import VAE

__all__ = ["VAE", "Upsample", "init_dcgan", "scaled", "squash"]
