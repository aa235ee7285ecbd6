"""Every word that the report engine itself says: one dict per language.

To add a language: one more entry in `LANGUAGES` and in each dict below; a test shows what is
missing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """One language of the report."""

    tag: str  # for HTML's lang
    code: str  # for Typst's lang
    region: str  # for Typst's region
    name: str  # what its own readers call it


LANGUAGES = {
    "zh": Language("zh-TW", "zh", "TW", "中文"),
    "en": Language("en", "en", "US", "English"),
}

WORDS = {
    "zh": {
        "lab": "生成式模型課程實驗室",
        "title": "人臉生成模型實驗報告",
        "subtitle": "以同一套程式訓練、量測並彙整的課程作業",
        "overview": "結果總覽",
        "overview_note": "每列是一次實驗，所有數字都由執行結果直接產生。測試 MSE 是整個測試集的"
        "平均，像素以 [0, 1] 與 [−1, 1] 兩種尺度表示；nats 以每張影像計。",
        "overview_caption": "所有實驗的關鍵數字",
        "reports": "各題報告",
        "contents": "目錄",
        "figure": "圖",
        "table": "表",
        "code": "程式碼",
        "skip": "跳到正文",
        "menu": "報告選單",
        "languages": "語言",
        "pdf": "PDF 版",
        "notebook": "執行後的筆記本",
        "back": "回總覽",
        "previous": "上一份",
        "next": "下一份",
        "read": "閱讀報告",
        "top": "回到頁首",
        "state": "狀態",
        "done": "完成",
        "failed": "失敗",
        "failed_title": "這一題執行失敗",
        "failed_note": "其餘報告不受影響。原因：",
        "failed_lines": "錯誤訊息的最後幾行",
        "trust": "這份報告如何產生",
        "trust_note": "以下內容由執行紀錄自動填入，足以重現本頁的每一個數字。",
        "trust_caption": "執行環境、設定與資料指紋",
        "item": "項目",
        "value": "內容",
        "page": "頁",
        "sep": "：",
        "problem_word": "題目",
        "no_title": "未命名的題目",
    },
    "en": {
        "lab": "Generative Model Course Lab",
        "title": "Generative Models of Faces: Lab Report",
        "subtitle": "Coursework trained, measured and reported by one program",
        "overview": "Results at a glance",
        "overview_note": "One row per experiment. Every number comes straight from the run's "
        "results; test MSE is the mean over the entire test set, with pixels in [0, 1] and in "
        "[−1, 1]; nats are per image.",
        "overview_caption": "Key numbers of all experiments",
        "reports": "Reports",
        "contents": "Contents",
        "figure": "Figure",
        "table": "Table",
        "code": "Code",
        "skip": "Skip to content",
        "menu": "Report menu",
        "languages": "Language",
        "pdf": "PDF",
        "notebook": "Executed notebook",
        "back": "Overview",
        "previous": "Previous",
        "next": "Next",
        "read": "Read the report",
        "top": "Back to top",
        "state": "State",
        "done": "done",
        "failed": "FAILED",
        "failed_title": "This problem failed",
        "failed_note": "The other reports are complete. Reason: ",
        "failed_lines": "Last lines of the error",
        "trust": "What made this report",
        "trust_note": "Filled in from the run's own record: enough to make every number on this "
        "page again.",
        "trust_caption": "Environment, settings and data fingerprint",
        "item": "Item",
        "value": "Value",
        "page": "Page",
        "sep": ": ",
        "problem_word": "Problem",
        "no_title": "Untitled problem",
    },
}

PROBLEMS = {
    "zh": {
        "vae": "變分自編碼器（VAE）",
        "kl": "KL 權重研究",
        "gan": "生成對抗網路（GAN）",
        "acgan": "輔助分類器 GAN（ACGAN）",
        "infogan": "資訊最大化 GAN（InfoGAN）",
    },
    "en": {
        "vae": "Variational autoencoder (VAE)",
        "kl": "KL weight study",
        "gan": "Generative adversarial network (GAN)",
        "acgan": "Auxiliary classifier GAN (ACGAN)",
        "infogan": "Information maximising GAN (InfoGAN)",
    },
}

PROFILES = {
    "zh": {"smoke": "smoke（試跑）", "quick": "quick（快速）", "course": "course（完整課程）"},
    "en": {"smoke": "smoke", "quick": "quick", "course": "course"},
}

# Why a job failed.
REASONS = {
    "zh": {
        "no_start": "筆記本無法啟動：{error}",
        "not_run": "第 {cell} 個程式格沒有執行",
        "kernel": "核心在第 {cell} 個程式格終止：{error}",
        "exit": "第 {cell} 個程式格結束了核心：{error}",
        "cell": "第 {cell} 個程式格：{error}",
        "no_run": "筆記本沒有說明它使用哪一個執行資料夾",
        "unfinished": "{run} 尚未完成：沒有 results.json",
        "other": "{error}",
    },
    "en": {
        "no_start": "the notebook did not start: {error}",
        "not_run": "code cell {cell} did not run",
        "kernel": "the kernel ended in code cell {cell}: {error}",
        "exit": "code cell {cell} ended the kernel: {error}",
        "cell": "code cell {cell}: {error}",
        "no_run": "the notebook did not say which run folder it used",
        "unfinished": "{run} is not finished: it has no results.json",
        "other": "{error}",
    },
}

# Key numbers in the order of the summary's columns: the names of results.json.
METRICS = {
    "zh": {
        "num_parameters": "參數量",
        "num_steps": "訓練步數",
        "train_time_s": "訓練時間（秒）",
        "images_per_s": "每秒影像數",
        "test_mse_01": "測試 MSE [0, 1]",
        "test_mse_11": "測試 MSE [−1, 1]",
        "neg_elbo_nats": "負 ELBO（nats）",
        "recon_nats": "重建項（nats）",
        "kl_nats": "KL（nats）",
        "active_units": "活躍隱變數",
        "sharpness_samples": "樣本銳利度",
        "sharpness_real": "真實影像銳利度",
        "linear_probe_accuracy": "線性探測準確率",
        "d_accuracy_real": "D 對真實影像準確率",
        "d_accuracy_fake": "D 對生成影像準確率",
        "frechet": "Fréchet 距離",
        "kid": "KID",
        "precision": "精確率",
        "recall": "召回率",
        "density": "密度",
        "coverage": "覆蓋率",
        "attribute_accuracy": "屬性準確率",
        "attribute_flip_rate": "屬性翻轉率",
        "code_accuracy": "編碼準確率",
        "code_information_nats": "編碼資訊量（nats）",
    },
    "en": {
        "num_parameters": "Parameters",
        "num_steps": "Steps",
        "train_time_s": "Training time (s)",
        "images_per_s": "Images/s",
        "test_mse_01": "Test MSE [0, 1]",
        "test_mse_11": "Test MSE [−1, 1]",
        "neg_elbo_nats": "Negative ELBO (nats)",
        "recon_nats": "Reconstruction (nats)",
        "kl_nats": "KL (nats)",
        "active_units": "Active latents",
        "sharpness_samples": "Sharpness, samples",
        "sharpness_real": "Sharpness, real",
        "linear_probe_accuracy": "Linear probe accuracy",
        "d_accuracy_real": "D accuracy, real",
        "d_accuracy_fake": "D accuracy, generated",
        "frechet": "Fréchet distance",
        "kid": "KID",
        "precision": "Precision",
        "recall": "Recall",
        "density": "Density",
        "coverage": "Coverage",
        "attribute_accuracy": "Attribute accuracy",
        "attribute_flip_rate": "Attribute flip rate",
        "code_accuracy": "Code accuracy",
        "code_information_nats": "Code information (nats)",
    },
}

# What config.json says beside the settings, and the settings themselves; a key that is not here
# shows its own name.
FACTS = {
    "zh": {
        "problem": "題目",
        "recipe": "配方",
        "data": "資料集",
        "profile": "規模",
        "seed": "隨機種子",
        "run": "執行資料夾",
        "command": "指令",
        "notebook": "筆記本",
        "settings": "全部設定",
        "parameters": "其他筆記本參數",
        "data_fingerprint": "資料指紋",
        "layout": "資料格式",
        "code_fingerprint": "程式碼指紋",
        "num_train": "訓練影像數",
        "num_test": "測試影像數",
        "num_images": "看過的訓練影像數",
        "image_size": "影像邊長（像素）",
        "channels": "色彩通道",
        "crop": "裁切方式",
        "num_left_out": "略過的檔案數",
        "attributes": "屬性",
        "device": "硬體",
        "resolved_device": "運算裝置",
        "precision": "數值精度",
        "platform": "作業系統",
        "num_threads": "執行緒數",
        "num_cores": "處理器核心數",
        "versions": "版本",
        "train_time_s": "訓練時間（秒）",
    },
    "en": {
        "problem": "Problem",
        "recipe": "Recipe",
        "data": "Data",
        "profile": "Profile",
        "seed": "Seed",
        "run": "Run folder",
        "command": "Command",
        "notebook": "Notebook",
        "settings": "All settings",
        "parameters": "Other notebook parameters",
        "data_fingerprint": "Data fingerprint",
        "layout": "Data layout",
        "code_fingerprint": "Code fingerprint",
        "num_train": "Training images",
        "num_test": "Test images",
        "num_images": "Training images seen",
        "image_size": "Image side (pixels)",
        "channels": "Colour channels",
        "crop": "Crop",
        "num_left_out": "Files left out",
        "attributes": "Attributes",
        "device": "Hardware",
        "resolved_device": "Device",
        "precision": "Precision",
        "platform": "System",
        "num_threads": "Threads",
        "num_cores": "Processor cores",
        "versions": "Versions",
        "train_time_s": "Training time (s)",
    },
}
