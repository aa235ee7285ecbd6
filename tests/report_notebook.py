"""A small notebook in two languages for the report's tests: no torch, a run of plain JSON."""

# ruff: noqa: E501 -- the notebook's own texts

from __future__ import annotations

import base64
import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

TITLE = {"zh": "# 第一題：變分自編碼器", "en": "# Problem 1: Variational Autoencoder"}

SETUP = """
import json, os, sys, time
from io import BytesIO
from pathlib import Path
import numpy as np
import matplotlib
matplotlib.use("agg")
from matplotlib.figure import Figure
from IPython.display import display

WORDS = {"zh": {"step": "步", "loss": "損失"}, "en": {"step": "step", "loss": "loss"}}

def show(data, **about):
    display(data, raw=True, metadata={"hwlib": about})

def figure(name, draw, alt, caption, width=None):
    for lang in ("zh", "en"):
        fig = Figure(figsize=(7, 3.2), dpi=120, layout="constrained")
        draw(fig, WORDS[lang])
        file = BytesIO()
        fig.savefig(file, format="png", metadata={"Software": None})
        show({"image/png": file.getvalue()}, kind="figure", lang=lang, name=name, alt=alt[lang],
             caption=caption[lang], **({"width": width} if width else {}))
"""

RUN = """
folder = Path(runs) / f"vae-{recipe}-0123abcd"
folder.mkdir(parents=True, exist_ok=True)
settings = {"problem": "vae", "recipe": recipe, "data": data, "profile": profile, "seed": seed,
            "num_steps": 1200, "batch_size": 64, "learning_rate": 0.001, "z_dim": 100}
record = {"settings": settings, "data_fingerprint": "9f86d081884c7d65", "device": "a processor",
          "versions": {"python": "3.11", "numpy": np.__version__}, "num_threads": 2}
results = {"num_images": 76800, "num_steps": 1200, "train_time_s": 93.4, "images_per_s": 822.3,
           "test_mse_01": 0.004913, "test_mse_11": 0.019652, "num_parameters": 4286531,
           "neg_elbo_nats": 8123.4, "recon_nats": 8093.1, "kl_nats": 30.31, "active_units": 41}
(folder / "config.json").write_text(json.dumps(record))
print(f"epoch 1 of 2, {time.time()}", file=sys.stderr)
print("a stray print that no reader sees")
if break_at == "results":
    pass
else:
    (folder / "results.json").write_text(json.dumps(results))
display({"application/vnd.hwlib.run+json": {"run": str(folder.resolve())}}, raw=True)
"""

CURVES = """
def curves(fig, words):
    ax = fig.subplots()
    x = np.arange(1, 60)
    ax.plot(x, 3 / x + 0.4, label="ELBO")
    ax.plot(x, 1 - np.exp(-x / 12), label="KL")
    ax.legend(frameon=False)

figure("fig1_2", curves, {"zh": "兩條學習曲線：損失下降，KL 上升。", "en": "Two learning curves: the loss falls, KL rises."},
       {"zh": "學習曲線：負 ELBO 與 KL。", "en": "Learning curves: negative ELBO and KL."})
"""

FAILURES = """
if break_at == "cell":
    raise ValueError("the third batch is not finite")
if break_at == "exit":
    sys.exit(0)
if break_at == "dead":
    os._exit(3)
"""

PICTURES = """
def faces(fig, words):
    rng = np.random.default_rng(0)
    for ax in fig.subplots(4, 8).flat:
        ax.imshow(rng.random((8, 8, 3)))
        ax.axis("off")

figure("fig1_4", faces, {"zh": "32 張樣本。", "en": "32 samples."},
       {"zh": "從先驗分布抽樣的 32 張影像。", "en": "32 images sampled from the prior."}, width=80)
"""

TABLE = """
HEAD = {"zh": ("層", "輸出形狀", "參數量"), "en": ("Layer", "Output shape", "Parameters")}
ROWS = [("Conv2d 4x4, stride 2", "(B, 64, 32, 32)", "3,136"), ("BatchNorm2d", "(B, 64, 32, 32)", "128"),
        ("Linear $\\\\mu$", "(B, 100)", "819,300")]
for lang in ("zh", "en"):
    lines = ["| " + " | ".join(HEAD[lang]) + " |", "|---|---|--:|"]
    lines += ["| " + " | ".join(row) + " |" for row in ROWS]
    caption = {"zh": "編碼器的各層。", "en": "Layers of the encoder."}[lang]
    show({"text/markdown": "\\n".join(lines), "text/html": "<table></table>"}, kind="table",
         lang=lang, name="layers", caption=caption)
wide = ["| " + " | ".join(["KL"] + [f"metric {i} [nats]" for i in range(9)]) + " |", "|---" * 10 + "|"]
wide += ["| " + " | ".join([f"x{k}"] + [f"{k * i + 0.125:.4f}" for i in range(9)]) + " |" for k in (1, 100)]
for lang in ("zh", "en"):
    caption = {"zh": "一張很寬的表格。", "en": "A wide table."}[lang]
    show({"text/markdown": "\\n".join(wide)}, kind="table", lang=lang, name="wide", caption=caption)
"""

