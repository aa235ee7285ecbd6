"""One training step per problem: the step is the lesson; the loop around it is in loop.py."""

import torch
from torch import Tensor

from hwlib.conditioning import draw_codes, draw_labels, one_hot
from hwlib.config import Config
from hwlib.losses import (
    adversarial_loss,
    attribute_loss,
    code_loss,
    gradient_penalty,
    kl_standard_normal,
    recon_nats,
)
from hwlib.models.vae import VAE
from hwlib.recipes import get_pair
from hwlib.runtime import autocast, generator
from hwlib.training.batches import draw_z, to_range
from hwlib.training.updates import (
    State,
    average_generator,
    discriminator_accuracy,
    discriminator_loss,
    forward_fake,
    forward_real_fake,
    frozen,
    maybe_augment,
    penalty_weight,
    update,
)

CRITIC_FROM = 0.6  # share of a VAE's training after which its critic joins it
CRITIC_PENALTY = 8  # R1's weight 1 in every eighth step

# --- VAE ------------------------------------------------------------------------------------------


def vae_step(state: State, images: Tensor, config: Config, *, precision: str) -> dict[str, Tensor]:
    """Train the VAE on one batch (Kingma & Welling 2014, algorithm 1).

    Images are (B, C, H, W) uint8; the seed of `config` and the step name the noise; `precision` is
    'bfloat16' or 'float32' for the forward pass, the loss is always float32.

    Returns:
        0-dim tensors: `loss`, `recon` and `kl` as the recipe defines them, and `recon_nats`,
        `kl_nats` and their sum `neg_elbo_nats` by the definition that all recipes share; and
        `sigma_01` where it is learnt.
    """
    vae = state.models["vae"]
    objective = get_pair(config.recipe, config.problem).objective
    x = to_range(images, vae.pixel_range)
    eps = draw_z(config, "eps", state.step, num=len(x), z_dim=vae.z_dim, device=x.device)

    with autocast(precision, x.device):
        x_hat, mu, logvar = vae(x, eps)
    x_hat, mu, logvar = x_hat.float(), mu.float(), logvar.float()

    options = {"kl_weight": config.kl_weight, "reconstruction": config.reconstruction}
    loss, recon, kl = objective(x, x_hat, mu, logvar, **options, log_sigma=vae.log_sigma)
    if "D" in state.models and state.step >= CRITIC_FROM * config.num_steps:
        judged = critic_step(state, x, x_hat, precision=precision)
        loss = loss + config.adversarial_weight * judged
    update(loss, state.optimizers["vae"])

    with torch.no_grad():
        error, divergence = recon_nats(x, x_hat, vae.pixel_range), kl_standard_normal(mu, logvar)
        return {
            "loss": loss.detach(),
            "recon": recon.detach(),
            "kl": kl.detach(),
            "recon_nats": error.mean(),
            "kl_nats": divergence.mean(),
            "neg_elbo_nats": (error + divergence).mean(),
        } | ({} if vae.log_sigma is None else {"sigma_01": sigma_01(vae)})


def critic_step(state: State, x: Tensor, x_hat: Tensor, *, precision: str) -> Tensor:
    """Train D to tell images from reconstructions, (B, C, H, W) each (Larsen et al. 2016).

    Pixel errors are least where a VAE blurs what it does not know, which D sees at once. It joins
    late (Esser et al. 2021): at first there is nothing to see but blur.

    Returns:
        the VAE's loss of being taken for real, 0-dim.
    """
    D, optimizer = state.models["D"], state.optimizers["D"]
    gamma = CRITIC_PENALTY if state.step % CRITIC_PENALTY == 0 else 0
    x = x.detach().requires_grad_(gamma > 0)
    with autocast(precision, x.device):
        real_logits, fake_logits = D(x).float(), D(x_hat.detach()).float()
    d_loss = adversarial_loss(real_logits, 1) + adversarial_loss(fake_logits, 0)
    penalty = gamma * gradient_penalty(real_logits, x) if gamma else 0
    update(d_loss + penalty, optimizer)
    with frozen(D), autocast(precision, x.device):
        logits = D(x_hat).float()
    return adversarial_loss(logits, 1)


