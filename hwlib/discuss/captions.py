"""Alternative text and captions of figures and tables, by name."""

from __future__ import annotations

import math
from typing import Any

from hwlib.discuss.base import Sentence, num
from hwlib.discuss.names import named
from hwlib.plots.maps import MAX_ATTRIBUTES, MAX_BARS

NETWORKS = {
    "gan": Sentence("生成器 G 與判別器 D", "generator G and discriminator D"),
    "acgan": Sentence("生成器 G 與判別器 D", "generator G and discriminator D"),
    "infogan": Sentence("生成器 G、判別器 D 與 Q", "generator G, discriminator D and Q"),
}

SLIDER = Sentence(
    "滑桿可以拖動；PDF 列出其中幾格。",
    "The slider can be dragged; the PDF has some of its frames.",
)

CAPTIONS: dict[str, dict[str, Sentence]] = {
    "architecture": {
        "alt": Sentence(
            "VAE 方塊圖：左欄由上而下是編碼器各層，中間是 μ、log σ² 與抽樣得到的 z，"
            "右欄由下而上是解碼器各層，"
            "每個方塊標有輸出形狀與參數量。",
            "Block diagram of the VAE: the encoder's layers run down the left column, μ, log σ² and"
            " the"
            " sampled z stand in the middle, the decoder's layers run up the right column; each box"
            " gives its output shape and parameters.",
        ),
        "caption": Sentence(
            "{recipe} 的 VAE 架構。方塊右上是輸出形狀（通道×高×寬），右下是參數量。",
            "The VAE of {recipe}. Upper right in each box: output shape (channels×height×width);"
            " lower right: parameters.",
        ),
    },
    "fig1_2": {
        "alt": Sentence(
            "兩張折線圖，橫軸是訓練週期：左邊是重建損失，右邊是 KL 散度；線是訓練集，點是測試集。"
            "{facts}",
            "Two line charts over epochs: reconstruction loss on the left, KL divergence on the"
            " right; lines are training, points the test set. {facts}",
        ),
        "caption": Sentence(
            "VAE 的學習曲線：重建損失與 KL 散度，單位是每張影像的 nats，兩圖的縱軸不同。",
            "Learning curves of the VAE: reconstruction loss and KL divergence in nats per image;"
            " the two vertical axes differ.",
        ),
    },
    "fig1_3": {
        "alt": Sentence(
            "上排是測試影像，下排是 VAE 對同一張影像的重建。",
            "Test images in the upper row, the VAE's reconstruction of each below it.",
        ),
        "caption": Sentence(
            "測試影像與其重建；整個測試集的 MSE：[0, 1] 為 {mse_01}，[-1, 1] 為 {mse_11}。",
            "Test images and their reconstructions; MSE of the entire test set: {mse_01} in [0, 1],"
            " {mse_11} in [-1, 1].",
        ),
    },
    "fig1_4": {
        "alt": Sentence(
            "四列八行共 32 張隨機樣本，由標準常態抽出的 z 解碼而成。",
            "32 random samples in four rows of eight, decoded from z drawn from the standard"
            " normal.",
        ),
        "caption": Sentence(
            "32 張隨機樣本，z 由先驗 N(0, I) 抽出，未經挑選。",
            "32 random samples with z drawn from the prior N(0, I), none picked by hand.",
        ),
    },
    "fig1_5": {
        "alt": Sentence(
            "測試影像隱變數的 t-SNE 散佈圖，共 {count:,} 點。{facts}",
            "Scatter plot of the t-SNE of {count:,} test images' latents. {facts}",
        ),
        "caption": Sentence(
            "測試影像的隱變數 μ 以 t-SNE 降到二維。{facts}",
            "Latents μ of test images, brought to two dimensions by t-SNE. {facts}",
        ),
    },
    "latent_activity": {
        "alt": Sentence(
            "長條圖：各隱變數 μ 的變異數由大到小排列，並以橫線標出 0.01 的門檻；{total:,} 個中有"
            " {active:,} 個在門檻之上。",
            "Bars: the variance of each latent's μ from large to small, with a line at the"
            " threshold of 0.01; {active:,} of {total:,} are above it.",
        ),
        "caption": Sentence(
            "各隱變數的活躍程度：μ 在 {count:,} 張測試影像間的變異數，縱軸為對數刻度。",
            "How active each latent is: the variance of μ over {count:,} test images, on a log"
            " axis.",
        ),
    },
    "interpolation": {
        "alt": Sentence(
            "{rows} 列影像，每列由一張測試影像的重建漸變為另一張的重建。",
            "{rows} rows of pictures; each turns from one test image's reconstruction into"
            " another's.",
        ),
        "caption": Sentence(
            "隱空間中的直線內插：最左與最右是兩張測試影像的重建，百分比是走過的路程。",
            "Straight paths through latent space: the ends are two test images' reconstructions,"
            " the percentage is the share of the way.",
        ),
    },
    "traversal": {
        "alt": Sentence(
            "{rows} 列影像，每列只改變一個隱變數，由左到右從 −3 到 3。",
            "{rows} rows of pictures; in each a single latent goes from −3 on the left to 3 on the"
            " right.",
        ),
        "caption": Sentence(
            "最活躍的 {rows} 個隱變數各自從 −3 變到 3，其餘固定在同一張測試影像的 μ。",
            "The {rows} most active latents, each going from −3 to 3 while the others stay at one"
            " test image's μ.",
        ),
    },
    "interpolation_slider": {
        "alt": Sentence(
            "一張影像，隨滑桿由一張測試影像的重建漸變為另一張的重建，共 {count} 格。",
            "A picture that turns along the slider from one test image's reconstruction into"
            " another's in {count} frames.",
        ),
        "caption": Sentence(
            "前兩張測試影像之間的直線，共 {count} 格。{slider}",
            "The straight way between the first two test images in {count} frames. {slider}",
        ),
    },
    "traversal_slider": {
        "alt": Sentence(
            "{rows} 張影像，各有一支滑桿把一個隱變數由 −3 變到 3，共 {count} 格。",
            "{rows} pictures, each with a slider that takes one latent from −3 to 3 in {count}"
            " frames.",
        ),
        "caption": Sentence(
            "最活躍的 {rows} 個隱變數，各由 −3 變到 3，其餘固定在第一張測試影像的 μ。{slider}",
            "The {rows} most active latents, each from −3 to 3 while the others stay at the first"
            " test image's μ. {slider}",
        ),
    },
    "gan_slider": {
        "alt": Sentence(
            "兩張生成的影像，隨滑桿由同一個 z 漸變為另一個 z：一張走直線，一張走球面，"
            "共 {count} 格。",
            "Two painted pictures that turn along their sliders from one and the same z into"
            " another, one on the straight way and one on the spherical, in {count} frames.",
        ),
        "caption": Sentence(
            "兩個 z 之間的直線與球面路徑，各 {count} 格，兩端相同。{slider}",
            "The straight and the spherical way between two z in {count} frames each, with the same"
            " ends. {slider}",
        ),
    },
    "acgan_slider": {
        "alt": Sentence(
            "一列由不同 z 畫出的影像，隨滑桿把{attributes}由關變到開，共 {count} 格。",
            "A row of pictures of different z; the slider takes {attributes} from off to on in"
            " {count} frames.",
        ),
        "caption": Sentence(
            "每張影像各有一個 z，固定不變；屬性「{attributes}」由關變到開，共 {count} 格。{slider}",
            "Each picture has a z of its own, which stays; the attribute ({attributes}) goes from"
            " off to on in {count} frames. {slider}",
        ),
    },
    "infogan_slider": {
        "alt": Sentence(
            "一列由不同 z 畫出的影像，隨滑桿把編碼由 0 換到 9。",
            "A row of pictures of different z; the slider takes the code from 0 to 9.",
        ),
        "caption": Sentence(
            "每張影像各有一個 z，固定不變；編碼由 0 換到 9{fixed}。{slider}",
            "Each picture has a z of its own, which stays; the code goes from 0 to 9{fixed}."
            " {slider}",
        ),
    },
    "kl_slider": {
        "alt": Sentence(
            "三列影像：測試影像、它們的重建、先驗樣本；滑桿換 KL 權重，共 {count} 個。",
            "Three rows of pictures: test images, their reconstructions, samples from the prior;"
            " the slider changes to another of {count} KL weights.",
        ),
        "caption": Sentence(
            "由上而下：測試影像、重建、先驗樣本；每格是一個 KL 權重，影像與 z 都不變。{slider}",
            "From above: test images, reconstructions, samples from the prior; a frame for each KL"
            " weight, with the same images and z. {slider}",
        ),
    },
    "layers": {
        "caption": Sentence(
            "{recipe} 的 VAE 各層：輸出形狀（通道×高×寬）與參數量，由 torchinfo 量得。",
            "The layers of the VAE of {recipe}: output shapes (channels×height×width) and"
            " parameters, as torchinfo counts them.",
        ),
    },
    "mse": {
        "caption": Sentence(
            "整個測試集的 MSE；原報告沒有說明像素範圍，因此兩種讀法並列。",
            "MSE of the entire test set beside the report's number, whose pixel range it does not"
            " say.",
        ),
    },
    "ledger": {
        "caption": Sentence(
            "損失對照表：每份報告的損失照它自己的寫法，以及共同形式的 β（誤差在 [-1, 1] 對每張影像"
            "加總，加上 β 倍的 KL）與隱含的 σ（255 階）。影像為 {shape}；KL 一律先對隱變數加總。"
            "報告沒有寫明的部分是本實驗室的選擇。",
            "The loss ledger: each report's loss as it is written, with β of the common form (error"
            " summed over an image with pixels in [-1, 1], plus β times the KL) and the implied σ"
            " (grey levels of 255). Pictures are {shape}; the KL is always summed over the latents"
            " first. Where a report is silent, the choice is the lab's.",
        ),
    },
    "ledger_weights": {
        "caption": Sentence(
            "同一個取捨在各種寫法裡的 λ：每列是一份報告自己的 λ，右邊各欄是換成該配方的寫法之後的"
            "值（{shape} 的影像，像素誤差與該列相同）。",
            "One balance in every convention: each row has a report's own λ, and in the columns to"
            " its right what it becomes as each recipe writes its loss (pictures of {shape}, the"
            " row's own pixel error).",
        ),
    },
    "ledger_mse": {
        "caption": Sentence(
            "各報告寫的測試 MSE，換算成兩種像素範圍；都假設是對所有數值取平均。"
            "沒有說明輸出範圍的報告，兩種讀法並列。典型誤差是 MSE 的平方根，以 255 階計。",
            "The test MSE that each report prints, in both pixel ranges, taken as a mean over every"
            " value. Where the report does not state its output range, both readings stand. Typical"
            " error: the root of the MSE, in grey levels of 255.",
        ),
    },
    "kl_elbo": {
        "alt": Sentence(
            "每個 KL 權重一張折線圖，橫軸是訓練週期：實線是負 ELBO，虛線是被最小化的訓練目標，"
            "點是測試影像的負 ELBO。{facts}",
            "A line chart over epochs for each KL weight: solid the negative ELBO, dashed what was"
            " minimised, points the negative ELBO of test images. {facts}",
        ),
        "caption": Sentence(
            "負 ELBO（β = 1，各權重同一把尺）與被最小化的訓練目標（誤差 + β KL），單位都是每張"
            "影像的 nats；各圖縱軸不同。",
            "The negative ELBO (β = 1, one ruler for all weights) and what was minimised (error"
            " + β KL), both in nats per image; the vertical axes differ.",
        ),
    },
    "kl_growth": {
        "alt": Sentence(
            "最上一列是測試影像，其下每個 KL 權重一組，"
            "由上而下是訓練途中的先後步數對同樣影像的重建。",
            "Test images in the first row; below them a block for each KL weight, whose rows are"
            " reconstructions of the same images as training goes on.",
        ),
        "caption": Sentence(
            "同樣的測試影像在訓練進行到一成、一半與結束時的重建；"
            "相當於原報告的第 10、50、100 個週期。",
            "Reconstructions of the same test images after a tenth of the training, after half of"
            " it and at its end: the report's epochs 10, 50 and 100.",
        ),
    },
    "kl_samples": {
        "alt": Sentence(
            "最上兩列是真實的測試影像，其下每個 KL 權重兩列，是由先驗抽樣解碼的影像。",
            "Two rows of real test images, then two rows of samples from the prior for each KL"
            " weight.",
        ),
        "caption": Sentence(
            "真實影像（上）與各 KL 權重的先驗樣本，每個權重用同一批 z，未經挑選。",
            "Real images (above) and prior samples of each KL weight, of the same z for all, none"
            " picked by hand.",
        ),
    },
    "kl_interpolation": {
        "alt": Sentence(
            "每個 KL 權重兩列影像，都由一張測試影像的重建變成另一張的：上列走直線，下列走球面。",
            "Two rows of pictures for each KL weight, from one test image's reconstruction to"
            " another's: straight above, spherical below.",
        ),
        "caption": Sentence(
            "兩張真實影像之間的內插：各 KL 權重的直線與球面路徑，百分比是走過的路程。",
            "Between two real images: the straight and the spherical path with each KL weight; the"
            " percentage is the share of the way.",
        ),
    },
    "play_strip": {
        "alt": Sentence(
            "由左到右 {count} 張影像，是 {run} 的面板裡一個控制項由一端到另一端的樣子。",
            "{count} pictures from left to right: what a control in the panel of {run} does from"
            " one end to the other.",
        ),
        "caption": Sentence(
            "{run} 的 {movement}，由一端到另一端。",
            "{movement} of {run}, from one end to the other.",
        ),
    },
    "kl_rows": {
        "alt": Sentence(
            "最上一列是測試影像，其下每個 KL 權重一列重建，權重由上而下變大。",
            "Test images in the first row; below them a row of reconstructions for each KL weight,"
            " small weights first.",
        ),
        "caption": Sentence(
            "同樣的測試影像，每個 KL 權重一列重建。",
            "The same test images, a row of reconstructions for each KL weight.",
        ),
    },
    "kl_rate": {
        "alt": Sentence(
            "折線圖：橫軸是編碼長度（KL），縱軸是失真（重建誤差），每點是一個 KL 權重。{facts}",
            "Line chart of the distortion (error) over the rate (KL), a point for each KL weight."
            " {facts}",
        ),
        "caption": Sentence(
            "編碼長度與失真：每點旁邊是它的 KL 權重 λ，在整個測試集上量得。",
            "Rate and distortion, measured on the entire test set; the KL weight λ stands beside"
            " each point.",
        ),
    },
    "kl_numbers": {
        "alt": Sentence(
            "兩張折線圖，橫軸是 KL 權重：左邊是活躍的隱變數個數，右邊是先驗樣本的 KID。{facts}",
            "Two line charts over the KL weight: active latents on the left, the KID of prior"
            " samples on the right. {facts}",
        ),
        "caption": Sentence(
            "活躍的隱變數與先驗樣本的 KID 隨 KL 權重的變化；虛線是真實訓練影像的 KID。",
            "Active latents and the KID of prior samples over the KL weight; dashed: the KID of"
            " real training pictures.",
        ),
    },
    "kl_scores": {
        "alt": Sentence(
            "折線圖：各種解開分數隨 KL 權重的變化。{facts}",
            "Line chart of disentanglement scores over the KL weight. {facts}",
        ),
        "caption": Sentence(
            "以畫臉的因素為準，隱變數解開的程度隨 KL 權重的變化；點線是把編碼配給別張影像的分數。",
            "How well the latents keep apart the factors that the faces were drawn from, over the"
            " KL weight; dotted: the same codes handed to the wrong pictures.",
        ),
    },
    "kl": {
        "caption": Sentence(
            "各 KL 權重的數字，在整個測試集上量得；誤差、KL 與負 ELBO 都以同一定義（β = 1）計算，"
            "單位是每張影像的 nats；「活躍」是活躍的隱變數個數，最後一列是真實影像。",
            "Each KL weight in numbers, on the entire test set; error, KL and negative ELBO by one"
            " definition (β = 1), in nats per image; active: how many latents are; last row: real"
            " images.",
        ),
    },
    "gan_architecture": {
        "alt": Sentence(
            "{recipe} 的{networks} 方塊圖：左欄由上而下是生成器各層，右欄由上而下是判別器各層，"
            "每個方塊標有輸出形狀與參數量。",
            "Block diagram of {recipe}'s {networks}: the generator's layers run down the left"
            " column, the discriminator's down the right; each box gives its output shape and"
            " parameters.",
        ),
        "caption": Sentence(
            "{recipe} 的{networks}。方塊右上是輸出形狀（通道×高×寬），右下是參數量。",
            "{recipe}'s {networks}. Upper right in each box: output shape (channels×height×width);"
            " lower right: parameters.",
        ),
    },
    "networks": {
        "caption": Sentence(
            "{recipe} 的{networks} 各層：輸出形狀（通道×高×寬）與參數量，由 torchinfo 量得。",
            "The layers of {recipe}'s {networks}: output shapes (channels×height×width) and"
            " parameters, as torchinfo counts them.",
        ),
    },
    "fig2_2": {
        "alt": Sentence(
            "兩張折線圖，橫軸是訓練步數：左邊是 D 與 G 的損失，右邊是 "
            "D 在真實影像與生成影像上的準確率。{facts}",
            "Two line charts over training steps: the losses of D and G on the left, D's accuracy"
            " on real and on generated pictures on the right. {facts}",
        ),
        "caption": Sentence(
            "GAN 的學習曲線。{points}虛線是 D 完全分不出真假時兩者的損失（2 ln 2 與 ln 2），"
            "綠色帶是報告 B 所說的健康範圍，三角形是評分過的快照。",
            "Learning curves of the GAN. {points} Dashed: both losses where D cannot tell at all"
            " (2 ln 2 and ln 2); green band: healthy by report B; triangles: snapshots scored.",
        ),
    },
    "fig2_3": {
        "alt": Sentence(
            "四列八行共 32 張隨機樣本，由生成器從隨機的 z 畫成。",
            "32 random samples in four rows of eight, drawn by the generator from random z.",
        ),
        "caption": Sentence(
            "32 張隨機樣本，未經挑選。",
            "32 random samples, none picked by hand.",
        ),
    },
    "snapshot": {
        "alt": Sentence(
            "兩張折線圖，橫軸是訓練步數：左邊是各快照的 KID，右邊是樣本多樣性與真實影像之比；"
            "星號是 KID 最低的快照。{facts}",
            "Two line charts over training steps: the KID of each snapshot on the left, the"
            " samples' diversity over real pictures' on the right; a star marks the lowest KID."
            " {facts}",
        ),
        "caption": Sentence(
            "訓練途中的快照評分：與固定的訓練影像比較，不看測試集。",
            "Snapshots scored along the way against a fixed set of training pictures; the test set"
            " plays no part.",
        ),
    },
    "acgan_snapshot": {
        "alt": Sentence(
            "四張折線圖，橫軸是訓練步數：左上是各快照的 KID，右上是樣本多樣性與真實影像之比，"
            "左下是要求的標籤與判讀網路所見的相關係數 r，右下是 KID / r⁴；星號是 KID 最低的快照，"
            "虛線是採用的快照（兩者不同時）。{facts}",
            "Four line charts over training steps: the KID of each snapshot, the samples' diversity"
            " over real pictures', the correlation r of labels asked for and seen by the oracle,"
            " and KID / r⁴; a star marks the lowest KID, a dashed line the snapshot kept where it"
            " is another. {facts}",
        ),
        "caption": Sentence(
            "訓練途中的快照評分：與固定的訓練影像比較，不看測試集；採用 KID / r⁴ 最低的快照。",
            "Snapshots scored along the way against a fixed set of training pictures; the test set"
            " plays no part. The one of the lowest KID / r⁴ is kept.",
        ),
    },
    "gan_growth": {
        "alt": Sentence(
            "{rows} 列影像，每列是同一個固定的 z，由左到右是訓練途中的先後步數。",
            "{rows} rows of pictures, each of one fixed z; from left to right training goes on.",
        ),
        "caption": Sentence(
            "同一批固定的 z 在訓練途中的樣子，下方是訓練步數。",
            "What the same z become as training goes on; the step stands below.",
        ),
    },
    "acgan_growth": {
        "alt": Sentence(
            "{rows} 列影像，每兩列是同一個固定的 z 開與關屬性，由左到右是訓練途中的先後步數。",
            "{rows} rows of pictures, every two of one fixed z with the attribute on and off; from"
            " left to right training goes on.",
        ),
        "caption": Sentence(
            "同一批固定的 z，屬性開與關各一列，在訓練途中的樣子，下方是訓練步數。",
            "What the same z become as training goes on, with the attribute on and off; the step"
            " stands below.",
        ),
    },
    "infogan_growth": {
        "alt": Sentence(
            "{rows} 列影像，同一個固定的 z 配上第一個編碼的 {rows} 個值，"
            "由左到右是訓練途中的先後步數。",
            "{rows} rows of pictures, one fixed z with each value of the first code; from left to"
            " right training goes on.",
        ),
        "caption": Sentence(
            "同一個固定的 z 配上第一個編碼的各個值，在訓練途中的樣子，下方是訓練步數。",
            "What one z becomes with each value of the first code as training goes on; the step"
            " stands below.",
        ),
    },
    "gan_nearest": {
        "alt": Sentence(
            "上排是 {count} 張樣本，下排是各自最接近的訓練影像。{facts}",
            "{count} samples in the upper row, the training picture nearest to each below it."
            " {facts}",
        ),
        "caption": Sentence(
            "所有樣本中離訓練影像最近的 {count} 張，與各自最近的訓練影像。遠近是縮成 16×16 之後像素"
            "的距離，與「近似複製」等數字相同，不是特徵之間的距離。{facts}",
            "The {count} samples nearest to the training set, each above its nearest training"
            " picture. Near is by the pixels of pictures reduced to 16×16, as in the numbers of"
            " near copies, not by features. {facts}",
        ),
    },
    "gan_vae": {
        "alt": Sentence(
            "上面兩列是 GAN 的樣本，下面兩列是 VAE 的樣本，各 16 張。",
            "Two rows of samples of the GAN above two rows of samples of the VAE, 16 each.",
        ),
        "caption": Sentence(
            "{recipe} 的 GAN（上）與 VAE（下）的隨機樣本，都未經挑選。",
            "Random samples of {recipe}'s GAN (above) and VAE (below), none picked by hand.",
        ),
    },
    "quality": {
        "caption": Sentence(
            "樣本與測試影像的比較；「真實影像」欄以真實訓練影像代替樣本，是有限張數下的雜訊底線。",
            "Samples held against test pictures; the column of real pictures takes training"
            " pictures in their place, the noise floor of that many pictures.",
        ),
    },
    "comparison": {
        "caption": Sentence(
            "不同模型以同樣條件量得的數字並列；條件不同的數字不並列。",
            "Numbers of several models side by side where they were measured under the same"
            " conditions; others are not set side by side.",
        ),
    },
    "oracle": {
        "caption": Sentence(
            "屬性判讀網路在沒看過的真實影像上的準確率，與一律猜多數的準確率。",
            "The oracle's accuracy on real pictures that it has not seen, beside always naming the"
            " commoner value.",
        ),
    },
    "fig3_2": {
        "alt": Sentence(
            "四張折線圖，橫軸是訓練步數：左上是 D 與 G 的對抗損失，右上是 D 判斷真假的準確率，"
            "左下是屬性損失，右下是 D 判斷屬性的準確率。{facts}",
            "Four line charts over training steps: adversarial losses of D and G, D's accuracy at"
            " real and generated, attribute losses, and D's accuracy at attributes. {facts}",
        ),
        "caption": Sentence(
            "ACGAN 的學習曲線：上排是真假，下排是屬性。{points}上排：虛線是 D 完全分不出真假時"
            "兩者的損失（2 ln 2 與 ln 2），綠色帶是報告 B 所說的健康範圍，綠色三角形是評分過的"
            "快照。下排：虛線是亂猜屬性的水準。",
            "Learning curves of the ACGAN: real or generated above, the attribute below. {points}"
            " Above: dashed, both losses where D cannot tell at all (2 ln 2 and ln 2); green band,"
            " healthy by report B; green triangles, snapshots scored. Below: dashed, guessing the"
            " attribute.",
        ),
    },
    "fig3_3": {
        "alt": Sentence(
            "十組影像，每組的 z 相同：上列打開 {attribute}，下列關掉。",
            "Ten pairs of pictures with the same z: {attribute} on in the upper row, off in the"
            " lower.",
        ),
        "caption": Sentence(
            "同一個 z，{attribute} 打開（上）與關掉（下）；未經挑選。",
            "The same z with {attribute} on (above) and off (below), none picked by hand.",
        ),
    },
    "acgan_pairs": {
        "alt": Sentence(
            "其餘屬性（{attributes}）各兩列影像：同一個 z，上列打開、下列關掉。",
            "Two rows of pictures for each further attribute ({attributes}): the same z, on above"
            " off.",
        ),
        "caption": Sentence(
            "其餘屬性的開與關：{attributes}。",
            "The further attributes on and off: {attributes}.",
        ),
    },
    "acgan_leakage": {
        "alt": Sentence(
            "兩張有數字的色塊圖：每列是一個被切換的屬性，每行是一個屬性；上圖是樣本中各屬性的比例"
            "因此改變多少個百分點，下圖是真實影像之間的差異。{facts}",
            "Two maps with numbers: a row for each switched attribute, a column for each attribute;"
            " above, by how many percentage points its rate among samples changes, below, how real"
            " pictures differ. {facts}",
        ),
        "caption": Sentence(
            "洩漏：切換一個屬性時，其他屬性的比例改變多少（{count:,} 張樣本，由屬性判讀網路判讀）；"
            "下圖是真實測試影像有與沒有該屬性的差異。{left_out}",
            "Leakage: by how much the other attributes' rates change with a switch ({count:,}"
            " samples, read by the oracle); below, how real test pictures with and without it"
            " differ. {left_out}",
        ),
    },
    "acgan": {
        "caption": Sentence(
            "各屬性的控制效果：樣本由屬性判讀網路判讀；亂猜的準確率是 50 %。",
            "How well each attribute is controlled, as the oracle reads the samples; ignoring the"
            " label gives 50 %.",
        ),
    },
    "infogan_curves": {
        "alt": Sentence(
            "四張折線圖，橫軸是訓練步數：左上是 D 與 G 的損失，右上是 D 的準確率，左下是 Q 的損失，"
            "右下是 Q 讀出編碼的準確率。{facts}",
            "Four line charts over training steps: losses of D and G, D's accuracy, Q's loss, and"
            " Q's accuracy at the codes. {facts}",
        ),
        "caption": Sentence(
            "InfoGAN 的學習曲線。{points}上排：虛線是 D 完全分不出真假時兩者的損失"
            "（2 ln 2 與 ln 2），綠色帶是報告 B 所說的健康範圍，綠色三角形是評分過的快照。"
            "下排：虛線是亂猜編碼的水準。",
            "Learning curves of the InfoGAN. {points} Above: dashed, both losses where D cannot"
            " tell at all (2 ln 2 and ln 2); green band, healthy by report B; green triangles,"
            " snapshots scored. Below: dashed, guessing the code.",
        ),
    },
    "infogan_code": {
        "alt": Sentence(
            "十列十行影像：每列是一個 z，每行是編碼 {code} 的一個值。",
            "Ten rows and ten columns of pictures: a row for each z, a column for each value of"
            " code {code}.",
        ),
        "caption": Sentence(
            "編碼 {code} 的十個值（各行）與十個 z（各列）{fixed}。",
            "The ten values of code {code} (columns) with ten z (rows){fixed}.",
        ),
    },
    "infogan_pairs": {
        "alt": Sentence(
            "十列十行影像，z 全部相同：每列是編碼 1 的一個值，每行是編碼 2 的一個值。",
            "Ten rows and ten columns of pictures with one and the same z: a row for each value of"
            " code 1, a column for each value of code 2.",
        ),
        "caption": Sentence(
            "同一個 z，兩個編碼的所有組合：列是編碼 1，行是編碼 2。",
            "One z with all combinations of the two codes: code 1 down, code 2 across.",
        ),
    },
    "infogan_real": {
        "alt": Sentence(
            "真實測試影像排成十行，每行是 Q 最確定讀成編碼 {code} 某個值的影像。",
            "Real test pictures in ten columns, each of those that Q reads most surely as one value"
            " of code {code}.",
        ),
        "caption": Sentence(
            "Q 最確定讀成編碼 {code} 各值的真實測試影像；淺灰格表示沒有這樣的影像。",
            "The real test pictures that Q reads most surely as each value of code {code}; a pale"
            " square means that there is none.",
        ),
    },
    "infogan_meaning": {
        "alt": Sentence(
            "有數字的色塊圖：每列是一個屬性，每行是編碼 {code} 的一個值，最右是平均；"
            "數字是樣本中有該屬性的百分比。{facts}",
            "Map with numbers: a row for each attribute, a column for each value of code {code},"
            " their mean on the right; the number is the percentage of samples that have it."
            " {facts}",
        ),
        "caption": Sentence(
            "編碼 {code} 的每個值畫出來的樣本，各有百分之幾帶有某個屬性（由屬性判讀網路判讀，"
            "依差異大小排列）。{left_out}",
            "Which percentage of the samples of each value of code {code} has an attribute, as the"
            " oracle reads them, the most different attributes first. {left_out}",
        ),
    },
    "infogan_factors": {
        "alt": Sentence(
            "長條圖：Q 讀真實測試影像得到的編碼，與畫臉時各個因素的互資訊，由大到小。{facts}",
            "Bars: mutual information of the code that Q reads off real test pictures with each"
            " factor that the faces were drawn from, most first. {facts}",
        ),
        "caption": Sentence(
            "編碼與畫臉因素的互資訊（已扣除打亂順序後的平均；因素分成至多十級），最多列出"
            "最長的 {bars} 個。{least}",
            "Mutual information of the codes with the factors of the drawn faces, less its mean"
            " over shuffles; factors are cut into at most ten classes, and at most the {bars}"
            " longest bars are shown. {least}",
        ),
    },
    "infogan_attributes": {
        "alt": Sentence(
            "長條圖：Q 讀真實測試影像得到的編碼，與各屬性標記的互資訊，由大到小。{facts}",
            "Bars: mutual information of the code that Q reads off real test pictures with each"
            " attribute, most first. {facts}",
        ),
        "caption": Sentence(
            "編碼與屬性標記的互資訊（已扣除打亂順序後的平均），最多列出最長的 {bars} 個；"
            "一個屬性最多 ln 2 = {most} nats。{least}",
            "Mutual information of the codes with the attributes, less its mean over shuffles; an"
            " attribute has ln 2 = {most} nats at most, and at most the {bars} longest bars are"
            " shown. {least}",
        ),
    },
    "disentanglement": {
        "caption": Sentence(
            "隱變數（InfoGAN 是編碼）與已知因素的對應，1 最好：MIG、SAP、DCI 的三個分數與"
            " FactorVAE。最後一列是同一份編碼配給別張影像所得的分數，取各次訓練的平均。",
            "How latents (an InfoGAN's codes) and known factors go together, 1 being best: MIG,"
            " SAP, the three of DCI, and FactorVAE. The last row is of the same codes handed to the"
            " wrong pictures, the mean over the runs.",
        ),
    },
    "infogan": {
        "caption": Sentence(
            "各編碼的數字：Q 在自己的樣本上的準確率、互資訊的下界，以及單獨決定的影像變異。變異加"
            "起來不到 100 % 的部分是交互作用：要看編碼與雜訊怎麼搭配才知道的變化。",
            "Each code in numbers: Q's accuracy on its own samples, the bound on the mutual"
            " information, and the share of the pictures' variance that it decides alone. What the"
            " shares leave to 100 % is interaction: changes that hang on code and noise together.",
        ),
    },
}


