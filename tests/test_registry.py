"""The registry: each problem and metric is one entry; a recipe is one file and one line."""

import re
import shutil
import sys
from importlib import import_module
from pathlib import Path

import hwlib.text
from hwlib import registry
from hwlib.registry import PAGES, PROBLEMS, metrics, metrics_of, resolve

ROOT = Path(__file__).parents[1]


def test_every_function_that_a_problem_names_is_there_and_every_number_of_a_table_is_a_metric():
    for entry in PROBLEMS.values():
        for reference in (entry.step, entry.monitor, entry.curves, *entry.panels.values()):
            assert callable(resolve(reference))
    for page in PAGES.values():
        assert set(page.overview) <= metrics().keys()
        assert all(metrics_of(topic) for topic in page.topics)
    assert all(m.topic or m.format for m in metrics().values())
    assert list(PAGES) == ["vae", "gan", "acgan", "infogan", "kl", "claims", "today"]


def test_nobody_else_compares_a_problems_name_with_a_literal():
    compared = re.compile(r"problem (==|!=|not in) [\"(]")
    for path in (ROOT / "hwlib").rglob("*.py"):
        assert not compared.search(path.read_text()), path


def test_a_metric_is_one_entry(monkeypatch, tmp_path):
    text = (ROOT / "report" / "metrics.toml").read_text()
    entry = '[lpips]\nformat = "digits"\nbetter = "lower"\nreal = "lpips_real"\ntopic = "quality"\n'
    (tmp_path / "metrics.toml").write_text(text + "\n" + entry)
    monkeypatch.setattr(registry, "METRICS", tmp_path / "metrics.toml")
    registry.metrics.cache_clear()
    try:
        assert metrics_of("quality")[-1] == "lpips"
        assert metrics()["lpips"].beside == "lpips_real"
        assert metrics()["lpips_real"].format == "digits"
    finally:
        registry.metrics.cache_clear()


def test_a_recipe_is_one_file_and_one_line(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "hwlib", tmp_path / "hwlib", ignore=shutil.ignore_patterns("*.otf"))
    recipes = tmp_path / "hwlib" / "recipes"
    shutil.copy(recipes / "wide.py", recipes / "another.py")
    listing = recipes / "__init__.py"
    listing.write_text(listing.read_text().replace("NAMES = (", 'NAMES = ("another", '))
    monkeypatch.setenv("HWLIB_TEXT", str(hwlib.text.ROOT))
    monkeypatch.syspath_prepend(tmp_path)
    ours = {name for name in sys.modules if name.partition(".")[0] == "hwlib"}
    with monkeypatch.context() as patch:
        for name in ours:
            patch.delitem(sys.modules, name)
        copy = import_module("hwlib")
        assert Path(copy.__file__).is_relative_to(tmp_path)
        assert ("another", "acgan") in import_module("hwlib.recipes").PAIRS
        assert "another" in import_module("hwlib.objectives").VAE_RECIPES
        for problem in ("vae", "kl", "gan"):
            config = copy.make_config(problem, "another", width=0.125)
            assert copy.build_models("another", problem, config.width)
        for name in [name for name in sys.modules if name.partition(".")[0] == "hwlib"]:
            del sys.modules[name]
