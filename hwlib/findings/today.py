"""What today's recipe is worth: a report's GANs beside its own, which took less time.

`own` and `todays` are results of the report's run and of today's; several are by problem.
"""

from collections.abc import Mapping

from hwlib.findings.base import Results, is_trial, trial
from hwlib.findings.samples import describe
from hwlib.text import Finding, finding


def nearer(problem: str, own: Results, todays: Results) -> Finding:
    """Say whose samples are nearer to real images, by how much, and in how much of the time.

    Fréchet distances that differ by no more than the noise floor are equal.
    """
    gain = own["frechet"] - todays["frechet"]
    floor = max(own["frechet_real"], todays["frechet_real"])
    level = "equal" if abs(gain) <= floor else "better" if gain > 0 else "worse"
    about = {"own": describe(own), "todays": describe(todays)}
    time = todays["train_time_s"] / own["train_time_s"]
    return finding("today.nearer", problem=problem, **about, level=level, time=time)


def compared(own: Mapping[str, Results], todays: Mapping[str, Results]) -> list[Finding]:
    """Say of each problem who is nearer, and how much variety each covers; nothing of trials."""
    runs = [*own.values(), *todays.values()]
    if trials := [results for results in runs if is_trial(results)]:
        return [trial(min(trials, key=lambda results: results["num_steps"]))]
    both = {problem: {"own": own[problem], "todays": todays[problem]} for problem in own}
    found = [nearer(problem, **pair) for problem, pair in both.items()]
    return [*found, finding("today.variety", both=both, real=runs[0]["recall_real"])]
