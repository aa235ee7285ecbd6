"""A mistake is one line in the reader's language: what, where, and what to do."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import torch
from conftest import mistake_of

import hwlib
from hwlib import text
from hwlib.claims import known_ids
from hwlib.claims.deciding import checked_seeds
from hwlib.config import Config
from hwlib.explore.play import finished_runs
from hwlib.recipes import build_models
from hwlib.runtime import resolve_device
from hwlib.show.page import setup
from hwlib.training.identity import check_attributes, resolve_attribute
from hwlib.training.loop import check_rows

NAN = torch.tensor([[1.0], [torch.nan]])
# What is called, with what; the mistake's key, and some of its values.
MISTAKES = [
    (hwlib.make_config, ("vae", "dcgn"), "unknown_recipe", {"name": "dcgn", "near": "dcgan"}),
    (hwlib.make_config, ("vae", "?"), "unknown_recipe", {"near": None}),
    (
        hwlib.make_config,
        ("infogan", "wide"),
        "recipe_lacks_problem",
        {"known": ["dcgan", "modern"]},
    ),
    (lambda: hwlib.make_config("vae", zdim=3), (), "unknown_setting", {"near": "z_dim"}),
    (lambda: hwlib.make_config("vae", num_codes=2), (), "setting_of_problem", {}),
    (known_ids, ("C99",), "unknown_claim", {"id": "C99"}),
    (checked_seeds, (2,), "few_seeds", {"count": 2, "least": 3}),
    (lambda: build_models("upsample", "vae", z_dim=50), (), "upsample_z_dim", {"multiple": 64}),
    (hwlib.load_data, ("faces:abc",), "num_faces", {"spec": "faces:abc"}),
    (setup, (["tw"],), "languages", {"value": "['tw']"}),
    (
        check_rows,
        (NAN, ["loss"], 8, Path("none")),
        "diverged_loss",
        {"name": "loss", "value": None, "step": 8, "path": None},
    ),
]
RULES = {
    "greater_than_equal": {"z_dim": 0},
    "less_than_equal": {"z_dim": 9999},
    "greater_than": {"width": 0},
    "multiple_of": {"image_size": 50},
    "int_parsing": {"z_dim": "ten"},
    "float_parsing": {"width": "half"},
    "finite_number": {"width": float("nan")},
    "bool_parsing": {"flip": "maybe"},
    "string_type": {"attribute": 5},
    "literal_error": {"crop": "none"},
    "tuple_type": {"adam_betas": 0.5},
}


@pytest.mark.parametrize(("make", "given", "key", "values"), MISTAKES)
def test_a_mistake_is_told_by_name_and_values_in_every_language(make, given, key, values):
    mistake = mistake_of(make, *given)
    assert mistake.key == key
    assert {n: mistake.values[n] for n in values} == values
    lines = [mistake.say(language) for language in text.LANGUAGES]
    assert len(set(lines)) == len(lines)
    assert all("\n" not in line and line.strip() for line in lines)
    assert str(mistake) == mistake.say("en")


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_named_and_the_value_shown(rule):
    mistake = mistake_of(hwlib.make_config, "vae", "dcgan", **RULES[rule])
    ((name, value),) = RULES[rule].items()
    assert mistake.values["rule"] == rule
    assert f"setting {name} = {value!r}: input should be" in str(mistake)
    assert mistake.values["message"] not in mistake.say("zh")


def test_wrong_attributes_are_told(make_hw4):
    root = make_hw4()
    data = hwlib.load_data(str(root))

    def resolve(attribute, data):
        made = hwlib.make_config("acgan", data=data.spec, profile="smoke").to_json()
        config = Config.create(**made | {"attribute": attribute})
        check_attributes(config, data.attributes)
        return resolve_attribute(config, data)

    misspelt = mistake_of(resolve, "smilling", data)
    assert (misspelt.key, misspelt.values["near"]) == ("attribute_not_in_data", "Smiling")
    assert misspelt.values["known"] == ["Male", "Smiling"]
    unlabelled = hwlib.load_data(str(root / "train"))
    data.train.labels[:, 0] = 1
    for attribute, of, key in (
        ("", data, "attribute_empty"),
        ("Male", unlabelled, "acgan_needs_attributes"),
        ("Male", data, "attribute_constant"),
    ):
        assert mistake_of(resolve, attribute, of).key == key


def test_a_place_without_runs_and_a_missing_device_are_told(tmp_path, monkeypatch):
    assert mistake_of(finished_runs, tmp_path).key == "no_finished_run"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert mistake_of(resolve_device, "cuda").key == "no_device"


@cache
def raised() -> dict[str, set[str]]:
    """Return every key that is raised in the sources, and the values that go with it."""
    found: dict[str, set[str]] = {}
    for path in sorted(Path(hwlib.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if is_call and node.func.id in ("UserError", "TrainingDiverged", "Stopped", "Worded"):
                (key,) = node.args
                assert isinstance(key, ast.Constant), f"{path}:{node.lineno}"
                names = {keyword.arg for keyword in node.keywords}
                found.setdefault(key.value, set()).update(names)
    return found


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_every_mistake_has_its_line_which_takes_no_value_that_it_has_not(language):
    lines = {k: v for k, v in text.section("errors", language).items() if isinstance(v, str)}
    assert lines.keys() == raised().keys()
    for key, names in raised().items():
        found = re.findall(r"\{[{%]\s*(?:if )?(?:'[^']*' if )?(\w+)", lines[key])
        # a dictionary's values go along where a name is None
        assert None in names or set(found) - {"endif", "else"} <= names, key
