"""Make settings.md, metrics.md and claims.md of each language from the code and its words.

`python docs/generate.py` writes them; `tests/test_docs.py` holds what is written equal to the code.
"""

from __future__ import annotations

import json
from pathlib import Path

from hwlib.claims.catalogue import CLAIMS
from hwlib.config import ARGUMENTS, Config
from hwlib.registry import PROBLEMS
from hwlib.text import LANGUAGES, join_choices, section, word

DOCS = Path(__file__).parent
VERDICTS = DOCS.parent / "report" / "verdicts"
# Arguments and options of their own, not settings.
NOT_SETTINGS = frozenset({"problem", "recipe"})


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def page(name: str, language: str, *parts: str) -> str:
    """Return a page: title, introduction, its parts, and how it was made."""
    title, intro = (word(f"docs.{name}.{part}", language) for part in ("title", "intro"))
    return "\n\n".join([f"# {title}", intro, *parts, word("docs.about_made", language)]) + "\n"


def default_of(name: str, language: str) -> str:
    """Return a setting's default as one types it."""
    field = Config.model_fields[name]
    if field.is_required() or field.default in (None, ()) or name == "kl_weights":
        return f"*{word('docs.settings.recipe', language)}*"
    if isinstance(field.default, tuple):
        return f"`{','.join(f'{one:g}' for one in field.default)}`"
    shown = json.dumps(field.default) if not isinstance(field.default, str) else field.default
    return f"`{shown}`"


def settings(language: str) -> str:
    """Return the page of all settings."""
    heads = [word(f"docs.settings.{one}", language) for one in ("name", "default", "problems")]
    rows = []
    for name in Config.model_fields:
        if name in NOT_SETTINGS:
            continue
        having = [problem for problem, entry in PROBLEMS.items() if name in entry.settings]
        everywhere = word("docs.settings.all", language)
        problems = join_choices(having, language=language) if having else everywhere
        option = f"`{name}`" if name not in ARGUMENTS else f"`--{name}`"
        meaning = word(f"settings.{name}", language)
        rows.append([option, default_of(name, language), problems, meaning])
    heads.append(word("docs.settings.meaning", language))
    return page("settings", language, table(heads, rows))


def metrics(language: str) -> str:
    """Return the page of all numbers of results.json."""
    heads = [word(f"docs.metrics.{one}", language) for one in ("name", "label", "meaning")]
    rows = [
        [
            f"`{name}`",
            about["label"] + (f" ({about['unit']})" if about["unit"] else ""),
            about["meaning"],
        ]
        for name, about in section("metrics", language).items()
        if isinstance(about, dict) and "meaning" in about
    ]
    others = [
        [f"`{name.replace('ending', '…')}`", word(f"docs.results.{name}", language)]
        for name in section("docs", language)["results"]
    ]
    title = f"## {word('docs.metrics.others', language)}"
    parts = (table(heads, rows), title, table([heads[0], heads[2]], others))
    return page("metrics", language, *parts)


def claims(language: str) -> str:
    """Return the page of the conclusions with the verdicts that are kept."""
    decided: dict[str, str] = {}
    for path in sorted(VERDICTS.glob("*.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))["claims"]
        decided |= {id: claim["verdict"] for id, claim in kept.items()}
    heads = [
        word(f"claims.columns.{one}", language) for one in ("id", "claim", "reports", "verdict")
    ]
    untested = word("claims.not_tested", language)
    rows = []
    for id, claim in CLAIMS.items():
        verdict = word(f"claims.verdicts.{decided[id]}", language) if id in decided else untested
        rows.append(
            [id, word(f"claims.{id}.statement", language), ", ".join(claim.letters), verdict]
        )
    return page("claims", language, table(heads, rows))


def pages() -> dict[Path, str]:
    """Return what stands in each generated file."""
    made = {}
    for language, about in LANGUAGES.items():
        ending = ".md" if language == "en" else f".{about.tag}.md"
        for name, write in {"settings": settings, "metrics": metrics, "claims": claims}.items():
            made[DOCS / f"{name}{ending}"] = write(language)
    return made


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
