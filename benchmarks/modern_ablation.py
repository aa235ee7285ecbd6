"""What each of today's means is worth: `modern` without it, a row a variant.

    python benchmarks/modern_ablation.py [gan|vae] [--data faces] [--seeds 3] [--runs DIR]

Prints a Markdown table of medians over the seeds, and each seed below it. Finished runs are
not trained again. Each takes a third of the recipe's updates, as the report's closing chapter does.
"""

import argparse
from statistics import median

import torch

import hwlib
from hwlib.recipes import TODAYS_SHARE, make_config, modern

VARIANTS = {
    "gan": {
        "all of it": {},
        "G's norms have weights of their own": {},  # see `UNMODULATED`
        "batch norm in D": {"batch_norm": "on"},
        "no R1": {"r1": 0.0},
        "no minibatch deviation": {"minibatch_std": False},
        "no average of G": {"ema": 0.0},
        "a constant learning rate": {"lr_decay": 0.0},
        "Adam as DCGAN has it": {"adam_betas": (0.5, 0.999), "learning_rate": 2e-4},
    },
    "vae": {
        "all of it": {},
        "sigma as report E has it": {"sigma": "fixed"},
        "no critic": {"adversarial_weight": 0.0},
        "a constant learning rate": {"lr_decay": 0.0},
        "samples of N(0, I)": {"prior": "standard"},
    },
}
UNMODULATED = "G's norms have weights of their own"
NUMBERS = {
    "gan": ("frechet", "kid", "recall", "precision"),
    "vae": ("test_mse_11", "frechet", "kid", "recall", "sharpness_samples"),
}


def main() -> None:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("problem", nargs="?", default="gan", choices=VARIANTS)
    parser.add_argument("--data", default="faces")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--runs", default="runs/ablation")
    given = parser.parse_args()

    num_steps = make_config(given.problem, "modern", profile=given.profile).num_steps
    length = {"num_steps": round(TODAYS_SHARE * num_steps)}
    names, modulate, lines = NUMBERS[given.problem], modern.SelfModulation.forward, []
    print(f"| left out | {' | '.join(names)} |\n|{'---|' * (1 + len(names))}")
    for variant, settings in VARIANTS[given.problem].items():
        runs = given.runs
        if variant == UNMODULATED:  # of the inputs nothing is left but the bias
            modern.SelfModulation.forward = lambda self, x, inputs: modulate(
                self, x, torch.zeros_like(inputs)
            )
            runs = f"{runs}/unmodulated"
        found = []
        for seed in range(given.seeds):
            about = (given.problem, "modern", given.data, given.profile, seed)
            found.append(hwlib.fit(make_config(*about, **length, **settings), runs=runs).results)
        modern.SelfModulation.forward = modulate
        shown = [f"{median(one[name] for one in found):.4g}" for name in names]
        print(f"| {variant} | {' | '.join(shown)} |", flush=True)
        lines += [
            f"{variant}: {name} " + " ".join(f"{one[name]:.4g}" for one in found) for name in names
        ]
    print("\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
