"""The title page and the conclusion say what the runs' numbers are."""

from types import SimpleNamespace

import adversarial_results as adversarial
import kl_results

from hwlib.findings import summary
from hwlib.text import LANGUAGES

VAE = {"test_mse_01": 0.0048, "test_mse_11": 0.0192}


def told(**results):
    return [SimpleNamespace(problem=p, recipe="dcgan", results=r) for p, r in results.items()]


def five(**gan):
    return told(
        vae=adversarial.vae_results(**VAE),
        gan=adversarial.gan_results(**gan),
        acgan=adversarial.acgan_results(),
        infogan=adversarial.infogan_results(),
        kl=kl_results.results(),
    )


def keys(findings):
    return [each.key.partition(".")[2] for each in findings]


def test_five_problems_give_five_findings_the_comparison_first():
    found = summary.findings(five())
    assert keys(found) == ["nearest", "vae_and_gan", "acgan", "infogan", "kl"]


def test_a_model_far_from_real_images_is_the_best_but_not_close():
    far = adversarial.DISTANCES["frechet"][1] * 30
    vae = adversarial.vae_results(**VAE, frechet=2 * far)
    found = summary.findings(told(vae=vae, gan=adversarial.gan_results(frechet=far)))[0]
    assert found.values["run"]["closeness"] == "far"
    assert found.values["problem"] == "gan"


def test_runs_measured_in_different_ways_are_not_ranked():
    other = adversarial.PROTOCOL | {"data": "another"}
    found = summary.findings(
        told(
            vae=adversarial.vae_results(**VAE),
            gan=adversarial.gan_results(frechet_protocol=other),
        )
    )
    assert "nearest" not in keys(found)


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


def test_longer_training_is_advised_only_where_the_last_checkpoint_is_the_best():
    (best_last,) = [f for f in summary.conclusion(five(last_kid=0.021)) if f.key == "summary.next"]
    (best_before,) = [f for f in summary.conclusion(five(last_kid=0.05)) if f.key == "summary.next"]
    assert "gan" in best_last.values["still_improving"]
    assert "gan" not in best_before.values["still_improving"]
