"""What a notebook says in Chinese of a mistake, made from the lines that the mistakes do raise."""

from __future__ import annotations

import re

import nbformat
import pytest
import torch
from nbclient import NotebookClient

import hwlib
from hwlib.claims.deciding import checked_seeds, known_ids
from hwlib.config import Config
from hwlib.errors import UserError, did_you_mean
from hwlib.explore.play import finished_runs
from hwlib.mistakes import LINES_ZH, RULES_ZH, in_chinese
from hwlib.recipes import build_models
from hwlib.runtime import resolve_device
from hwlib.show.page import setup
from hwlib.training.fit import TrainingDiverged, check_rows, resolve_attribute


def line_of(mistake, *args, **kwargs) -> str:
    """Return the line that `mistake` raises."""
    with pytest.raises((UserError, TrainingDiverged)) as caught:
        mistake(*args, **kwargs)
    return str(caught.value)


def of_vae(**settings) -> str:
    return line_of(hwlib.make_config, "vae", "dcgan", **settings)


SETTINGS = {
    "recipe": (
        lambda: line_of(hwlib.make_config, "vae", "dcgn"),
        "沒有「dcgn」這份報告（是不是 dcgan？）；vae 可以選：plain、upsample、wide、elbo、dcgan",
    ),
    "a recipe like no other": (
        lambda: line_of(hwlib.make_config, "vae", "?"),
        "沒有「?」這份報告；vae 可以選：plain、upsample、wide、elbo、dcgan",
    ),
    "a problem that the report lacks": (
        lambda: line_of(hwlib.make_config, "infogan", "wide"),
        "報告 wide 沒有做 infogan 這一題；做了這一題的是：dcgan",
    ),
    "a setting's name": (lambda: of_vae(zdim=3), "沒有「zdim」這個設定（是不是 z_dim？）；vae 可"),
    "a setting of another problem": (
        lambda: of_vae(num_codes=2),
        "vae 用不到 num_codes 這個設定；用得到的只有：infogan",
    ),
    "above": (lambda: of_vae(z_dim=0), "設定 z_dim = 0 不對：應該是大於或等於 1 的數"),
    "beyond": (lambda: of_vae(z_dim=9999), "設定 z_dim = 9999 不對：應該是小於或等於 8192 的數"),
    "strictly above": (lambda: of_vae(width=0), "設定 width = 0 不對：應該是大於 0 的數"),
    "strictly below": (
        lambda: line_of(hwlib.make_config, "gan", ema=1),
        "設定 ema = 1 不對：應該是小於 1 的數",
    ),
    "a multiple": (lambda: of_vae(image_size=50), "設定 image_size = 50 不對：應該是 16 的倍數"),
    "whole": (lambda: of_vae(z_dim="ten"), "設定 z_dim = 'ten' 不對：應該是整數"),
    "a number": (lambda: of_vae(width="half"), "設定 width = 'half' 不對：應該是數字"),
    "finite": (lambda: of_vae(width=float("nan")), "設定 width = nan 不對：應該是有限的數"),
    "yes or no": (lambda: of_vae(flip="maybe"), "設定 flip = 'maybe' 不對：應該是 True 或 False"),
    "text": (lambda: of_vae(attribute=5), "設定 attribute = 5 不對：應該是文字（放在引號裡）"),
    "one of several": (
        lambda: of_vae(crop="none"),
        "設定 crop = 'none' 不對：應該是 'hw4' 或 'square'",
    ),
    "claims": (lambda: line_of(known_ids, "C99"), "沒有「C99」這條結論；可以選：C1、C1'、"),
    "seeds": (
        lambda: line_of(checked_seeds, 2),
        "每條結論至少要用 3 個種子，這裡只有 2 個：再少就看不出運氣的影響",
    ),
    "several numbers": (
        lambda: of_vae(adam_betas=0.5),
        "設定 adam_betas = 0.5 不對：應該是好幾個值，例如 [0.5, 0.999]",
    ),
    "one of more": (
        lambda: of_vae(profile="fast"),
        "設定 profile = 'fast' 不對：應該是 'smoke'、'look'、'quick' 或 'course'",
    ),
    "latents of upsample": (
        lambda: line_of(build_models, "upsample", "vae", z_dim=50),
        "設定 z_dim = 50 不對：報告 upsample 的 z_dim 必須是 64 的倍數",
    ),
    "a number of faces": (
        lambda: line_of(hwlib.load_data, "faces:abc"),
        "faces:abc 不對：冒號後面請寫訓練影像的張數（1 以上的整數），例如 faces:2000",
    ),
    "languages": (
        lambda: line_of(setup, ["tw"]),
        'languages = [\'tw\'] 不對：請寫成 ["zh", "en"]、["zh"] 或 ["en"]',
    ),
    "a loss astray": (
        lambda: line_of(check_rows, torch.tensor([[1.0], [torch.nan]]), ["loss"], 8),
        "訓練發散：第 8 步的 loss 不是有限的數。之前的存檔還在；請把 learning_rate 調小",
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_wrong_parameter_is_told_in_chinese(name):
    line, words = SETTINGS[name]
    told = in_chinese(line())
    assert told.startswith(words)
    assert "did you mean" not in told


def test_wrong_data_are_told_in_chinese(make_hw4, tmp_path):
    def of(path) -> str:
        return in_chinese(line_of(hwlib.load_data, str(path)))

    assert of(tmp_path / "none").startswith(f"找不到資料夾 {tmp_path / 'none'}：請給 'faces'、")
    root = make_hw4()
    assert of(root / "train.csv") == f"{root / 'train.csv'} 是檔案：請給放資料的那個資料夾"
    (tmp_path / "bare").mkdir()
    assert of(tmp_path / "bare") == f"{tmp_path / 'bare'} 是空的資料夾"
    (tmp_path / "bare" / "notes.txt").write_text("nothing")
    assert of(tmp_path / "bare").startswith(
        f"{tmp_path / 'bare'} 裡沒有認得的資料：hw4 要有 train."
    )
    (tmp_path / "bare" / "one.png").write_bytes((root / "train" / "00000.png").read_bytes())
    assert " 只有 1 張可用的影像：" in of(tmp_path / "bare")
    (root / "train" / "00001.png").write_bytes(b"no picture")
    told = of(root)
    assert told.startswith(f"{root}：9 張影像中有 1 張不能用（train/00001.png is no picture")
    assert told.endswith("。請修好或刪掉，或設 skip_bad = True 略過它們")


def test_wrong_attributes_are_told_in_chinese(make_hw4):
    root = make_hw4()
    data = hwlib.load_data(str(root))

    def of(attribute, data=data) -> str:
        config = Config.create(
            **hwlib.make_config("acgan", data=data.spec, profile="smoke").to_json()
            | {"attribute": attribute}
        )
        return in_chinese(line_of(resolve_attribute, config, data))

    assert of("smilling") == (
        f"資料 {data.spec} 沒有「smilling」這個屬性（是不是 Smiling？）；它有：Male、Smiling"
    )
    assert of("") == "attribute 是空的；ACGAN 至少要學一個屬性，可以選：Male、Smiling"
    assert of("Male", hwlib.load_data(str(root / "train"))).startswith("ACGAN 要學屬性，資料 ")
    data.train.labels[:, 0] = 1
    assert of("Male").endswith("屬性「Male」全部都是 1，沒有東西可學：請換一個有變化的屬性")


def test_a_place_without_runs_and_a_missing_device_are_told_in_chinese(tmp_path, monkeypatch):
    assert in_chinese(line_of(finished_runs, tmp_path)).startswith(f"{tmp_path} 裡還沒有訓練完成")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert in_chinese(line_of(resolve_device, "cuda")).startswith("這台機器沒有 cuda；可以用：")


def test_every_name_in_the_chinese_words_is_found_by_the_pattern():
    for pattern, words in (LINES_ZH | RULES_ZH).items():
        asked = set(re.findall(r"(?<!\{)\{(\w+)\}", words))
        assert asked == set(re.compile(pattern).groupindex), pattern


def test_a_line_without_words_in_chinese_has_none():
    assert in_chinese("no such thing as this line") is None


def test_the_nearest_name_is_offered_whatever_its_case():
    assert did_you_mean("smilling", ["Male", "Smiling"]) == " (did you mean Smiling?)"
    assert did_you_mean("xyz", ["Male", "Smiling"]) == ""


def test_a_notebook_tells_a_mistake_in_the_languages_that_it_asks_for(monkeypatch):
    monkeypatch.delenv("HWLIB_BATCH", raising=False)
    wrong = "hwlib.make_config('vae', 'dcgn')"
    untold = "raise hwlib.errors.UserError('no such thing')"
    cells = [
        "import hwlib\nfrom hwlib import show\nshow.setup()",
        f"languages = ['zh', 'en']; {wrong}",
        f"languages = ['zh']; {wrong}",
        f"languages = ['en']; {wrong}",
        untold,
        f"languages = ['zh']; {untold}",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
    zh = f"✗ {SETTINGS['recipe'][1]}\n"
    en = f"✗ {SETTINGS['recipe'][0]()}\n"
    told = "✗ no such thing\n"
    found = ["".join(output.text for output in cell.outputs) for cell in notebook.cells[1:]]
    assert found == [zh + en, zh, en, told, told]
