"""What is found of an ACGAN follows its numbers, each beside its anchor, in every language."""

import numpy as np
import pytest
from adversarial_results import TIME, acgan_results, metrics

from hwlib.findings import acgan

# The run of the report that said "clear control" and named one leak of four.
CHANGES = {
    "Smiling": 0.94,
    "Wearing_Lipstick": 0.54,
    "Big_Lips": -0.54,
    "High_Cheekbones": 0.10,
    "Mouth_Slightly_Open": 0.88,
    "Male": -0.20,
    "Bangs": 0.01,
}
REAL = {
    "Smiling": 1.0,
    "Wearing_Lipstick": 0.08,
    "Big_Lips": -0.09,
    "High_Cheekbones": 0.63,
    "Mouth_Slightly_Open": 0.41,
    "Male": -0.15,
    "Bangs": 0.0,
}


def leaky(**changes):
    """Return the results of an ACGAN that leaks, with `changes`."""
    found = {"leakage": {"Smiling": CHANGES}, "leakage_real": {"Smiling": REAL}}
    return acgan_results(**(found | changes))


def scored(correlation):
    """Return curves whose checkpoints follow their labels as `correlation` says."""
    frame = metrics()
    return metrics(snapshot_correlation=correlation + 0 * frame["snapshot_kid"])


def steps(frame):
    """Return the steps of the lowest KID and of the lowest score, as results name them."""
    names = ("snapshot_kid", "snapshot_score")
    best, kept = (int(frame.loc[frame[name].idxmin(), "step"]) for name in names)
    return {"best_step": best, "kept_step": kept}


# ------------------------------------------------------------------------------------------- leaks


def test_every_leak_is_named_the_largest_first_by_where_it_comes_from():
    rows = acgan.leaks(leaky())
    assert {kind: list(found["name"]) for kind, found in rows.groupby("kind")} == {
        "own": ["Mouth_Slightly_Open", "Wearing_Lipstick", "Big_Lips"],
        "missing": ["High_Cheekbones"],
        "from_data": ["Male"],
        "": ["Bangs"],
    }
    keys = [(one.key, len(one.values["leaks"])) for one in acgan.leakage(leaky())]
    kinds = [
        (f"acgan.leaks_{kind}", count) for kind, count in zip(acgan.KINDS, (3, 1, 1), strict=True)
    ]
    assert keys == kinds


@pytest.mark.parametrize(
    ("samples", "real", "kind"),
    [
        (0.54, 0.08, "own"),
        (-0.30, 0.20, "own"),  # the other way than the data
        (-0.20, 0.40, "own"),
        (-0.02, 0.40, "missing"),
        (0.10, 0.63, "missing"),
        (0.60, 0.30, "own"),
        (0.30, 0.25, "from_data"),
        (0.05, 0.10, ""),
        (0.14, 0.00, ""),
    ],
)
def test_a_leak_is_held_against_real_images(samples, real, kind):
    results = acgan_results(
        leakage={"Smiling": {"Smiling": 0.9, "Male": samples}},
        leakage_real={"Smiling": {"Smiling": 1.0, "Male": real}},
    )
    assert list(acgan.leaks(results)["kind"]) == [kind]


def test_a_data_set_of_one_attribute_has_no_other_to_leak_to():
    alone = {"Smiling": {"Smiling": 0.9}}
    results = acgan_results(leakage=alone, leakage_real=alone)
    assert acgan.leaks(results).empty
    assert acgan.leakage(results) == []


def test_few_images_need_a_larger_leak():
    assert acgan.min_leak(acgan_results()) == acgan.MIN_LEAK
    assert acgan.min_leak(acgan_results(num_test_images=64)) > 0.3
    assert acgan.min_leak(acgan_results(num_attribute_samples=40)) > 0.4


def test_a_switch_that_moves_others_as_the_data_does_has_no_leaks():
    results = acgan_results(leakage={"Smiling": REAL}, leakage_real={"Smiling": REAL})
    keys = [finding.key for finding in acgan.leakage(results)]
    assert keys == ["acgan.no_leaks", "acgan.leaks_from_data"]


