"""A small part of the fault bench (`benchmarks/faults.py`), and that it sees what is wrong."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from killing import PROCESSES, Ended

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import faults

# Numbers of a few cases of each kind; of the damaged files, a checkpoint and the classifier.
CASES = {"kills": (0,), "saves": (0,), "corruptions": (8, 5)}


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> dict[str, list[dict]]:
    """What becomes of these cases, run in a process with one thread."""
    folder = tmp_path_factory.mktemp("faults")
    child = PROCESSES.Process(target=run_cases, args=(folder,))
    child.start()
    child.join()
    return json.loads((folder / "cases.json").read_text())


def run_cases(folder: Path) -> None:
    bench, found = faults.Bench(folder, seed=0), {}
    faults.SAVES = faults.SAVES[:1]
    for kind, numbers in CASES.items():
        some = (case for n in numbers for _, case in faults.run_kind(bench, kind, 1, n))
        found[kind] = [asdict(case) for case in some]
    (folder / "cases.json").write_text(json.dumps(found))


def test_trainings_and_saves_that_are_killed_end_with_the_same_bits(cases):
    found = cases["kills"] + cases["saves"]
    assert sum(case["count"] for case in found) >= 2
    # untidy: a temporary file of what was killed is left in the run's folder
    assert {case["outcome"] for case in found} <= {"survived", "untidy"}, found


def test_a_damaged_checkpoint_and_a_damaged_classifier_are_made_anew_after_a_line(cases):
    assert [case["outcome"] for case in cases["corruptions"]] == ["repaired"] * 2, cases


def ended(again, before=("done", 1), said="step 3") -> Ended:
    answers = {"before": {"results": before}, "again": {"": again}, "after": {}}
    return Ended("done", answers, said)


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (ended(("done", {"a": 1}), said="step 7"), "survived"),
        (ended(("done", {"a": 1}), said="x.npz is damaged; trained anew"), "repaired"),
        (ended(("told", "runs/x.npz is damaged: train anew")), "noticed"),
        (ended(("told", "something is damaged")), "lost"),
        (ended(("done", {"a": 2}), said="x.npz is damaged; trained anew"), "lost"),
        (ended(("done", {"a": 2})), "silent"),
        (ended(("done", {"a": 1}), before=("done", 2)), "silent"),
        (ended(("done", {"a": 1}), before=("traceback", "run.py:1 KeyError")), "traceback"),
        (Ended("killed", 7, ""), "traceback"),  # SIGBUS
    ],
)
def test_damage_is_rated_by_what_its_readers_say(found, outcome):
    assert faults.rate_read(ended(("done", {"a": 1})), found, [Path("runs/x.npz")])[0] == outcome


@pytest.mark.parametrize(
    ("code", "said", "outcome"),
    [
        (1, "hwlib: the disk is full", "noticed"),
        (2, "hwlib: the disk is full", "untidy"),
        (1, "", "untidy"),
        (1, "hwlib: the disk is full\nhwlib: the disk is full", "untidy"),
        (1, "Traceback (most recent call last):\nOSError", "traceback"),
    ],
)
def test_a_command_ends_well_in_one_line_and_with_its_own_exit_code(code, said, outcome):
    assert faults.rate_ended(Ended("exit", code, said), 1)[0] == outcome


def test_what_goes_on_after_force_must_yield_the_same_and_leave_nothing(tmp_path):
    sound, other = Ended("done", {"weights/a": "1"}, ""), Ended("done", {"weights/a": "2"}, "")
    assert faults.rate_same(sound, sound, tmp_path) == ("survived", "")
    assert faults.rate_same(sound, other, tmp_path) == ("lost", "other weights/a")
    assert faults.rate_same(sound, Ended("killed", 9, ""), tmp_path)[0] == "traceback"
    (tmp_path / ".lock").touch()
    assert faults.rate_same(sound, sound, tmp_path)[0] == "survived"
    (tmp_path / ".results.7.json").touch()
    assert faults.rate_same(sound, sound, tmp_path)[0] == "untidy"
