"""The title page and the conclusion say what the runs' numbers are."""

from types import SimpleNamespace

import adversarial_results as adversarial
import kl_results

from hwlib.findings import summary
from hwlib.text import LANGUAGES


def told(**results):
    return [SimpleNamespace(problem=p, recipe="dcgan", results=r) for p, r in results.items()]


def two(**gan):
    own = {"test_mse_01": 0.0048, "test_mse_11": 0.0192}
    return told(vae=adversarial.vae_results(**own), gan=adversarial.gan_results(**gan))


def five():
    others = {name: getattr(adversarial, f"{name}_results")() for name in ("acgan", "infogan")}
    return [*two(), *told(**others, kl=kl_results.results())]


def keys(findings):
    return [each.key.partition(".")[2] for each in findings]


def test_five_problems_give_five_findings_the_comparison_first():
    found = summary.findings(five())
    assert keys(found) == ["nearest", "vae_and_gan", "acgan", "infogan", "kl"]


def test_runs_measured_in_different_ways_are_not_ranked():
    other = adversarial.PROTOCOL | {"data": "another"}
    assert keys(summary.findings(two(frechet_protocol=other))) == ["vae_and_gan"]


def test_trials_give_no_findings():
    runs = told(gan=adversarial.gan_results(num_steps=12))
    assert summary.findings(runs) == []
    assert keys(summary.conclusion(runs)) == ["nothing"]
    assert keys([summary.result("gan", runs[0].results)]) == ["trial"]


def test_the_table_has_a_row_a_model_and_real_images_last():
    tables = summary.table(five())
    for language in LANGUAGES:
        frame = tables[language]
        assert len(frame) == 5  # the KL study has no single number
        assert list(frame.iloc[-1])[4:6] == ["100 %", "100 %"]
