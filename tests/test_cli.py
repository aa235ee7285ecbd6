"""The command line as a user meets it: exit codes, one line for a mistake, what goes where."""

import re
from types import SimpleNamespace

import numpy as np
import papermill
import pytest
from conftest import without_scores
from PIL import Image

import hwlib
from hwlib import options, report
from hwlib.errors import UserError
from hwlib.recipes import PAIRS, make_config
from hwlib.registry import PAGES
from hwlib.report.plan import plan
from hwlib.run import Run

SMOKE = ["--profile", "smoke", "--data", "faces:96", "--device", "cpu"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    config = hwlib.make_config("vae", profile="smoke", data="faces:96", device="cpu", num_steps=4)
    with without_scores():
        return hwlib.fit(config, runs=tmp_path_factory.mktemp("runs"))


def test_recipes_lists_every_pair_and_counts_the_homeworks(call):
    code, out, _ = call("recipes")
    assert code == 0
    assert out.strip().startswith(f"{len(PAIRS) - 1} pairs and the KL study")
    rows = re.findall(r"^\s*[A-Z] (\w+)\s+(vae|gan|acgan|infogan|kl)\b", out, re.MULTILINE)
    assert len(rows) == len(PAIRS)
    assert rows[-1] == ("elbo", "kl")
    assert "35,714,307" in out
    assert "0.0336532" in out


@pytest.mark.usefixtures("_no_scores")
def test_train_prints_the_run_folder_last_and_progress_elsewhere(call, tmp_path):
    code, out, err = call("train", "vae", *SMOKE, "--runs", tmp_path, "--set", "num_steps=4")
    assert code == 0
    run = Run(out.splitlines()[-1])
    assert run.results["num_steps"] == 4
    assert "4/4" in err
    assert "4/4" not in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "vea"], "unknown problem 'vea'"),
        (["train", "kl", "--set", "kl_weight=2"], "kl_weight plays no part in problem kl"),
        (["train", "vae", "--set", "z_dim"], "write KEY=VALUE"),
        (["train", "vae", "--set", "z_dim=many"], "setting z_dim = 'many'"),
        (["train", "vae", "--set", "seed=3"], "seed is no setting; write --seed 3"),
        (["train", "vae", "--data", "no/such/folder"], "no/such/folder"),
        (["train", "vae", "--data", "~nobody.of.this.name/faces"], "~nobody.of.this.name/faces"),
        (["train", "vae", "--data", "n" * 300], "n" * 300),
        (["train", "vae", "--data", ""], "--data is empty: give faces, or a folder"),
        (["train", "vae", "--runs", __file__], "name a folder to write to"),
        (["claims", "C13", "--runs", __file__], "name a folder to write to"),
        (["report", "vae", "--attribute", "Beard", "--data", "faces:96"], "attribute 'Beard'"),
        (["report", "--recipe", "elbo", "gan"], "has no problem 'gan'"),
        (["report", "vae", "--lang", "fr", *SMOKE[:4]], "unknown language 'fr'"),
        (["report", "vae", "--out", __file__, *SMOKE[:4]], "name a folder to write to"),
        (["sample", "no/run", "out.npz"], "no/run is no run folder"),
        (["sample", "no/run", "o", "--attribute", "Smiling=2"], "Smiling=2: write NAME=1 (on)"),
        (["sample", "no/run", "o", "--attribute", "Smiling=1,Male"], "Male: write NAME=1 (on)"),
    ],
)
def test_a_users_mistake_is_one_line_and_exit_code_2(call, words, message):
    code, out, err = call(*words)
    assert code == 2
    last = err.splitlines()[-1]
    assert last.startswith("hwlib: ")
    assert message in last
    assert "Traceback" not in err
    assert out == ""


@pytest.mark.parametrize(
    ("problem", "recipe", "knows", "lacks"),
    [
        ("gan", "dcgan", {"noise", "d_updates", "z_dim"}, {"kl_weight", "class_weight", "seed"}),
        ("vae", "dcgan", {"kl_weight", "sigma"}, {"noise", "num_layers", "kl_weights", "problem"}),
        ("vae", "plain", {"num_layers"}, {"noise"}),
        ("kl", None, {"kl_weights"}, {"kl_weight", "num_layers"}),
    ],
)
def test_an_unknown_setting_is_answered_with_those_that_the_problem_knows(
    problem, recipe, knows, lacks
):
    with pytest.raises(UserError) as error:
        make_config(problem, recipe, colour=3)
    said, listed = str(error.value).split(f"; problem {problem} knows ")
    assert said == "unknown setting 'colour'"
    assert knows <= set(listed.split(", "))
    assert not lacks & set(listed.split(", "))


