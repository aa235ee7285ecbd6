"""Small notebooks in two languages for the report's tests, executed cells, and runs of plain JSON.

`notebooks/01_vae.ipynb` makes and uses two such runs, `02_gan.ipynb` fails as `break_at` says.
"""

import base64
import hashlib
import json
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import adversarial_results
import numpy as np
import vae_results
from adversarial_results import DISTANCES, PROTOCOL
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

TITLES = {
    "vae": {"zh": "第一題：VAE", "en": "Problem 1: VAE"},
    "gan": {"zh": "第二題：GAN", "en": "Problem 2: GAN"},
    "acgan": {"zh": "第三題：ACGAN", "en": "Problem 3: ACGAN"},
    "infogan": {"zh": "加分題：InfoGAN", "en": "Bonus: InfoGAN"},
}
COVER = {"vae": "fig1_4", "gan": "fig2_3", "acgan": "fig3_3", "infogan": "infogan_code1"}
OF_VAES = ("num_images", "test_mse_01", "test_mse_11", "recon_nats", "kl_nats", "neg_elbo_nats")


def results_of(problem: str, worse: float = 1.0, **protocol: Any) -> dict[str, Any]:
    """Return what a run of `problem` may say; distances are `worse` times the usual ones.

    They were measured as `PROTOCOL` says, changed by `protocol`.
    """
    made = getattr(adversarial_results, f"{problem}_results")()
    made["oracle"]["by_attribute"] = {}
    if problem == "vae":
        made |= {name: vae_results.OWN[name] for name in OF_VAES}
    else:
        made["collapse"] = [{"sign": "d_loss_zero", "step": 1_100}]
    for name in DISTANCES:
        made[name] *= worse if name in ("frechet", "kid") else 1 / worse
        made[f"{name}_protocol"] = PROTOCOL | protocol
    return made


def write_notebook(folder: Path, problem: str = "vae") -> Path:
    """Copy the notebook of a problem, 'vae' or 'gan', into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (notebook,) = (Path(__file__).parent / "notebooks").glob(f"*_{problem}.ipynb")
    return Path(shutil.copy(notebook, folder))


def write_run(
    runs: Path, problem: str, recipe: str, results: dict[str, Any], **settings: Any
) -> Path:
    """Write a finished run of plain JSON and a few pictures; return its folder.

    All runs on one data set have the same originals.
    """
    about = {"problem": problem, "recipe": recipe, "data": "faces", "profile": "quick", "seed": 0}
    about |= {"num_steps": 1200, "batch_size": 64} | settings
    digest = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:8]
    folder = runs / f"{problem}-{recipe}-{digest}"
    folder.mkdir(parents=True)
    fingerprint = results["frechet_protocol"]["data"]
    record = {"settings": about, "data_fingerprint": fingerprint, "num_threads": 2}
    record["data"] = {"fingerprint": fingerprint, "channels": 3}
    (folder / "config.json").write_text(json.dumps(record))
    (folder / "results.json").write_text(json.dumps(results))

    def some(*shape: int, of: str) -> np.ndarray:
        rng = np.random.default_rng(list(of.encode()))
        colours = rng.integers(0, 256, (*shape, 1, 1, 3), dtype=np.uint8)
        return np.broadcast_to(colours, (*shape, 16, 16, 3))

    pictures = {"samples": some(12, of=folder.name)}
    if problem == "vae":
        pictures["originals"] = some(12, of=fingerprint)
        pictures["reconstructions"] = some(12, of=f"{folder.name} again")
    if problem == "acgan":
        pictures["pairs"] = some(10, 2, of=folder.name)
    np.savez(folder / "samples.npz", **pictures)
    return folder


def executed(problem: str, recipe: str) -> NotebookNode:
    """Return a notebook of two sections and a figure as if it had been executed."""
    picture = {"image/png": png((10, 102, 112 + len(recipe)), (320, 160))}
    words = {"zh": "## 2-1 樣本\n\n由同一個 $z$ 產生。", "en": "## 2-1 Samples\n\nFrom one $z$."}
    texts, shown = [], []
    for lang, title in TITLES[problem].items():
        texts.append(prose(f"# {title}\n\n{words[lang]}", tags=(f"lang-{lang}",)))
        texts[-1].metadata["pair"] = "p0"
        about = {"kind": "figure", "lang": lang, "name": COVER[problem]}
        metadata = {"hwlib": about | {"alt": title, "caption": f"{title}: 32."}}
        shown.append(new_output("display_data", picture, metadata=metadata))
    return notebook(*texts, new_code_cell("show()", outputs=shown, execution_count=1), title="")


# ---------------------------------------------------------------------- cells as if executed

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="300pt" height="120pt" viewBox="0 0 300 120">'
SVG += '<rect width="300" height="120" fill="#0a6670"/></svg>'


def png(colour: tuple[int, int, int] = (10, 102, 112), size: tuple[int, int] = (300, 150)) -> str:
    """Return a picture of one colour as a notebook has it."""
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def figure(name: str, *, caption: str = "", svg: str = "", size=(300, 150)) -> NotebookNode:
    """Return a code cell that shows a figure."""
    data = {"image/png": png(size=size)} | ({"image/svg+xml": svg} if svg else {})
    about = {"kind": "figure", "name": name, "alt": f"alt of {name}"}
    metadata = {"hwlib": about | {"caption": caption or f"Caption of {name}."}}
    return new_code_cell(name, outputs=[new_output("display_data", data, metadata=metadata)])


def table(name: str, *, tags: tuple[str, ...] = ()) -> NotebookNode:
    """Return a code cell that shows a table."""
    data = {"text/markdown": f"| layer of {name} | parameters |\n|--|--:|\n| conv | 128 |"}
    metadata = {"hwlib": {"kind": "table", "name": name, "caption": f"Caption of {name}."}}
    shown = new_output("display_data", data, metadata=metadata)
    return new_code_cell(name, outputs=[shown], metadata={"tags": list(tags)})


def prose(text: str, *, tags: tuple[str, ...] = (), **more) -> NotebookNode:
    """Return a Markdown cell."""
    return new_markdown_cell(text, metadata={"tags": list(tags)}, **more)


def notebook(*cells: NotebookNode, title: str = "# A problem") -> NotebookNode:
    """Return a notebook of these cells, with ids that say where they stand."""
    made = new_notebook(cells=[*([prose(title)] if title else []), *cells])
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number}"
    return made
