"""Compare what the working tree makes with what the tree of another revision makes.

    python tests/net.py BASE [--only trainings]

For changes that must change nothing. Both trees train all pairs of recipe and problem, the KL study
and some variants at profile smoke, on drawn faces and on a small hw4 folder that each tree draws
itself, and decide a few claims: weights, samples, curves and results must be the same to the bit,
without times and fingerprints. Then both write the report in both languages from the same runs,
BASE's under the names that the new tree gives them: words and images must be the same. Each
difference is a line, the last line counts them, and the exit code is 1 if there is any. Numbers
depend on processor, threads and versions, so none is kept in git: both trees run here. What they
made stays by the trees' content, BASE's in the user's cache folder and the new one's in the folder
for temporary files. It takes minutes and pytest does not collect it.
"""

import argparse
import difflib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from bs4 import BeautifulSoup
from filelock import FileLock
from platformdirs import user_cache_path
from pypdf import PdfReader
from safetensors.numpy import load_file

ROOT = Path(__file__).resolve().parents[1]
FACES = "faces:200"
CLAIMS = ("C5", "C9", "C12", "C18", "C22")
COMMANDS = ("", "recipes", "train", "sample", "claims", "report", "data", "data info", "data draw")
# What the notebooks train beside their own pair, and settings that no pair has by itself.
VARIANTS = (
    ("infogan", "dcgan", {"num_codes": 2}),
    ("acgan", "dcgan", {"attribute": "Smiling,Male", "class_on_fake": True}),
    ("gan", "dcgan", {"ema": 0.9, "label_smoothing": 0.1, "flip": True, "keep": "last"}),
    ("gan", "dcgan", {"spectral_norm": True, "r1": 1.0, "augment": True, "noise": "uniform"}),
    ("vae", "elbo", {"reconstruction": "bce", "kl_weight": 0.1}),
    ("vae", "dcgan", {"reconstruction": "l1", "flip": True}),
    ("vae", "plain", {"sigma": "learned"}),
)
TRAIN = """
import json, sys
import hwlib
runs, jobs = sys.argv[1], json.loads(sys.argv[2])
for problem, recipe, data, settings in jobs:
    hwlib.fit(hwlib.make_config(problem, recipe, data, "smoke", **settings), runs=runs)
"""
HWLIB = "import sys; sys.argv[0] = 'hwlib'; from hwlib.cli import main; main()"
RUN_NAME = re.compile(r"\b(vae|gan|acgan|infogan|kl)-([a-z]+)-[0-9a-f]{8}\b")
OWN = re.compile(  # hashes, dates and times of day
    r"(?<![\w.])(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{8,64}\b|\b\d{4}-\d\d-\d\d\b|\b\d\d:\d\d(:\d\d)?\b"
)
TIMES = re.compile(r"(^|_)time_s$|_per_s$|^snapshot_share$|^date$|^code$")
SAID = ("alt", "title", "aria-label")  # attributes of HTML that a reader meets
Facts = dict[str, Any]  # what is compared: a short value, or the lines of a text, by its name


def git(*words: str, **environment: str) -> bytes:
    """Return what git prints about this checkout."""
    return subprocess.check_output(["git", *words], cwd=ROOT, env=os.environ | environment)


def tree_of(revision: str | None) -> str:
    """Return git's name of a revision's tree, or of the working tree with its new files."""
    if revision:
        return git("rev-parse", "--verify", f"{revision}^{{tree}}").decode().strip()
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git("add", "--all", **index)
        return git("write-tree", **index).decode().strip()


