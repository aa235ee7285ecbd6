"""What became of the reports' claims: verdicts in words, and which of two opposed reports is right.

The numbers and the verdicts are those of `hwlib.claims.decide`; nothing is decided here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

from hwlib import plots
from hwlib.discuss.base import Sentence, num

Verdicts = Mapping[str, Any]  # what `hwlib.claims.decide` returns: the content of claims.json
Decided = Mapping[str, Any]  # one claim of it
Part = Mapping[str, Any]  # one measure of a claim

SUPPORTED, CONTRADICTED = "supported", "contradicted"
UNDECIDED, NOT_APPLICABLE = "undecided", "not_applicable"
VERDICTS = {
    SUPPORTED: Sentence("成立", "supported"),
    CONTRADICTED: Sentence("不成立", "contradicted"),
    UNDECIDED: Sentence("未定", "undecided"),
    NOT_APPLICABLE: Sentence("不適用", "not applicable"),
}
# A claim of which another report denies the last measure, without a claim of its own: who does,
# and what it says.
DENIED = {
    "C18": ("C", Sentence("看不出清楚的分界", "no clear split")),
}


class Claim(Protocol):
    """What is told of a claim; `hwlib.claims.CLAIMS` holds such objects."""

    id: str
    statement: Sentence
    letters: Sequence[str]
    protocol: Sentence
    note: Sentence
    opposes: str | None


def signed(value: float, unit: str = "") -> str:
    """Write a difference with its sign, a true minus, and the unit."""
    text = num(abs(value))
    sign = "" if float(text.replace(",", "")) == 0 else "−" if value < 0 else "+"
    return f"{sign}{text}{_unit(unit)}"


def _plain(value: float, unit: str = "") -> str:
    """Write a value with a true minus and the unit."""
    return signed(value, unit).removeprefix("+")


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""


def interval(part: Part) -> str:
    """Write a measure's mean effect and, in brackets, its interval."""
    low, high = signed(part["low"]), signed(part["high"])
    return f"{signed(part['effect'])} [{low}, {high}]{_unit(part['unit'])}"


def claimed_margin(part: Part) -> str:
    """Write the least effect that counts as the claim has it: its sign says which way."""
    if part["direction"] == "equal":
        return f"± {_plain(part['margin'], part['unit'])}"
    return signed(-part["margin"] if part["direction"] == "less" else part["margin"], part["unit"])


def _listed(names: Sequence[str]) -> Sentence:
    """Join names as each language does."""
    return Sentence("、".join(names), ", ".join(names))


def reports(letters: Sequence[str]) -> Sentence:
    """Name the reports of a claim."""
    zh, en = _listed(letters)
    return Sentence(f"報告 {zh}", f"report{'s' if len(letters) > 1 else ''} {en}")


def place(data: Mapping[str, str]) -> Sentence:
    """Say which pictures the verdicts are about.

    Args:
        data: the verdicts' `data`, with `spec`.
    """
    spec = data["spec"]
    if spec.partition(":")[0] == "faces":
        return Sentence("畫出來的臉", "the drawn faces")
    name = Path(spec).name
    return Sentence(f"資料集 {name} ", f"the data set {name}")


# ------------------------------------------------------------------------------- all of them


def claim_method(verdicts: Verdicts) -> list[Sentence]:
    """Say on which pictures, at which size and with which seeds the claims were tried.

    Args:
        verdicts: what `hwlib.claims.decide` returns.
    """
    seeds, profile = list(map(str, verdicts["seeds"])), verdicts["profile"]
    where, listed = place(verdicts["data"]), _listed(seeds)
    found = [
        Sentence(
            f"以下都在{where.zh.rstrip()}上量得，訓練規模是 {profile}，隨機種子是 {listed.zh}；"
            "中括號裡是平均效果的 95 % 信賴區間。",
            f"All of this was measured on {where.en}, profile {profile}, with the seeds"
            f" {listed.en}; in square brackets stands the 95 % interval of the mean effect.",
        )
    ]
    if profile == "smoke":
        found.append(
            Sentence(
                "**這是試跑（smoke）：只用來確認一切能執行，判定沒有意義。**",
                "**Profile smoke shows that everything runs; its verdicts mean nothing.**",
            )
        )
    if profile == "look":
        found.append(
            Sentence(
                "**這是速覽（look）：網路小、訓練短，判定只供參考。**",
                "**Profile look trains small networks for a moment: verdicts are hints only.**",
            )
        )
    return found


