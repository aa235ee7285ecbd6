"""A KL study's numbers as they usually come out, for tests of figures and sentences."""

import numpy as np
import pandas as pd

WEIGHTS = (0.0, 0.001, 0.01, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0)
TOLD = (1.0, 100.0, 0.0)
REAL = {"kid_real": 0.01, "frechet_real": 5.0, "sharpness_real": 2700.0, "diversity_real": 19.0}
MEAN_ERROR = 0.056  # of the mean image
MSE = (0.0111, 0.0110, 0.0112, 0.0118, 0.0136, 0.0180, 0.0240, 0.0330, 0.0557)
KL = (3400.0, 190.0, 110.0, 70.0, 38.0, 21.0, 11.0, 5.0, 0.0)
KID = (31.0, 24.0, 15.0, 10.0, 8.0, 9.0, 13.0, 25.0, 60.0)
FRECHET = (530.0, 500.0, 460.0, 410.0, 370.0, 360.0, 400.0, 440.0, 480.0)
ACTIVE = (20, 20, 20, 20, 20, 16, 9, 4, 0)
VARIETY = (12.0, 11.0, 9.0, 8.0, 7.5, 6.0, 4.0, 2.0, 0.01)
SHARPNESS = (90.0, 88.0, 85.0, 80.0, 75.0, 60.0, 45.0, 30.0, 12.0)
REBUILT = (120.0, 118.0, 110.0, 100.0, 90.0, 70.0, 55.0, 40.0, 12.0)  # reconstructions' sharpness


def study(weight, **other):
    """Return the study's row of one weight, changed where `other` says so."""
    place = WEIGHTS.index(weight)
    recon = 4 * 12_288 * MSE[place]
    row = {
        "kl_weight": weight,
        "run": f"vae-elbo-{place:08d}",
        "num_steps": 900,
        "train_time_s": 12.5,
        "test_mse_01": MSE[place],
        "test_mse_11": 4 * MSE[place],
        "recon_nats": recon,
        "kl_nats": KL[place],
        "neg_elbo_nats": recon + KL[place],
        "active_units": ACTIVE[place],
        "kid": KID[place],
        "frechet": FRECHET[place],
        "sharpness_samples": SHARPNESS[place],
        "sharpness_reconstructions": REBUILT[place],
        "diversity_samples": VARIETY[place],
        "disentanglement": {
            "mig": 0.02 + 0.03 * (place == 5),
            "sap": 0.01 + 0.015 * (place == 6),
            "dci_disentanglement": 0.1 + 0.05 * (place == 5),
            "dci_completeness": 0.1,
            "dci_informativeness": 0.2,
            "factor_vae": 0.12 + 0.1 * (place == 4),
            "factors": ["smile", "yaw"],
            "mig_by": {"smile": 0.03, "yaw": 0.01},
            "num_latents": 20,
            "floor": {"mig": 0.005, "sap": 0.004, "dci_disentanglement": 0.08, "factor_vae": 0.1},
        },
    }
    return row | other


def results(weights=WEIGHTS, told=TOLD, changed=None, **other):
    """Return a study's results; `changed` holds other numbers of single weights."""
    order = [*told, *(w for w in weights if w not in told)]
    found = {
        "num_steps": 900,
        "num_images": 900 * 32 * len(order),
        "train_time_s": 12.5 * len(order),
        "images_per_s": 2_304.0,
        "num_parameters": 500_000,
        "kl_weights": list(told),
        "kl_sweep": [w for w in weights if w > 0],
        **REAL,
        "studies": [study(w, **(changed or {}).get(w, {})) for w in order],
    }
    return found | other


def metrics(weight, *, num=60):
    """Return learning curves that end at the study's numbers."""
    end, at = study(weight), np.arange(1, num + 1)
    left = np.exp(-at / (num / 6))
    recon = end["recon_nats"] + (2_700 - end["recon_nats"]) * left
    kl = end["kl_nats"] * (1 - left) + 30 * left * (weight > 10)
    frame = pd.DataFrame(
        {
            "step": 15 * at,
            "epoch": 0.06 * at,
            "recon_nats": recon,
            "kl_nats": kl,
            "neg_elbo_nats": recon + kl,
            "objective": recon + 4 * weight * kl,
        }
    )
    is_test = frame["step"] % 75 == 0
    frame["test_neg_elbo_nats"] = frame["neg_elbo_nats"].where(is_test) * 1.02
    frame["test_mse_11"] = frame["recon_nats"].where(is_test) / 12_288
    return frame