def digest(content: bytes) -> str:
    """Return 16 hex digits of a SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


class Side:
    """One tree with a folder of its own, in which it trains and reports."""

    def __init__(self, folder: Path, tree: str):
        """Write the tree's files into a folder of its own, where they are not yet there."""
        asked = digest(repr((FACES, CLAIMS, VARIANTS)).encode())
        self.place = folder / f"{tree[:12]}-{asked[:4]}"
        self.tree, self.runs = self.place / "tree", self.place / "runs"

        def unpack() -> None:
            with tarfile.open(fileobj=BytesIO(git("archive", tree))) as archive:
                archive.extractall(self.tree, filter="data")

        self.once("unpacked", unpack)

    def once(self, name: str, make: Callable[[], None]) -> None:
        """Call `make`, unless it came to its end in this folder before."""
        self.place.mkdir(parents=True, exist_ok=True)
        with FileLock(self.place / f"{name}.lock"):
            if not (self.place / name).exists():
                print(f"net: {name} in {self.place}", file=sys.stderr, flush=True)
                make()
                (self.place / name).touch()

    def call(self, code: str, *words: str) -> str:
        """Run `code` in this tree's environment and return what it prints."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("HWLIB_")}
        env |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "HWLIB_JOBS"), "1")
        env |= {"HWLIB_CACHE": str(self.place / "cache"), "COLUMNS": "160"}
        env |= {"PYTHONPATH": str(self.tree)}  # before the checkout that is installed
        command = [sys.executable, "-P", "-c", code, *words]
        done = subprocess.run(command, cwd=self.place, env=env, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(words)[:200]} in {self.place}:\n{done.stderr[-3000:]}")
        return done.stdout

    def train(self) -> None:
        """Draw a folder, train everything and decide the claims; what is there already stays."""
        hw4 = self.place / "hw4"
        if not hw4.exists():
            self.call(HWLIB, *f"data draw {hw4} --train 200 --test 50 --seed 5".split())
        pairs = re.findall(r"^\s*[A-Z] (\w+) +(\w+) ", self.call(HWLIB, "recipes"), re.MULTILINE)
        data = [FACES, str(hw4)]
        jobs = [(problem, recipe, spec, {}) for spec in data for recipe, problem in pairs]
        jobs += [(problem, recipe, FACES, more) for problem, recipe, more in VARIANTS]
        self.call(TRAIN, str(self.runs), json.dumps(jobs))
        words = f"--data {FACES} --profile smoke --runs {self.runs}"
        self.call(HWLIB, "claims", *CLAIMS, *words.split())

    def report(self, runs: Path) -> None:
        """Write the report of `runs`, and what the command line says of itself."""
        out = self.place / "report"
        words = f"vae gan acgan infogan kl --data {FACES} --profile smoke --runs {runs} --decoder"
        more = ["claims", "--recipe=all", *(f"--claim={c}" for c in CLAIMS)]
        self.call(HWLIB, "report", *words.split(), *more, "--quiet", "--out", str(out))
        for words in COMMANDS:
            said = self.call(HWLIB, *words.split(), *(["--help"] * (words != "recipes")))
            (out / f"hwlib {words}.said").write_text(said)

    def labels(self) -> dict[str, Path]:
        """Return every run by problem, recipe, data and seed, and its turn among those alike."""
        groups = defaultdict(list)
        for path in self.runs.glob("*/config.json"):
            settings = json.loads(path.read_text())["settings"]
            settings["data"] = Path(settings["data"]).name
            label = " ".join(str(settings[name]) for name in ("problem", "recipe", "data", "seed"))
            groups[label].append((path.with_name("results.json").stat().st_mtime_ns, path.parent))
        return {
            f"{label} #{number}": run
            for label, alike in sorted(groups.items())
            for number, (_, run) in enumerate(sorted(alike), start=1)
        }

    def mask(self, value: Any) -> Any:
        """Return a text, or JSON values, without paths, names of runs, hashes, dates and times."""
        if isinstance(value, dict):
            return {name: self.mask(one) for name, one in value.items() if not TIMES.search(name)}
        if isinstance(value, list):
            return [self.mask(one) for one in value]
        if not isinstance(value, str):
            return value
        return OWN.sub("*", RUN_NAME.sub(r"\1-\2-*", value.replace(str(self.place), "…")))

    def lines(self, value: Any) -> list[str]:
        """Return the lines of a text, or of JSON values, without what is this side's own."""
        masked = self.mask(value)
        text = masked if isinstance(value, str) else json.dumps(masked, indent=0)
        return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