def claim_counts(verdicts: Verdicts) -> Sentence:
    """Say how many claims hold, how many are contradicted, undecided, or not applicable.

    Args:
        verdicts: what `hwlib.claims.decide` returns.
    """
    counts = Counter(decided["verdict"] for decided in verdicts["claims"].values())
    total = counts.total()
    told = [(VERDICTS[name], counts[name]) for name in VERDICTS if counts[name]]
    zh = "、".join(f"{name.zh} {count} 條" for name, count in told)
    en = ", ".join(f"{count} {name.en}" for name, count in told)
    return Sentence(
        f"{total} 條結論當中：{zh}。", f"Of {total} claim{'s' if total > 1 else ''}: {en}."
    )


def claim_opposed(verdicts: Verdicts, claims: Mapping[str, Claim]) -> list[Sentence]:
    """Say of reports that contradict each other which one the measurement bears out.

    Args:
        verdicts: what `hwlib.claims.decide` returns.
        claims: every claim by its id, as in `hwlib.claims.CLAIMS`.
    """
    known = {id: decided["verdict"] for id, decided in verdicts["claims"].items()}
    where, found, told = place(verdicts["data"]), [], set()
    for id in known:
        other = claims[id].opposes
        if id in DENIED:
            found.append(_denied(id, verdicts["claims"][id], claims, where))
        elif other in known and other not in told:
            told.add(id)
            found.append(_opposed((id, other), known, claims, where))
    return found or [
        Sentence(
            "這次判定的結論當中，沒有互相矛盾的。",
            "Among the claims tried this time none contradicts another.",
        )
    ]


def _named(id: str, claims: Mapping[str, Claim]) -> Sentence:
    """Return a claim's id with its reports in brackets."""
    zh, en = reports(claims[id].letters)
    return Sentence(f"{id}（{zh}）", f"{id} ({en})")


def _opposed(
    ids: tuple[str, str],
    known: Mapping[str, str],
    claims: Mapping[str, Claim],
    where: Sentence,
) -> Sentence:
    """Weigh two claims of which at most one can be right."""
    one, other = ids
    held = [id for id in ids if known[id] == SUPPORTED]
    names = {id: _named(id, claims) for id in ids}
    verdict = {id: VERDICTS[known[id]] for id in ids}
    zh = f"{one} 與 {other} 互相矛盾。在{where.zh}上，"
    en = f"{one} and {other} contradict each other. On {where.en} "
    if len(held) == 1:
        (right,), (wrong,) = held, set(ids) - set(held)
        return Sentence(
            f"{zh}量測支持 {names[right].zh}，而 {names[wrong].zh}的判定是{verdict[wrong].zh}。",
            f"{en}the measurement bears out {names[right].en}; {names[wrong].en} is"
            f" {verdict[wrong].en}.",
        )
    if len(held) == 2:
        return Sentence(
            f"{zh}兩者都成立：以這裡的量法，它們說的不是同一件事。",
            f"{en}both are supported: as they are measured here, they speak of different things.",
        )
    return Sentence(
        f"{zh}兩者都沒有得到支持：{names[one].zh}{verdict[one].zh}，"
        f"{names[other].zh}{verdict[other].zh}。",
        f"{en}neither is borne out: {names[one].en} is {verdict[one].en}, {names[other].en}"
        f" {verdict[other].en}.",
    )


def _denied(id: str, decided: Decided, claims: Mapping[str, Claim], where: Sentence) -> Sentence:
    """Weigh a claim against a report that denies what its last measure is about."""
    denier, denial = DENIED[id]
    name, verdict = _named(id, claims), decided["verdict"]
    zh = f"{name.zh}有報告 {denier} 反對，說{denial.zh}。在{where.zh}上，"
    en = f"{name.en} is denied by report {denier}, which saw {denial.en}. On {where.en} "
    if verdict == SUPPORTED:
        own = reports(claims[id].letters)
        return Sentence(f"{zh}量測支持{own.zh}。", f"{en}the measurement bears out {own.en}.")
    if verdict == CONTRADICTED and decided["parts"][-1]["verdict"] == CONTRADICTED:
        return Sentence(
            f"{zh}量測支持報告 {denier}。", f"{en}the measurement bears out report {denier}."
        )
    if verdict == CONTRADICTED:
        return Sentence(
            f"{zh}{id} 不成立，但報告 {denier} 所說的那項量測並沒有否定它。",
            f"{en}{id} is contradicted, though not by the measure that report {denier} speaks of.",
        )
    said = VERDICTS[verdict]
    return Sentence(
        f"{zh}量測不支持任何一方：{id} 的判定是{said.zh}。",
        f"{en}the measurement bears out neither: {id} is {said.en}.",
    )


