"""The words of the panels."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "image_a": "影像 A",
        "image_b": "影像 B",
        "share": "A → B",
        "path": "路徑",
        "linear": "直線",
        "spherical": "球面",
        "random": "隨機抽樣",
        "reset": "滑桿歸零",
        "original": "原圖 {which}",
        "reconstruction": "重建 {which}",
        "between": "A 與 B 之間",
        "sample": "隨機樣本",
        "latent": "z[{latent}]",
        "help": "每支滑桿替一個隱變數加上 −3 到 3，依活躍程度排列。按 Tab 換下一個，方向鍵微調。",
        "fresh": "換一個 z",
        "new_sample": "新的樣本",
        "number": "z 的編號",
        "number_a": "z A 的編號",
        "number_b": "z B 的編號",
        "end": "z {which}",
        "length": "z 的長度 {length:.1f}（一般約 {usual:.1f}）",
        "trial": "這是試跑（smoke），網路等於沒有訓練：影像灰濛濛一片、拖動控制項也看不出差別，"
        "都是正常的。",
        "look": "這是速覽（look）：訓練很短，影像粗糙，有些控制項拖動起來還看不太出差別；"
        "想看清楚請用 quick。",
        "help_gan": "「新的樣本」換一個 z A；拖動 A → B 走向 z B，下方是沿途的九張影像。"
        "同一個編號永遠是同一個 z。按 Tab 換下一個，方向鍵微調。",
        "off": "關",
        "on": "開",
        "as_set": "目前的設定",
        "all_off": "全部關",
        "all_on": "全部開",
        "help_acgan": "滑桿在 0（關）與 1（開）之間切換屬性，z 不變；"
        "左右兩張是關與開。同一個編號永遠是同一個 z。",
        "code": "編碼",
        "codes": "編碼 {code}",
        "value": "編碼值 {value}",
        "num_codes": "編碼：{count} 個",
        "kl_weight": "KL 權重 λ",
        "kl_originals": "測試影像",
        "kl_reconstructions": "重建影像",
        "kl_samples": "先驗樣本（每個權重用同一批 z）",
        "kl_told": "MSE [0, 1] {mse}　KL {kl} nats　活躍 {active}",
        "kl_frame": "{weight}：{told}",
        "help_kl": "拖動滑桿換一個 KL 權重的 VAE：測試影像與 z 都不變，只有權重不同。"
        "按左右方向鍵逐一比較。",
        "help_infogan": "按數字選編碼的值，z 不變；下方是同一個 z 換成其他值的樣子，"
        "框起來的是目前的值。",
        "picture": "影像",
        "its_reconstruction": "重建",
        "changed": "加上方向",
        "attribute": "屬性",
        "strength": "強度",
        "strengths": "強度由 −{limit} 到 {limit}",
        "from_test": "測試影像",
        "from_own": "自己的照片",
        "image_number": "影像編號",
        "upload": "選一張照片",
        "zoom": "放大",
        "left": "左右",
        "top": "上下",
        "no_upload": "還沒有照片：先按「選一張照片」。",
        "still_shown": "；下面仍是先前的照片",
        "as_homework": "{name}：對齊過的 CelebA 照片，照作業的方式裁切",
        "as_square": "{name}：取正中央的正方形；用「放大、左右、上下」讓臉與測試影像裡的一樣大",
        "help_direction": "方向是「有這個屬性」與「沒有」的測試影像，兩者平均隱變數的差；"
        "強度 1 就是加上整個差，負的則往反方向走。照片請小於 10 MB。",
        "run": "訓練結果",
        "seed": "種子 {seed}",
        "tab_walk": "隱空間",
        "tab_direction": "屬性方向",
        "moves": "會動的是",
        "keep_as": "存成",
        "as_gif": "GIF 動畫",
        "as_mp4": "MP4 影片",
        "as_webp": "WebP 動畫",
        "as_png": "PNG（一排影格）",
        "keep": "存檔",
        "kept": "已存到 {path}；下載：{link}",
        "film_alt": "剛存好的檔案：{label}",
    },
    "en": {
        "image_a": "image A",
        "image_b": "image B",
        "share": "A → B",
        "path": "path",
        "linear": "linear",
        "spherical": "spherical",
        "random": "random sample",
        "reset": "sliders to 0",
        "original": "original {which}",
        "reconstruction": "reconstruction {which}",
        "between": "between A and B",
        "sample": "random sample",
        "latent": "z[{latent}]",
        "help": "Each slider adds −3 to 3 to one latent, most active first. "
        "Tab moves on, arrow keys move a slider.",
        "fresh": "another z",
        "new_sample": "new sample",
        "number": "z number",
        "number_a": "z A number",
        "number_b": "z B number",
        "end": "z {which}",
        "length": "length of z {length:.1f} (usually about {usual:.1f})",
        "trial": "This is a smoke trial with networks as good as untrained: grey pictures, and"
        " controls that change hardly anything, are to be expected.",
        "look": "This is a look, trained for a moment: pictures are rough, and some controls hardly"
        " change them yet; quick shows more.",
        "help_gan": "The button draws another z A; A → B walks to z B, with the way in nine "
        "pictures below. A number is always the same z. Tab moves on, arrow keys move a slider.",
        "off": "off",
        "on": "on",
        "as_set": "as set",
        "all_off": "all off",
        "all_on": "all on",
        "help_acgan": "A slider switches its attribute from 0 (off) to 1 (on) while z stays; "
        "left and right are off and on. A number is always the same z.",
        "code": "code",
        "codes": "code {code}",
        "value": "value {value}",
        "num_codes": "codes: {count}",
        "kl_weight": "KL weight λ",
        "kl_originals": "test images",
        "kl_reconstructions": "reconstructions",
        "kl_samples": "samples from the prior (the same z for every weight)",
        "kl_told": "MSE [0, 1] {mse} · KL {kl} nats · active {active}",
        "kl_frame": "{weight}: {told}",
        "help_kl": "The slider changes to the VAE of another KL weight: test images and z stay, "
        "only the weight differs. Left and right arrow keys compare one by one.",
        "help_infogan": "Choose a code's value while z stays; below is the same z with the other "
        "values, the chosen one in a frame.",
        "picture": "picture",
        "its_reconstruction": "reconstruction",
        "changed": "direction added",
        "attribute": "attribute",
        "strength": "strength",
        "strengths": "strength from −{limit} to {limit}",
        "from_test": "test picture",
        "from_own": "my own",
        "image_number": "number",
        "upload": "choose a photo",
        "zoom": "zoom",
        "left": "left–right",
        "top": "up–down",
        "no_upload": "There is no photograph yet: press 'choose a photo' first.",
        "still_shown": "; the photograph below is the one before it",
        "as_homework": "{name}: an aligned CelebA photograph, cropped as in the homework",
        "as_square": "{name}: the square in its middle; with zoom, left–right and up–down bring"
        " the face to the size it has in test pictures",
        "help_direction": "The direction is the mean latent of test pictures with the attribute"
        " less that of those without. Strength 1 adds all of it, a negative one goes the other"
        " way. Photographs of less than 10 MB, please.",
        "run": "run",
        "seed": "seed {seed}",
        "tab_walk": "latent space",
        "tab_direction": "attribute direction",
        "moves": "what moves",
        "keep_as": "save as",
        "as_gif": "moving GIF",
        "as_mp4": "MP4 video",
        "as_webp": "moving WebP",
        "as_png": "PNG strip",
        "keep": "save",
        "kept": "Saved as {path}; download: {link}",
        "film_alt": "the file just saved: {label}",
    },
}

# How a generator gets its labels, by its joining module.
LABEL_WAYS: dict[str, dict[str, str]] = {
    "JoinEmbedding": {
        "zh": "這份報告採用**嵌入**：標籤查表換成與 $z$ 一樣長的向量（{z_dim:,} 個數），再與 $z$"
        " 逐項相乘，生成器的輸入仍是 {num_inputs:,} 個數。",
        "en": "This report has the **embedding**: a table turns the label into a vector as long as"
        " $z$ ({z_dim:,} numbers), which multiplies $z$ term by term, so the generator still"
        " starts from {num_inputs:,} numbers.",
    },
    "JoinValues": {
        "zh": "這份報告採用**多一個數值**：標籤直接接在 $z$ 的 {z_dim:,} 個數後面，生成器的輸入一共"
        " {num_inputs:,} 個數。",
        "en": "This report has **one value more**: the label is joined to the {z_dim:,} numbers of"
        " $z$, so the generator starts from {num_inputs:,} numbers.",
    },
    "JoinOneHot": {
        "zh": "這份報告採用 **one-hot**：每個屬性換成「關、開」兩個數，接在 $z$ 的 {z_dim:,} 個數"
        "後面，生成器的輸入一共 {num_inputs:,} 個數。",
        "en": "This report has the **one-hot** form: each attribute becomes two numbers, off and"
        " on, joined to the {z_dim:,} numbers of $z$, so the generator starts from {num_inputs:,}"
        " numbers.",
    },
}

# Why a picture cannot be used, as hwlib.data.decode says it, and the same in Chinese.
UNREADABLE_ZH: dict[str, str] = {
    r"is empty.*": "是空的檔案",
    r"is (\d+x\d+): at least (\d+x\d+) pixels are needed": r"只有 \1 像素，至少要 \2",
    r"is no picture.*": "不是影像檔，或是不認得的格式",
    r"is too large.*": "太大了",
    r"has '?(.+?)'? pixels.*": r"的像素格式（\1）沒有固定的範圍，請另存成每色 8 位元",
    r"is cut off.*": "不完整，檔案被截斷了",
    r"is damaged.*": "已經損壞",
}

# What problems are called, in the order of the notebooks but for the study, which is about VAEs.
PROBLEM_NAMES: dict[str, dict[str, str]] = {
    "vae": {"zh": "VAE", "en": "VAE"},
    "kl": {"zh": "KL 研究", "en": "KL study"},
    "gan": {"zh": "GAN", "en": "GAN"},
    "acgan": {"zh": "ACGAN", "en": "ACGAN"},
    "infogan": {"zh": "InfoGAN", "en": "InfoGAN"},
}