def training_facts(side: Side) -> Facts:
    """Return the facts of the drawn folder, of all runs and of the verdicts."""
    facts: Facts = {}
    for file in sorted((side.place / "hw4").rglob("*.*")):
        facts[str(file.relative_to(side.place))] = digest(file.read_bytes())
    for label, run in side.labels().items():
        record = json.loads((run / "config.json").read_text())
        facts[f"{label} settings"] = side.lines(record["settings"])
        facts[f"{label} data"] = record["data"]["fingerprint"]
        facts[f"{label} results"] = side.lines(json.loads((run / "results.json").read_text()))
        for file in sorted([*run.glob("*.safetensors"), *run.glob("*.npz")]):
            arrays = load_file(file) if file.suffix == ".safetensors" else np.load(file)
            for name, array in arrays.items():
                kind = f"{array.dtype} {array.shape} ".encode()
                facts[f"{label} {file.stem} {name}"] = digest(kind + array.tobytes())
        for file in run.glob("metrics.jsonl"):
            records = side.lines([json.loads(line) for line in file.open()])
            facts[f"{label} curves"] = digest("".join(records).encode())
    for file in sorted(side.runs.glob("*.json")):
        facts["claims"] = side.lines(json.loads(file.read_text()))
    return facts


def page_facts(side: Side, runs: Path) -> Facts:
    """Return the facts of the report, of its figures' files and of the command line's words."""
    facts: Facts = {}
    for file in sorted((side.place / "report").rglob("*.*")):
        name = str(file.relative_to(side.place / "report"))
        if file.suffix == ".html":
            soup = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
            for tag in soup(["script", "style", "svg"]):
                tag.decompose()
            said = [f"[{tag[kind]}]" for kind in SAID for tag in soup(attrs={kind: True})]
            facts[name] = side.lines("\n".join([soup.get_text("\n"), *said]))
            facts[f"{name} images"] = [digest(tag.get("src", "").encode()) for tag in soup("img")]
        elif file.suffix == ".pdf":
            pages = PdfReader(file).pages
            facts[name] = side.lines("\n".join(page.extract_text() for page in pages))
        elif file.suffix == ".said":
            facts[name] = side.lines(file.read_text())
    for label, run in side.labels().items():
        for file in sorted((runs / run.name).glob("figures/*")):
            facts[f"{label} {file.name}"] = digest(file.read_bytes())
    return facts


def lend(base: Side, new: Side) -> Path:
    """Return a folder with BASE's runs under the names that the new tree gives them."""
    lent, old, own = new.place / "lent", base.labels(), new.labels()
    both = [label for label in own if label in old]
    names = {old[label].name: own[label].name for label in both}
    for label in both:
        folder = lent / own[label].name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(old[label], folder, ignore=shutil.ignore_patterns("figures"))
        shutil.copy2(own[label] / "config.json", folder)
        results = (folder / "results.json").read_text()
        (folder / "results.json").write_text(RUN_NAME.sub(lambda m: names.get(m[0], m[0]), results))
    return lent


def differences(old: Facts, new: Facts) -> Iterator[str]:
    """Yield a line for each fact that differs; of texts, for each of their lines."""
    for name in sorted(old.keys() | new.keys()):
        if name not in new or name not in old:
            yield f"{name}: only in {'BASE' if name in old else 'the new tree'}"
        elif old[name] != new[name]:
            both = old[name], new[name]
            texts = [one if isinstance(one, list) else [repr(one)] for one in both]
            lines = list(difflib.unified_diff(*texts, n=0, lineterm=""))[2:]
            yield from (f"{name}: {line}" for line in lines if not line.startswith("@@"))


def main() -> None:
    """Compare the two trees; see the text at the top."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("base", help="a git revision")
    parser.add_argument("--only", choices=["trainings"])
    asked = parser.parse_args()
    kept, temporary = user_cache_path("hwlib-net"), Path(tempfile.gettempdir()) / "hwlib-net"
    base, new = Side(kept, tree_of(asked.base)), Side(temporary, tree_of(None))
    for side in (base, new):
        side.once("trained", side.train)
    found = list(differences(training_facts(base), training_facts(new)))
    if not asked.only:
        base.once("reported", lambda: base.report(base.runs))
        new.once("reported", lambda: new.report(lend(base, new)))
        found += differences(page_facts(base, base.runs), page_facts(new, new.place / "lent"))
    print(*found, f"{len(found)} differences from {asked.base}", sep="\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
