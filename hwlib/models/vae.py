"""The variational autoencoder that all recipes share; only its layers differ."""

import math

import torch
from torch import Tensor, nn

PixelRange = tuple[float, float]

INITIAL_SIGMA_01 = 0.25  # before training, in [0, 1]: about how images differ from their mean


class VAE(nn.Module):
    """Encoder, two dense heads, decoder (Kingma & Welling 2014).

    The encoder maps (B, C, H, W) to (B, num_features), the decoder (B, Z) to (B, C, H, W), both in
    `pixel_range`: (0, 1) after a sigmoid, (-1, 1) after a tanh.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        *,
        num_features: int,
        z_dim: int,
        pixel_range: PixelRange,
    ):
        super().__init__()
        self.z_dim = z_dim
        self.pixel_range = pixel_range
        self.encoder = encoder
        self.mu = nn.Linear(num_features, z_dim)
        self.logvar = nn.Linear(num_features, z_dim)
        self.decoder = decoder
        self.register_parameter("log_sigma", None)  # the weights of the loss imply sigma
        self.register_buffer("prior_mean", None)  # the prior is N(0, I)
        self.register_buffer("prior_factor", None)

    def learn_sigma(self) -> None:
        """Give the decoder one standard deviation of its own, which is learnt.

        `log_sigma` is its logarithm, 0-dim, in units of `pixel_range` (Rybkin et al. 2021).
        """
        low, high = self.pixel_range
        self.log_sigma = nn.Parameter(torch.tensor(math.log(INITIAL_SIGMA_01 * (high - low))))

    def make_prior(self) -> None:
        """Give it a normal prior of its own, which `fit_prior` sets after the training."""
        self.prior_mean = torch.zeros(self.z_dim)
        self.prior_factor = torch.eye(self.z_dim)

    def fit_prior(self, mu: Tensor, logvar: Tensor) -> None:
        """Fit the prior to the posteriors of the training images, (N, Z) each (Ghosh et al. 2020).

        It has the mean and the covariance of their mixture, the aggregated posterior.
        """
        mu, variance = mu.double(), logvar.double().exp()
        covariance = torch.cov(mu.T, correction=0) + variance.mean(0).diag()
        self.prior_mean.copy_(mu.mean(0))
        self.prior_factor.copy_(torch.linalg.cholesky(covariance))

    def from_prior(self, eps: Tensor) -> Tensor:
        """Map standard normal noise (B, Z) to latents of the prior."""
        if self.prior_mean is None:
            return eps
        return self.prior_mean + eps.to(self.prior_mean.device) @ self.prior_factor.T

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map images (B, C, H, W) to `mu` and `logvar`, (B, Z) each."""
        features = self.encoder(x)
        return self.mu(features), self.logvar(features)

    def decode(self, z: Tensor) -> Tensor:
        """Map latents (B, Z) to images (B, C, H, W) in `pixel_range`."""
        return self.decoder(z)

    def forward(self, x: Tensor, eps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruct `x` through z = mu + exp(logvar / 2) * eps, the reparameterisation.

        Images (B, C, H, W) in `pixel_range` and standard normal `eps` (B, Z), zeros for the
        reconstruction from the mean, give `x_hat` as `x`, and `mu` and `logvar` (B, Z).
        """
        mu, logvar = self.encode(x)
        z = mu + (0.5 * logvar).exp() * eps
        return self.decode(z), mu, logvar
