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
        "help_kl": "拖動滑桿換一個 KL 權重的 VAE：測試影像與 z 都不變，只有權重不同。"
        "按左右方向鍵逐一比較。",
        "help_infogan": "按數字選編碼的值，z 不變；下方是同一個 z 換成其他值的樣子，"
        "框起來的是目前的值。",
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
        "help_kl": "The slider changes to the VAE of another KL weight: test images and z stay, "
        "only the weight differs. Left and right arrow keys compare one by one.",
        "help_infogan": "Choose a code's value while z stays; below is the same z with the other "
        "values, the chosen one in a frame.",
    },
}

# How a generator gets its labels, by its joining module.
LABEL_WAYS: dict[str, dict[str, str]] = {
    "JoinEmbedding": {
        "zh": "這份報告採用**嵌入**：標記查表換成與 $z$ 一樣長的向量（{z_dim:,} 個數），再與 $z$"
        " 逐項相乘，生成器的輸入仍是 {num_inputs:,} 個數。",
        "en": "This report has the **embedding**: a table turns the label into a vector as long as"
        " $z$ ({z_dim:,} numbers), which multiplies $z$ term by term, so the generator still"
        " starts from {num_inputs:,} numbers.",
    },
    "JoinValues": {
        "zh": "這份報告採用**多一個數值**：標記直接接在 $z$ 的 {z_dim:,} 個數後面，生成器的輸入一共"
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