NUMBERS = """
mse = results["test_mse_01"]
for lang, text in {"zh": f"整個測試集的 MSE 為 **{mse:.5f}**（像素在 $[0, 1]$）。",
                   "en": f"The MSE over the entire test set is **{mse:.5f}** (pixels in $[0, 1]$)."}.items():
    show({"text/markdown": text}, kind="text", lang=lang)
"""

PROSE = [
    (
        "這裡訓練一個變分自編碼器（VAE），並以 [1-2](#q1-2) 的曲線檢視訓練過程。\n每句話中的數字都由結果產生。",
        "Here a variational autoencoder (VAE) is trained; the curves in [1-2](#q1-2) show how.\n"
        "Every number in a sentence is made from results.",
    ),
    (
        "## 1-1 模型架構與損失\n\n編碼器輸出 $\\mu$ 與 $\\log\\sigma^2$，並以重參數化 $z = \\mu + \\sigma \\odot "
        "\\epsilon$ 抽樣。最小化的是負 ELBO：\n\n$$\n\\mathcal{L} = \\mathbb{E}_{q_\\phi(z \\mid x)}"
        "\\left[-\\log p_\\theta(x \\mid z)\\right] + \\beta\\, D_{\\mathrm{KL}}\\left(q_\\phi(z \\mid x)"
        "\\,\\|\\, p(z)\\right)\n$$\n\n其中 KL 有封閉形式 $\\frac{1}{2}\\sum_j (\\mu_j^2 + \\sigma_j^2 - 1 - "
        "\\log\\sigma_j^2)$。\n\n- 編碼器：三層卷積\n- 解碼器：三層轉置卷積\n\n> 注意：不同報告的縮放方式不同。",
        "## 1-1 Architecture and loss\n\nThe encoder gives $\\mu$ and $\\log\\sigma^2$; a sample is "
        "$z = \\mu + \\sigma \\odot \\epsilon$. Minimised is the negative ELBO:\n\n$$\n\\mathcal{L} = "
        "\\mathbb{E}_{q_\\phi(z \\mid x)}\\left[-\\log p_\\theta(x \\mid z)\\right] + \\beta\\, "
        "D_{\\mathrm{KL}}\\left(q_\\phi(z \\mid x)\\,\\|\\, p(z)\\right)\n$$\n\nThe KL has the closed form "
        "$\\frac{1}{2}\\sum_j (\\mu_j^2 + \\sigma_j^2 - 1 - \\log\\sigma_j^2)$.\n\n- encoder: three "
        "convolutions\n- decoder: three transposed convolutions\n\n> Note: reports scale these differently.",
    ),
    (
        "## 1-2 學習曲線\n\n下圖是訓練過程中的負 ELBO 與 KL。",
        "## 1-2 Learning curves\n\nThe figure shows the negative ELBO and the KL during training.",
    ),
    (
        "如何閱讀：兩條曲線都趨於平緩，表示訓練已接近收斂。\n\n### 與理論比較\n\n程式 `vae_step` 直接寫出兩項。",
        "How to read it: both curves flatten, so training is close to convergence.\n\n"
        "### Against theory\n\nThe function `vae_step` writes both terms out.",
    ),
    (
        "## 1-3 樣本\n\n由 $z \\sim \\mathcal{N}(0, I)$ 解碼。",
        "## 1-3 Samples\n\nDecoded from $z \\sim \\mathcal{N}(0, I)$.",
    ),
    (
        "## 1-4 討論\n\n樣本比真實影像模糊，這是*像素誤差*的後果：平均臉的誤差最小。",
        "## 1-4 Discussion\n\nSamples are blurrier than real images, which follows from the *pixel error*: "
        "a mean face has the least of it.",
    ),
]


