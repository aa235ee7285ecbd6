"""The generated pages of docs/ are what the code and its words give, and links lead somewhere."""

import re
import runpy
from pathlib import Path

import pytest

from hwlib.config import Config
from hwlib.text import LANGUAGES, has_word

ROOT = Path(__file__).parents[1]
PAGES = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(path):
    assert path.read_text(encoding="utf-8") == PAGES[path], "run `python docs/generate.py`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_setting_says_what_it_means(language):
    settings = set(Config.model_fields) - {"problem", "recipe"}
    assert [name for name in settings if not has_word(f"settings.{name}", language)] == []


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")], ids=lambda path: path.name
)
def test_links_and_pictures_lead_to_files(page):
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    files = [page.parent / target for target in targets if "://" not in target]
    assert [str(file) for file in files if not file.exists()] == []