def test_switches_may_be_joined_by_commas_or_told_one_by_one():
    for words in (["Smiling=1", "Male=0"], ["Smiling = 1 , Male = 0"]):
        assert options.parse_switches(words) == {"Smiling": 1, "Male": 0}


def test_sample_writes_png_files_or_one_npz_that_follow_the_seed_and_overwrites_nothing(
    call, trained, tmp_path
):
    folder = tmp_path / "weight_0.5"  # a name with a dot is a folder's nevertheless
    assert call("sample", trained.path, folder, "--num", 3)[0] == 0
    files = sorted(folder.iterdir())
    assert [f.name for f in files] == [f"{i}.png" for i in range(3)]
    for name, seed in (("a", 0), ("b", 2)):
        call("sample", trained.path, tmp_path / f"{name}.npz", "--num", 3, "--seed", seed)
    a, b = (np.load(tmp_path / f"{name}.npz", allow_pickle=False)["images"] for name in "ab")
    assert a.shape == (3, 64, 64, 3)
    assert np.array_equal(a, [np.asarray(Image.open(file)) for file in files])
    assert not np.array_equal(a, b)
    for name, said in (
        ("x.jpg", "names one picture"),
        ("x.txt", "no .txt file can be written"),
        ("weight_0.5", "not an empty folder"),
    ):
        code, _, err = call("sample", trained.path, tmp_path / name)
        assert (code, said in err) == (2, True)
    assert sorted(folder.iterdir()) == files


def test_report_prints_what_it_made_and_exits_with_1_where_a_job_failed(
    call, monkeypatch, tmp_path
):
    made = [tmp_path / lang / name for lang in ("zh", "en") for name in ("index.html", "a.html")]
    for file in made[1:]:
        file.parent.mkdir(exist_ok=True)
        file.touch()
    jobs = [SimpleNamespace(name="vae-dcgan", reason="it died")]
    result = SimpleNamespace(files=made, failed=jobs, ok=False)
    monkeypatch.setattr(report, "make_report", lambda jobs, **options: result)
    words = ["report", "vae", *SMOKE[:4], "--out", tmp_path / "out", "--runs", tmp_path / "runs"]
    code, out, err = call(*words)
    assert (code, out) == (1, f"{tmp_path}/en/index.html\n")
    assert "vae-dcgan failed: it died" in err


def test_help_is_there_for_every_command(call):
    for words in ([], ["train"], ["report"], ["sample"], ["recipes"], ["data"]):
        code, out, _ = call(*words, "--help")
        assert code == 0
        assert "Usage: hwlib" in out
    assert "docs/settings.md" in call("train", "--help")[1]  # where the settings are told


def test_the_drawn_faces_are_meant_whatever_lies_here_and_two_folders_of_one_name_are_refused(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("faces", "faces:96", "pictures", "a/hw4", "b/hw4"):
        (tmp_path / name).mkdir(parents=True)
    whole = str(tmp_path / "pictures")
    given = ["faces", "faces:96", "pictures", "~/pictures", whole, "not/here"]
    assert options.resolve_data(given) == ["faces", "faces:96", whole, "not/here"]
    with pytest.raises(UserError, match="two data folders are called hw4"):
        options.resolve_data(["a/hw4", "b/hw4"])


def test_a_report_takes_nothing_from_what_a_notebook_was_saved_with():
    planned = plan([*PAGES], data=["faces:96"], profile="smoke")
    jobs = [one.job for one in planned]
    assert {job.problem for job in jobs} == {*PAGES}
    for job in jobs:
        known = papermill.inspect_notebook(str(job.notebook))
        assert job.parameters.keys() == known.keys() - {"runs"}  # the report's own, see --runs
        assert job.parameters["languages"] == ["zh", "en"]