def words(name: str, **facts: Any) -> dict[str, dict[str, str]]:
    """Return a figure's or table's `alt` and `caption`, by language.

    Args:
        name: its name, e.g. "fig1_2".
        facts: what its words mention; a `Sentence` gives each language its own. `problem` becomes
            the networks' names, `smoothing` a sentence on the points of a curve, an attribute's
            name is set in the words of each language; what is missing is left out of the sentence.
            `num_known` attributes, of which a map shows the first ones by its own order, and
            `num_codes` of the network become what is said of the others; `least` are the nats
            below which a bar counts as none.
    """
    facts = _told(name, facts)
    found = {}
    for kind, sentence in CAPTIONS[name].items():
        found[kind] = {
            lang: template.format(**{k: _in(lang, v) for k, v in facts.items()})
            .strip()
            .replace("  ", " ")  # where nothing is said between two sentences
            for lang, template in sentence._asdict().items()
        }
    return found


def _told(name: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Turn facts of a run into what captions mention."""
    nothing = dict.fromkeys(("facts", "points", "left_out", "fixed", "least"), "")
    told = nothing | {"most": num(math.log(2)), "bars": MAX_BARS, "slider": SLIDER} | facts
    if facts.get("num_known", 0) > MAX_ATTRIBUTES:
        told["left_out"] = _left_out(name, facts["num_known"])
    if facts.get("num_codes", 1) > 1:
        told["fixed"] = Sentence(
            "；同一列的其他編碼固定不變", "; other codes stay the same along a row"
        )
    if "least" in facts:
        told["least"] = _least(facts["least"])
    if "problem" in facts:
        told["networks"] = NETWORKS[facts["problem"]]
    if "smoothing" in facts:
        told["points"] = _points(facts["smoothing"])
    names = facts.get("attribute") or facts.get("attributes")
    if names is not None:
        names = names.split(",") if isinstance(names, str) else names
        names = [name.strip() for name in names]
        zh = "、".join(named(name).zh.strip() for name in names)
        told |= dict.fromkeys(("attribute", "attributes"), Sentence(zh, ", ".join(names)))
    return told


# By which order a map's attributes come first.
CHOSEN = {
    "acgan_leakage": Sentence(
        "被切換的屬性，與在樣本或真實影像之間相差最多的",
        "those switched, and those that differ most among samples or among real pictures",
    ),
    "infogan_meaning": Sentence(
        "在各個編碼值之間相差最多的", "those that differ most between the values of the code"
    ),
}


def _left_out(name: str, num_known: int) -> Sentence:
    """Say how many attributes a map leaves out, and how those that it shows were chosen."""
    rest, chosen = num_known - MAX_ATTRIBUTES, CHOSEN[name]
    return Sentence(
        f"{num_known} 個屬性中只畫出 {MAX_ATTRIBUTES} 個（{chosen.zh}），其餘 {rest} 個從略。",
        f"Of {num_known} attributes {MAX_ATTRIBUTES} are shown ({chosen.en}); {rest} are left out.",
    )


def _least(nats: float) -> Sentence:
    """Say what bars left of the line mean."""
    return Sentence(
        f"虛線左邊的長條（不到 {num(nats, 2)} nats）不算數：測試影像張數有限，與編碼無關的事也可能"
        "碰巧有這麼長，或者短到說明不了什麼。",
        f"Bars left of the dashed line (below {num(nats, 2)} nats) count as none: over this many"
        " test pictures chance may give as much, or it is too little to mean anything.",
    )


def _points(smoothing: int) -> Sentence:
    """Say what a point of an adversarial curve is."""
    if not smoothing:
        return Sentence(
            "每個點是兩次記錄之間的平均。", "Each point is the mean since the one before."
        )
    return Sentence(
        f"每個點是兩次記錄之間的平均，再與前 {smoothing} 個點平均；淡色線是未平均的曲線。",
        f"Each point is the mean since the one before, averaged with the {smoothing} points before"
        " it; the pale lines are not averaged.",
    )


def _in(lang: str, fact: Any) -> Any:
    """Return a fact in one language."""
    return getattr(fact, lang) if isinstance(fact, Sentence) else fact


def colours(attribute: str | None) -> Sentence:
    """Say what the points of the t-SNE are coloured by."""
    if attribute is None:
        return Sentence(
            "資料沒有屬性標記，因此不上色。", "The data has no attributes, so there are no colours."
        )
    return Sentence(f"顏色代表屬性 {attribute}。", f"The colour shows the attribute {attribute}.")