def test_of_many_switches_the_largest_leaks_are_named_and_all_are_counted():
    names = ("Smiling", "Male", "Bangs", "Big_Lips")
    leakage = {
        name: {other: 0.9 if other == name else 0.3 + 0.01 * i for i, other in enumerate(CHANGES)}
        for name in names
    }
    real = {name: dict.fromkeys(CHANGES, 0.0) for name in names}
    (own,) = acgan.leakage(acgan_results(*names, leakage=leakage, leakage_real=real))
    assert own.key == "acgan.leaks_own"
    assert len(own.values["leaks"]) == acgan.MAX_LISTED
    assert own.values["count"] == sum(other != name for name in names for other in CHANGES)
    sizes = [abs(leak["samples"]) for leak in own.values["leaks"]]
    assert sizes == sorted(sizes, reverse=True)


# ----------------------------------------------------------------------------------------- control

SEEN = {"accuracy": 0.96, "floor": 0.6}


@pytest.mark.parametrize(
    ("accuracy", "seen", "level"),
    [
        (0.95, SEEN, "clear"),
        (0.75, SEEN, "partial"),
        (0.52, SEEN, "none"),
        (0.50, SEEN, "none"),
        (0.72, {"accuracy": 0.75, "floor": 0.6}, "clear"),  # all that can be read is there
        (0.95, {"accuracy": 0.61, "floor": 0.6}, "unreadable"),
    ],
)
def test_control_is_held_against_chance_and_what_the_classifier_can_read(accuracy, seen, level):
    oracle = {"by_attribute": {"Smiling": seen}}
    results = acgan_results(attribute_accuracy_by={"Smiling": accuracy}, oracle=oracle)
    assert acgan.control(results).values["rows"][0]["level"] == level


# ------------------------------------------------------------------------------------------ curves


def test_ds_attribute_accuracy_stands_beside_the_majority_class_and_chance():
    def curves(**changes):
        (found,) = acgan.curves(metrics(), acgan_results(), **changes)
        return found.values

    found = curves()
    assert found["baseline"] == pytest.approx(0.6 + 0.02 * 9)  # of Smiling
    assert found["d_guess"] == found["g_guess"] == pytest.approx(np.log(2))
    # guessing costs D twice as much where it learns from generated images too
    assert curves(class_on_fake=True)["d_guess"] == pytest.approx(2 * np.log(2))
    assert not found["is_overfitted"]
    (worse,) = acgan.curves(metrics(), acgan_results(class_accuracy_test=0.8))
    assert worse.values["is_overfitted"]


# -------------------------------------------------------------------------------------- checkpoint


def test_a_checkpoint_kept_for_its_labels_is_said_beside_that_of_the_lowest_kid():
    frame = scored(0.9 - 0.8 * TIME)
    found = acgan.checkpoint(frame, acgan_results(**steps(frame))).values
    kept, best = found["kept"], found["best"]
    assert kept["step"] < best["step"]
    assert kept["snapshot_kid"] > best["snapshot_kid"]
    assert kept["snapshot_correlation"] > best["snapshot_correlation"]
    assert found["by_rule"]
    assert found["r_fell"]


# ---------------------------------------------------------------------------------------- learned


def test_the_lesson_counts_what_deviates_and_names_the_largest():
    lesson, _ = acgan.learned(metrics(), leaky())
    assert len(lesson.values["leaks"]) == 4
    assert lesson.values["known"] == len(CHANGES) - 1
    assert lesson.values["leaks"][0]["name"] == "High_Cheekbones"


@pytest.mark.parametrize(("correlation", "is_flattered"), [(0.95, False), (0.33, True)])
def test_ds_reading_is_held_against_the_classifiers_of_the_same_step(correlation, is_flattered):
    _, judges = acgan.learned(scored(correlation), leaky())
    assert judges.values["is_flattered"] is is_flattered