def notebook() -> nbformat.NotebookNode:
    """Return the notebook."""
    parameters = new_code_cell(
        'recipe = "dcgan"\ndata = "faces"\nprofile = "quick"\nseed = 0\nruns = ""\nbreak_at = ""',
        metadata={"tags": ["parameters"]},
    )
    widgets = new_code_cell(
        'if not os.environ.get("HWLIB_BATCH"):\n    raise SystemExit("interactive")',
        metadata={"tags": ["interactive"]},
    )
    prose = [
        [
            new_markdown_cell(text, metadata={"tags": [f"lang-{lang}"], "pair": f"p{number}"})
            for lang, text in zip(("zh", "en"), texts, strict=True)
        ]
        for number, texts in enumerate([(TITLE["zh"], TITLE["en"]), *PROSE])
    ]
    code = {
        1: [SETUP, RUN],
        2: [TABLE],
        3: [CURVES],
        4: [FAILURES],
        5: [PICTURES],
        6: [NUMBERS],
    }
    cells = [*prose[0], parameters]
    for number in range(1, len(prose)):
        cells += prose[number]
        cells += [new_code_cell(source.strip()) for source in code.get(number, ())]
    cells.append(widgets)
    made = new_notebook(cells=cells)
    made.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    made.metadata["language_info"] = {"name": "python"}
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number}"
    return made


