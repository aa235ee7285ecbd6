"""What is found of an ACGAN follows its numbers, each beside its anchor, in every language."""

import numpy as np
import pytest
from adversarial_results import acgan_results, metrics

from hwlib.findings import acgan

# The run of the report that said "clear control" and named one leak of four: by how much the
# switch moves each attribute, and how far real images differ in it.
MOVED = {
    "Smiling": (0.94, 1.0),
    "Wearing_Lipstick": (0.54, 0.08),
    "Big_Lips": (-0.54, -0.09),
    "High_Cheekbones": (0.10, 0.63),
    "Mouth_Slightly_Open": (0.88, 0.41),
    "Male": (-0.20, -0.15),
    "Bangs": (0.01, 0.0),
}
CHANGES, REAL = ({name: both[side] for name, both in MOVED.items()} for side in (0, 1))


def switch(moved, real=REAL):
    """Return the results of an ACGAN whose one label moves the rates of attributes."""
    return acgan_results(leakage={"Smiling": moved}, leakage_real={"Smiling": real})


def test_every_leak_is_named_the_largest_first_by_where_it_comes_from():
    rows = acgan.leaks(switch(CHANGES))
    assert {kind: list(found["name"]) for kind, found in rows.groupby("kind")} == {
        "own": ["Mouth_Slightly_Open", "Wearing_Lipstick", "Big_Lips"],
        "missing": ["High_Cheekbones"],
        "from_data": ["Male"],
        "": ["Bangs"],
    }
    keys = [(one.key, len(one.values["leaks"])) for one in acgan.leakage(switch(CHANGES))]
    kinds = zip(acgan.KINDS, (3, 1, 1), strict=True)
    assert keys == [(f"acgan.leaks_{kind}", count) for kind, count in kinds]


@pytest.mark.parametrize(
    ("samples", "real", "kind"),
    [
        (-0.30, 0.20, "own"),  # the other way than the data
        (-0.20, 0.40, "own"),
        (-0.02, 0.40, "missing"),
        (0.05, 0.10, ""),
        (0.14, 0.00, ""),
    ],
)
def test_a_leak_is_held_against_real_images(samples, real, kind):
    results = switch({"Smiling": 0.9, "Male": samples}, {"Smiling": 1.0, "Male": real})
    assert list(acgan.leaks(results)["kind"]) == [kind]


def test_few_images_need_a_larger_leak():
    assert acgan.min_leak(acgan_results()) == acgan.MIN_LEAK
    assert acgan.min_leak(acgan_results(num_test_images=64)) > 0.3
    assert acgan.min_leak(acgan_results(num_attribute_samples=40)) > 0.4


@pytest.mark.parametrize(
    ("moved", "keys"),
    [
        (REAL, ["acgan.no_leaks", "acgan.leaks_from_data"]),
        ({"Smiling": 0.9}, []),  # data of one attribute have no other to leak to
    ],
)
def test_a_switch_that_moves_others_as_the_data_does_has_no_leaks(moved, keys):
    assert [finding.key for finding in acgan.leakage(switch(moved))] == keys


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


@pytest.mark.parametrize(
    ("accuracy", "seen", "floor", "level"),
    [
        (0.95, 0.96, 0.6, "clear"),
        (0.75, 0.96, 0.6, "partial"),
        (0.52, 0.96, 0.6, "none"),
        (0.72, 0.75, 0.6, "clear"),  # all that can be read is there
        (0.95, 0.61, 0.6, "unreadable"),
    ],
)
def test_control_is_held_against_chance_and_what_the_classifier_can_read(
    accuracy, seen, floor, level
):
    oracle = {"by_attribute": {"Smiling": {"accuracy": seen, "floor": floor}}}
    results = acgan_results(attribute_accuracy_by={"Smiling": accuracy}, oracle=oracle)
    assert acgan.control(results).values["rows"][0]["level"] == level


def test_ds_attribute_accuracy_stands_beside_the_majority_class_and_chance():
    def curves(class_on_fake=False, **changes):
        found = acgan.curves(metrics(), acgan_results(**changes), class_on_fake=class_on_fake)
        return found[0].values

    found = curves()
    assert found["baseline"] == pytest.approx(0.6 + 0.02 * 9)  # of Smiling
    assert found["d_guess"] == found["g_guess"] == pytest.approx(np.log(2))
    # guessing costs D twice as much where it learns from generated images too
    assert curves(class_on_fake=True)["d_guess"] == pytest.approx(2 * np.log(2))
    assert not found["is_overfitted"]
    assert curves(class_accuracy_test=0.8)["is_overfitted"]


@pytest.mark.parametrize(("correlation", "is_flattered"), [(0.95, False), (0.33, True)])
def test_the_lesson_names_what_deviates_and_holds_ds_reading_against_the_classifiers(
    correlation, is_flattered
):
    frame = metrics(snapshot_correlation=correlation + 0 * metrics()["snapshot_kid"])
    lesson, judges = acgan.learned(frame, switch(CHANGES))
    assert (len(lesson.values["leaks"]), lesson.values["known"]) == (4, len(CHANGES) - 1)
    assert lesson.values["leaks"][0]["name"] == "High_Cheekbones"
    assert judges.values["is_flattered"] is is_flattered
