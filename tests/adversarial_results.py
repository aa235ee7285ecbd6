"""Made-up results and curves of adversarial runs: what tests of figures, tables, words share."""

import math
from typing import Any

import numpy as np
import pandas as pd

from hwlib.faces.factors import ATTRIBUTES, FACTORS

NUM_POINTS = 100
TIME = np.linspace(0, 1, NUM_POINTS)
STEPS = np.arange(1, NUM_POINTS + 1) * 20

PROTOCOL = {
    "data": "0123456789abcdef",
    "crop": "hw4",
    "image_size": 64,
    "channels": 3,
    "num_samples": 1_000,
    "num_real": 1_000,
    "features": "oracle:fedcba9876543210",
    "estimator": "unbiased",
}
DISTANCES = {
    "frechet": (12.0, 2.0),
    "kid": (0.031, -0.0004),
    "precision": (0.71, 0.92),
    "recall": (0.55, 0.90),
    "density": (0.83, 1.02),
    "coverage": (0.62, 0.95),
}


def gan_results(**changes: Any) -> dict[str, Any]:
    """Return the results of a GAN that trained well, with `changes`."""
    results: dict[str, Any] = {
        "num_images": 128_000,
        "num_steps": 2_000,
        "num_epochs": 16.0,
        "num_test_images": 1_000,
        "train_time_s": 215.4,
        "images_per_s": 594.2,
        "num_parameters": 1_600_000,
        "d_accuracy_real": 0.71,
        "d_accuracy_fake": 0.66,
        "best_step": 1_800,
        "best_kid": 0.021,
        "last_kid": 0.0215,
        "kept_step": 1_800,
        "snapshot_share": 0.034,
        "collapse": [],
        "final_diversity": 0.93,
        "protocol": PROTOCOL,
        "oracle": {
            "kind": "attributes",
            "accuracy": 0.958,
            "floor": 0.713,
            "by_attribute": {
                name: {"accuracy": 0.9 + 0.007 * i, "floor": 0.6 + 0.02 * i}
                for i, name in enumerate(ATTRIBUTES)
            },
            "fingerprint": "fedcba9876543210",
        },
        "sharpness_samples": 1_900.0,
        "sharpness_real": 2_100.0,
        "colourfulness_samples": 41.0,
        "colourfulness_real": 44.0,
        "diversity_samples": 13.1,
        "diversity_real": 14.0,
        "near_copies": 0.012,
        "nearest_ratio": 1.08,
        "closest_pair_ratio": 0.87,
    }
    for name, (samples, real) in DISTANCES.items():
        results |= {name: samples, f"{name}_real": real, f"{name}_protocol": PROTOCOL}
    return results | changes


def vae_results(**changes: Any) -> dict[str, Any]:
    """Return the results of a VAE on the same data, with `changes`."""
    results = gan_results(
        sharpness_samples=400.0,
        colourfulness_samples=33.0,
        diversity_samples=9.5,
        frechet=31.0,
        precision=0.52,
        recall=0.21,
    )
    for name in ("d_accuracy_real", "d_accuracy_fake", "best_step", "last_kid", "collapse"):
        del results[name]
    return results | changes


def _leakage(names: tuple[str, ...], own: float, other: float) -> dict[str, dict[str, float]]:
    """Return by how much each label moves each attribute: its own one, and the others, rising."""
    rising = {name: other * (place - 5) for place, name in enumerate(ATTRIBUTES)}
    return {name: rising | {name: own} for name in names}


def acgan_results(*attributes: str, **changes: Any) -> dict[str, Any]:
    """Return the results of an ACGAN that obeys its labels, with `changes`."""
    attributes = attributes or ("Smiling",)
    accuracy = {name: 0.97 - 0.05 * i for i, name in enumerate(attributes)}
    flips = {name: 0.93 - 0.09 * i for i, name in enumerate(attributes)}
    own = gan_results(
        attribute=",".join(attributes),
        attributes=list(attributes),
        attribute_accuracy=float(np.mean(list(accuracy.values()))),
        attribute_flip_rate=float(np.mean(list(flips.values()))),
        attribute_accuracy_by=accuracy,
        attribute_flip_rate_by=flips,
        leakage=_leakage(attributes, own=0.94, other=0.02),
        leakage_real=_leakage(attributes, own=1.0, other=0.03),
        num_attribute_samples=1_000,
        class_accuracy_test=0.94,
    )
    return own | changes


def _decaying(names: tuple[str, ...], first: int, top: float, rate: float) -> dict[str, float]:
    """Return nats that fall from name to name, beginning `first` places into their round."""
    places = [(i + first) % len(names) for i in range(len(names))]
    return {name: top * math.exp(-rate * at) for name, at in zip(names, places, strict=True)}


def infogan_results(num_codes: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the results of an InfoGAN that uses its codes, with `changes`."""
    codes = range(num_codes)
    meaning = np.abs(np.sin(np.add.outer(np.add.outer(codes, range(10)), range(len(ATTRIBUTES)))))
    own = gan_results(
        num_codes=num_codes,
        code_accuracy=0.982,
        code_accuracy_by=[0.982] * num_codes,
        code_information_nats=2.21,
        code_information_by=[2.21] * num_codes,
        code_entropy_nats=math.log(10),
        code_variance_share=[0.31 / num_codes] * num_codes,
        noise_variance_share=0.42,
        code_meaning=[
            [dict(zip(ATTRIBUTES, row, strict=True)) for row in code] for code in meaning.tolist()
        ],
        code_attribute_nats=[_decaying(tuple(ATTRIBUTES), 3 * k, 0.3, 0.4) for k in codes],
        code_factor_nats=[_decaying(tuple(FACTORS), 5 * k, 0.9, 0.3) for k in codes],
    )
    return own | changes


def metrics(num_points: int = NUM_POINTS, **columns: Any) -> pd.DataFrame:
    """Return the curves of a run that went well, every column of the three problems."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=NUM_POINTS) * 0.1
    is_snapshot = np.arange(NUM_POINTS) % 9 == 0
    frame = pd.DataFrame(
        {
            "step": STEPS,
            "epoch": STEPS / 125,
            "images": STEPS * 64,
            "time_s": STEPS / 10,
            "d_loss": 1.05 + 0.4 * np.exp(-10 * TIME) - noise,
            "g_loss": 1.4 + noise,
            "d_accuracy_real": 0.7 + 0.02 * noise,
            "d_accuracy_fake": 0.67 + 0.02 * noise,
            "d_class_loss": 0.1 + 0.5 * np.exp(-6 * TIME),
            "g_class_loss": 0.05 + 0.6 * np.exp(-9 * TIME),
            "class_accuracy_real": 0.96 - 0.4 * np.exp(-6 * TIME),
            "class_accuracy_fake": 0.98 - 0.5 * np.exp(-9 * TIME),
            "q_loss": 0.05 + 2.2 * np.exp(-8 * TIME),
            "code_accuracy": 0.99 - 0.88 * np.exp(-8 * TIME),
            "snapshot_kid": np.where(is_snapshot, 0.02 + 0.1 * np.exp(-5 * TIME), np.nan),
            "snapshot_diversity": np.where(is_snapshot, 0.93 - 0.3 * np.exp(-5 * TIME), np.nan),
            "snapshot_correlation": np.where(is_snapshot, 0.95, np.nan),
        }
    )
    frame = frame.assign(**columns)
    frame["snapshot_score"] = frame["snapshot_kid"] / frame["snapshot_correlation"] ** 4
    return frame.iloc[:num_points]