# ------------------------------------------------------------------------------- one of them


def claim_title(claim: Claim, decided: Decided) -> Sentence:
    """Return a claim's heading: its id, its reports, its verdict.

    Args:
        claim: of `hwlib.claims.CLAIMS`.
        decided: what became of it.
    """
    zh, en = _named(claim.id, {claim.id: claim})
    said = VERDICTS[decided["verdict"]]
    return Sentence(f"{zh}：{said.zh}", f"{en}: {said.en}")


def claim_found(claim: Claim, decided: Decided) -> list[Sentence]:
    """Say what was measured of a claim, a sentence a measure, and what follows.

    Args:
        claim: of `hwlib.claims.CLAIMS`.
        decided: what became of it.
    """
    verdict, said = decided["verdict"], VERDICTS[decided["verdict"]]
    if verdict == NOT_APPLICABLE:
        reason = Sentence(**decided["reason"])
        zh, en = reason.zh.rstrip("。"), reason.en.rstrip(".")
        return [
            Sentence(f"**{claim.id} 不適用**：{zh}。", f"**{claim.id} is not applicable**: {en}.")
        ]
    parts = decided["parts"]
    return [*map(_measured, parts), _concluded(claim.id, parts, verdict, said)]


def _concluded(id: str, parts: Sequence[Part], verdict: str, said: Sentence) -> Sentence:
    """Say what follows from all measures of a claim, and from which of them."""
    zh, en = f"**{id} {said.zh}**", f"**{id} is {said.en}**"
    if len(parts) == 1:
        return Sentence(f"所以 {zh}。", f"So {en}.")
    if verdict == SUPPORTED:
        both = Sentence("兩項", "Both") if len(parts) == 2 else None
        count = both or Sentence(f"{len(parts)} 項", f"All {len(parts)}")
        return Sentence(
            f"{count.zh}量測全部成立，所以 {zh}。", f"{count.en} measures hold, so {en}."
        )
    names = [Sentence(**p["name"]) for p in parts if p["verdict"] == verdict]
    which = Sentence("、".join(f"「{n.zh}」" for n in names), "; ".join(n.en for n in names))
    deciding = "這一項" if len(names) == 1 else "這幾項"
    return Sentence(
        f"所以 {zh}，決定的是{deciding}：{which.zh}。", f"So {en}; what decides is: {which.en}."
    )