def sigma_01(vae: VAE) -> Tensor:
    """Return the decoder's learnt standard deviation with pixels in [0, 1], 0-dim."""
    low, high = vae.pixel_range
    return vae.log_sigma.detach().exp() / (high - low)


# --- GAN ------------------------------------------------------------------------------------------


def gan_step(state: State, images: Tensor, config: Config, *, precision: str) -> dict[str, Tensor]:
    """Train D, then G (Goodfellow et al. 2014, algorithm 1, with G's non-saturating loss).

    Images are (d_updates x B, C, H, W) uint8, a batch for each of D's updates; the rest as in
    `vae_step`.

    Returns:
        0-dim tensors: `d_loss` (real + fake), `g_loss`, and D's accuracy on real and on fake
        images, `d_accuracy_real` and `d_accuracy_fake`.
    """
    G, D = state.models["G"], state.models["D"]

    # --- D learns to tell real from fake; G stands still ----------------------------------------
    gamma = penalty_weight(config, state.step)
    for turn, part in enumerate(images.chunk(config.d_updates)):
        now = (state.step, turn)
        x = to_range(part, G.pixel_range).requires_grad_(gamma > 0)
        z = draw_z(config, "z", *now, num=len(x), z_dim=G.z_dim, device=x.device)
        with autocast(precision, x.device):
            x_fake = G(z)
            real = maybe_augment(x, config, "real", *now)
            fake = maybe_augment(x_fake.detach(), config, "fake", *now)
            real_logits, fake_logits = forward_real_fake(D, real, fake, config)
        real_logits, fake_logits = real_logits.float(), fake_logits.float()
        d_loss = discriminator_loss(real_logits, fake_logits, config)
        penalty = gamma * gradient_penalty(real_logits, x) if gamma else 0
        update(d_loss + penalty, state.optimizers["D"])

    # --- G learns to be taken for real by the D that has just learnt; D stands still ------------
    with frozen(D):
        with autocast(precision, x.device):
            fake = maybe_augment(x_fake, config, "judged", state.step)
            g_logits = forward_fake(D, real, fake, config)
        g_loss = adversarial_loss(g_logits.float(), 1)
        update(g_loss, state.optimizers["G"])
    average_generator(state, config)

    return {
        "d_loss": d_loss.detach(),
        "g_loss": g_loss.detach(),
        **discriminator_accuracy(real_logits, fake_logits),
    }


def acgan_step(
    state: State, images: Tensor, config: Config, *, precision: str, labels: Tensor
) -> dict[str, Tensor]:
    """Train D, then G; D also names the attributes, and G is asked for them (Odena et al. 2017).

    Arguments as in `gan_step`; `labels` (d_updates x B, A) of 0 and 1 are the images' attributes.

    Returns:
        0-dim tensors: those of `gan_step`; `d_class_loss` and `g_class_loss`, the attribute terms;
        `class_accuracy_real` and `class_accuracy_fake`, D's accuracy on the attributes.
    """
    G, D = state.models["G"], state.models["D"]

    # --- D learns to tell real from fake, and to name the attributes ----------------------------
    gamma = penalty_weight(config, state.step)
    turns = zip(images.chunk(config.d_updates), labels.chunk(config.d_updates), strict=True)
    for turn, (part, y) in enumerate(turns):
        now = (state.step, turn)
        x = to_range(part, G.pixel_range).requires_grad_(gamma > 0)
        z = draw_z(config, "z", *now, num=len(x), z_dim=G.z_dim, device=x.device)
        y_fake = draw_labels(*y.shape, generator(config.seed, "label", *now)).to(x.device)
        with autocast(precision, x.device):
            x_fake = G(z, y_fake)
            real = maybe_augment(x, config, "real", *now)
            fake = maybe_augment(x_fake.detach(), config, "fake", *now)
            of_real, of_fake = forward_real_fake(D, real, fake, config)
        real_logits, real_class = (output.float() for output in of_real)
        fake_logits, fake_class = (output.float() for output in of_fake)
        d_loss = discriminator_loss(real_logits, fake_logits, config)
        d_class_loss = attribute_loss(real_class, y)
        if config.class_on_fake:
            d_class_loss = d_class_loss + attribute_loss(fake_class, y_fake)
        penalty = gamma * gradient_penalty(real_logits, x) if gamma else 0
        update(d_loss + config.class_weight * d_class_loss + penalty, state.optimizers["D"])

    # --- G learns to be taken for real, and for what it was asked for ---------------------------
    with frozen(D):
        with autocast(precision, x.device):
            fake = maybe_augment(x_fake, config, "judged", state.step)
            g_logits, g_class = forward_fake(D, real, fake, config)
        g_loss = adversarial_loss(g_logits.float(), 1)
        g_class_loss = attribute_loss(g_class.float(), y_fake)
        update(g_loss + config.class_weight * g_class_loss, state.optimizers["G"])
    average_generator(state, config)

    with torch.no_grad():
        return {
            "d_loss": d_loss.detach(),
            "g_loss": g_loss.detach(),
            **discriminator_accuracy(real_logits, fake_logits),
            "d_class_loss": d_class_loss.detach(),
            "g_class_loss": g_class_loss.detach(),
            "class_accuracy_real": ((real_class > 0) == (y > 0.5)).float().mean(),
            "class_accuracy_fake": ((fake_class > 0) == (y_fake > 0.5)).float().mean(),
        }