def write(folder: Path) -> Path:
    """Write the notebook into `folder` under the name that problem 'vae' has."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "01_vae.ipynb"
    nbformat.write(notebook(), path)
    return path


# ---------------------------------------------------------------------- runs without a notebook

NOTEBOOK_FILES = {
    "vae": "01_vae.ipynb",
    "gan": "02_gan.ipynb",
    "acgan": "03_acgan.ipynb",
    "infogan": "04_infogan.ipynb",
}
TITLES = {
    "vae": {"zh": "第一題：VAE", "en": "Problem 1: VAE"},
    "gan": {"zh": "第二題：GAN", "en": "Problem 2: GAN"},
    "acgan": {"zh": "第三題：ACGAN", "en": "Problem 3: ACGAN"},
    "infogan": {"zh": "加分題：InfoGAN", "en": "Bonus: InfoGAN"},
}
COVER = {"vae": "fig1_4", "gan": "fig2_3", "acgan": "fig3_3", "infogan": "infogan_code1"}
PROTOCOL = {
    "data": "73e4a6d3aaa86d0c",
    "crop": "hw4",
    "image_size": 64,
    "channels": 3,
    "num_samples": 1000,
    "num_real": 1000,
    "features": "oracle:0123456789abcdef",
}
ESTIMATORS = {
    "frechet": "Fréchet distance of Gaussians",
    "kid": "unbiased MMD², cubic kernel",
    **dict.fromkeys(("precision", "recall"), "5 nearest neighbours"),
    **dict.fromkeys(("density", "coverage"), "5 nearest neighbours of real pictures"),
}
OWN_RESULTS = {
    "vae": {"test_mse_01": 0.004913, "test_mse_11": 0.019652, "neg_elbo_nats": 8123.4,
            "recon_nats": 8093.1, "kl_nats": 30.31, "active_units": 41},
    "acgan": {"attribute": "Smiling", "attributes": ["Smiling"], "attribute_accuracy": 0.9125,
              "attribute_flip_rate": 0.815, "class_accuracy_test": 0.8875},
    "infogan": {"num_codes": 1, "code_accuracy": 0.9781, "code_information_nats": 2.2104,
                "code_entropy_nats": 2.302585, "code_variance_share": [0.312],
                "noise_variance_share": 0.641},
}  # fmt: skip
ADVERSARIAL_RESULTS = {
    "d_accuracy_real": 0.7312, "d_accuracy_fake": 0.7688, "best_step": 900, "best_kid": 0.0213,
    "last_kid": 0.0312, "kept_step": 900, "snapshot_share": 0.031, "final_diversity": 0.91,
    "collapse": [{"sign": "d_loss_zero", "step": 1100}],
}  # fmt: skip


def results_of(problem: str, worse: float = 1.0, **changes: Any) -> dict[str, Any]:
    """Return what a run of `problem` may say; distances are `worse` times the usual ones."""
    made: dict[str, Any] = {
        "num_images": 76800, "num_steps": 1200, "num_epochs": 9.6, "train_time_s": 93.4,
        "images_per_s": 822.3, "num_parameters": 4286531,
        "frechet": 12.34 * worse, "kid": 0.02345 * worse, "precision": 0.8 / worse,
        "recall": 0.6 / worse, "density": 0.91 / worse, "coverage": 0.7 / worse,
        "frechet_real": 4.123, "kid_real": 0.00041, "precision_real": 0.934, "recall_real": 0.931,
        "density_real": 0.998, "coverage_real": 0.961,
        "sharpness_samples": 1812.0 / worse, "sharpness_real": 2699.0,
        "colourfulness_samples": 41.3, "colourfulness_real": 44.8,
        "diversity_samples": 17.21, "diversity_real": 18.02, "near_copies": 0.013,
        "nearest_ratio": 0.97, "closest_pair_ratio": 0.84,
        "oracle": {"kind": "attributes", "accuracy": 0.931, "floor": 0.712,
                   "by_attribute": {}, "fingerprint": "0123456789abcdef"},
    }  # fmt: skip
    made |= {} if problem == "vae" else ADVERSARIAL_RESULTS
    made |= {f"{n}_protocol": PROTOCOL | {"estimator": e} for n, e in ESTIMATORS.items()}
    return made | OWN_RESULTS.get(problem, {}) | changes


def write_run(
    runs: Path, problem: str, recipe: str, results: dict[str, Any], **settings: Any
) -> Path:
    """Write a finished run of plain JSON and a few pictures; return its folder."""
    about = {"problem": problem, "recipe": recipe, "data": "faces", "profile": "quick", "seed": 0}
    about |= {"num_steps": 1200, "batch_size": 64} | settings
    digest = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:8]
    folder = runs / f"{problem}-{recipe}-{digest}"
    folder.mkdir(parents=True)
    record = {"settings": about, "data_fingerprint": PROTOCOL["data"], "num_threads": 2}
    (folder / "config.json").write_text(json.dumps(record))
    (folder / "results.json").write_text(json.dumps(results))
    rng = np.random.default_rng(list(recipe.encode()))
    colours = rng.integers(0, 256, (12, 1, 1, 3), dtype=np.uint8)
    pictures = {"samples": np.broadcast_to(colours, (12, 16, 16, 3))}
    if problem == "vae":
        pictures["originals"] = pictures["samples"][::-1]
    np.savez(folder / "samples.npz", **pictures)
    return folder


def executed(problem: str, recipe: str) -> nbformat.NotebookNode:
    """Return a notebook of two sections and a figure as if it had been executed."""
    file = BytesIO()
    Image.new("RGB", (320, 160), (10, 102, 112 + len(recipe))).save(file, "PNG")
    png = base64.b64encode(file.getvalue()).decode()
    cells, shown = [], []
    for lang in ("zh", "en"):
        title = TITLES[problem][lang]
        text = {"zh": "## 2-1 樣本\n\n由同一個 $z$ 產生。", "en": "## 2-1 Samples\n\nFrom one $z$."}
        tags = {"tags": [f"lang-{lang}"], "pair": "p0"}
        cells.append(new_markdown_cell(f"# {title}\n\n{text[lang]}", metadata=tags))
        words = {"zh": f"{title} 的 32 張樣本。", "en": f"32 samples of {title}."}[lang]
        about = {"kind": "figure", "lang": lang, "name": COVER[problem], "alt": words}
        metadata = {"hwlib": about | {"caption": words}}
        shown.append(new_output("display_data", {"image/png": png}, metadata=metadata))
    cells.append(new_code_cell("show()", outputs=shown, execution_count=1))
    made = new_notebook(cells=cells)
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number}"
    return made


TWO_RUNS = """
import json
from pathlib import Path
from IPython.display import display

def use(problem, steps):
    folder = Path(runs) / f"{problem}-{recipe}-{steps:08}"
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"problem": problem, "recipe": recipe, "data": "faces", "num_steps": steps}
    (folder / "config.json").write_text(json.dumps({"settings": settings}))
    if problem != unfinished:
        (folder / "results.json").write_text(json.dumps({"num_steps": steps}))
    display({"application/vnd.hwlib.run+json": {"run": str(folder)}}, raw=True)

use("gan", 100)
use("vae", 200)
use("gan", 100)
"""


def write_two_runs(folder: Path) -> Path:
    """Write a notebook for problem 'gan' that uses a GAN's run and a VAE's."""
    parameters = new_code_cell(
        'recipe = "dcgan"\nruns = ""\nunfinished = ""', metadata={"tags": ["parameters"]}
    )
    made = new_notebook(cells=[parameters, new_code_cell(TWO_RUNS.strip())])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, folder / NOTEBOOK_FILES["gan"])
    return folder / NOTEBOOK_FILES["gan"]