def _measured(part: Part) -> Sentence:
    """Say one measure: each arm's mean, the effect, its interval, where that lies, the verdict."""
    name, said, arms = Sentence(**part["name"]), VERDICTS[part["verdict"]], _arms(part)
    effect, margin = interval(part), _plain(part["margin"], part["unit"])
    lies, follows = _lies(part)
    zh, en = f"因此{said.zh}", f"hence {said.en}"
    if follows != part["verdict"]:  # `hwlib.claims` lets no run decide that is this short
        zh, en = (
            f"但訓練太短，不能作數，因此{said.zh}",
            f"yet runs this short bear out nothing: {said.en}",
        )
    return Sentence(
        f"{name.zh}：{arms.zh}效果 {effect}，門檻 {margin}，{lies.zh}，{zh}。",
        f"{_capital(name.en)}: {arms.en}effect {effect}, margin {margin}: {lies.en}, {en}.",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _arms(part: Part) -> Sentence:
    """Say each arm's mean over the seeds; nothing where the effects are an arm's values."""
    if plots.is_effect_alone(part):
        return Sentence("", "")
    arms = [
        (Sentence(**arm["text"]), _plain(fmean(arm["values"]), part["value_unit"]))
        for arm in part["arms"].values()
    ]
    return Sentence(
        "平均 " + "、".join(f"{mean}（{text.zh}）" for text, mean in arms) + "；",
        "means " + ", ".join(f"{mean} ({text.en})" for text, mean in arms) + "; ",
    )


def _lies(part: Part) -> tuple[Sentence, str]:
    """Say where the interval lies beside the margin, as is claimed, and what follows from that."""
    low, high, margin = part["low"], part["high"], part["margin"]
    across = Sentence("區間跨過門檻", "the interval lies across it"), UNDECIDED
    if part["direction"] == "equal":
        if -margin < low and high < margin:
            words = Sentence("整個區間都在正負門檻之內", "the whole interval lies within it")
            return words, SUPPORTED
        if low > margin or high < -margin:
            words = Sentence("整個區間都在正負門檻之外", "the whole interval lies beyond it")
            return words, CONTRADICTED
        return across
    if part["direction"] == "less":
        low, high = -high, -low
    if low > margin:
        zh, en = "整個區間都依說法的方向超過門檻", "the whole interval lies beyond it, as claimed"
        return Sentence(zh, en), SUPPORTED
    if high < -margin:
        zh, en = "整個區間都往相反的方向超過門檻", "the whole interval lies beyond it the other way"
        return Sentence(zh, en), CONTRADICTED
    if high < margin:
        zh, en = "整個區間都不到門檻", "the whole interval falls short of it"
        return Sentence(zh, en), CONTRADICTED
    return across


def claim_margins(decided: Decided) -> list[Sentence]:
    """Say how large an effect counts for each measure of a claim, and why, each margin once.

    Args:
        decided: what became of the claim; not one that is not applicable.
    """
    found: dict[Sentence, None] = {}
    for part in decided["parts"]:
        margin, why = _plain(part["margin"], part["unit"]), Sentence(**part["why"])
        zh, en = why.zh.rstrip("。"), why.en.rstrip(".")
        found[Sentence(f"門檻 {margin}：{zh}。", f"Margin {margin}: {en}.")] = None
    return list(found)


def claim_words(claim: Claim, decided: Decided) -> dict[str, dict[str, str]]:
    """Return `alt` and `caption` of a claim's figure, by language.

    Args:
        claim: of `hwlib.claims.CLAIMS`.
        decided: what became of it; not one that is not applicable.
    """
    said = VERDICTS[decided["verdict"]]
    parts = decided["parts"]
    count = len(parts)
    measured = [_measured(part) for part in parts]
    alt = Sentence(
        f"{claim.id}，{count} 項量測，每項左邊是各組每個隨機種子的數值，右邊是效果與區間。"
        + "".join(s.zh for s in measured),
        f"{claim.id}, {count} measure{'s' if count > 1 else ''}: on the left each arm's value for"
        " every seed, on the right the effect with its interval. "
        + " ".join(s.en for s in measured),
    )
    caption = Sentence(
        f"{claim.id}（{said.zh}）：{claim.statement.zh}",
        f"{claim.id} ({said.en}): {claim.statement.en}",
    )
    return {"alt": alt._asdict(), "caption": caption._asdict()}


def claims_words(verdicts: Verdicts) -> dict[str, dict[str, dict[str, str]]]:
    """Return the words of what shows all claims: the figure and two tables, by name.

    Args:
        verdicts: what `hwlib.claims.decide` returns.
    """
    counts, where = claim_counts(verdicts), place(verdicts["data"])
    zh, en = where.zh.strip(), where.en
    return {
        "overview": {
            "alt": {
                "zh": "每條結論一列，畫的是決定判定的那項量測，橫軸是效果除以門檻，帶有區間；"
                f"綠色帶是成立的範圍。{counts.zh}",
                "en": "A row for each claim, by the measure that decides it: the effect over its"
                f" margin, with its interval; the green band is where it holds. {counts.en}",
            },
            "caption": {
                "zh": "每條結論中決定判定的那項量測：效果與區間，以各自的門檻為單位；"
                f"綠色帶是成立的範圍。資料：{zh}。",
                "en": "The measure that decides each claim: effect and interval in units of its"
                f" margin; the green band is where it holds. Data: {en}.",
            },
        },
        "verdicts": {
            "caption": {
                "zh": "五份報告的結論與判定，以及決定判定的那項量測的效果。"
                f"資料：{zh}，規模 {verdicts['profile']}。",
                "en": "What the five reports concluded, the verdicts, and the effect of the measure"
                f" that decides. Data: {en}, profile {verdicts['profile']}.",
            }
        },
        "runs": {
            "caption": {
                "zh": "每組所用的執行資料夾，依隨機種子排列；同一批訓練由幾條結論共用。",
                "en": "The run folders of each arm, in the order of the seeds; claims share runs.",
            }
        },
    }