def infogan_step(
    state: State, images: Tensor, config: Config, *, precision: str
) -> dict[str, Tensor]:
    """Train D and Q, then G; Q reads G's codes off its images (Chen et al. 2016, equation 6).

    D and Q share D's trunk, which learns from both losses. Arguments as in `gan_step`.

    Returns:
        0-dim tensors: those of `gan_step`; `q_loss`, Q's cross-entropy in nats per code, and
        `code_accuracy`, Q's accuracy on the codes.
    """
    G, D, Q = (state.models[name] for name in "GDQ")

    # --- D learns to tell real from fake, Q to read the codes -----------------------------------
    gamma = penalty_weight(config, state.step)
    for turn, part in enumerate(images.chunk(config.d_updates)):
        now = (state.step, turn)
        x = to_range(part, G.pixel_range).requires_grad_(gamma > 0)
        z = draw_z(config, "z", *now, num=len(x), z_dim=G.z_dim, device=x.device)
        c = draw_codes(len(x), Q.num_codes, generator(config.seed, "code", *now)).to(x.device)
        with autocast(precision, x.device):
            x_fake = G(z, one_hot(c))
            real = maybe_augment(x, config, "real", *now)
            fake = maybe_augment(x_fake.detach(), config, "fake", *now)
            of_real, of_fake = forward_real_fake(D.trunk, real, fake, config)
            real_logits = D.head(of_real).squeeze(1).float()
            fake_logits, code_logits = D.head(of_fake).squeeze(1).float(), Q(of_fake).float()
        d_loss = discriminator_loss(real_logits, fake_logits, config)
        q_loss = code_loss(code_logits, c)
        penalty = gamma * gradient_penalty(real_logits, x) if gamma else 0
        loss = d_loss + config.code_weight * q_loss + penalty
        update(loss, state.optimizers["D"], state.optimizers["Q"])

    # --- G learns to be taken for real, and to let its code be read -----------------------------
    with frozen(D, Q):
        with autocast(precision, x.device):
            fake = maybe_augment(x_fake, config, "judged", state.step)
            of_fake = forward_fake(D.trunk, real, fake, config)
            g_logits, g_code_logits = D.head(of_fake).squeeze(1).float(), Q(of_fake).float()
        g_loss = adversarial_loss(g_logits, 1)
        update(g_loss + config.code_weight * code_loss(g_code_logits, c), state.optimizers["G"])
    average_generator(state, config)

    with torch.no_grad():
        return {
            "d_loss": d_loss.detach(),
            "g_loss": g_loss.detach(),
            **discriminator_accuracy(real_logits, fake_logits),
            "q_loss": q_loss.detach(),
            "code_accuracy": (code_logits.argmax(2) == c).float().mean(),
        }
