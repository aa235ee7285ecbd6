"""What each key number means: definition, unit, which end is good; one dict per language."""

from __future__ import annotations

MEANINGS = {
    "zh": {
        "num_parameters": "所有網路可訓練參數的總數。",
        "num_steps": "更新次數；對抗式模型每一步更新 D 與 G 各一輪。",
        "num_epochs": "看過全部訓練影像幾遍。",
        "train_time_s": "只算訓練的秒數，不含評估。",
        "images_per_s": "訓練時每秒處理的影像數。",
        "test_mse_01": "整個測試集所有數值的均方誤差，像素在 [0, 1]；愈低愈好。",
        "test_mse_11": "同一個誤差，像素在 [−1, 1]；數值是 [0, 1] 的四倍。",
        "neg_elbo_nats": "重建項與 KL 之和，每張影像的 nats；愈低愈好。",
        "recon_nats": "每張影像的平方誤差總和，像素在 [−1, 1]：變異數 ½ 的高斯分布，略去常數。",
        "kl_nats": "與先驗分布的 KL 散度，對隱變數加總、對影像平均。",
        "active_units": "後驗平均值在測試集上變異數超過 0.01 的隱變數個數。",
        "linear_probe_accuracy": "在後驗平均值上訓練的邏輯迴歸，於測試集讀出屬性的準確率。",
        "d_accuracy_real": "訓練最後十分之一，D 把真實影像判為真的比例；G 與 D "
        "勢均力敵時接近 50 %。",
        "d_accuracy_fake": "同一段時間，D 把生成影像判為假的比例。",
        "best_step": "快照 KID 最低的那一步；快照以固定的樣本與訓練影像比較，不看測試集。",
        "best_kid": "那一步的快照 KID；愈低愈好。",
        "last_kid": "最後一步的快照 KID；比最佳快照高很多，表示訓練後期變差。",
        "kept_step": "結果與樣本採用哪一步的網路；ACGAN 除了 KID，也看它聽不聽話。",
        "snapshot_share": "評分快照所花的時間占全部時間的比例。",
        "collapse": "訓練中出現過的徵兆：D 的損失降到零，或樣本失去多樣性。",
        "attribute": "ACGAN 學習控制的屬性。",
        "attribute_accuracy": "由屬性判讀網路檢查樣本是否帶有指定屬性的比例，一半要求有、一半要求"
        "沒有；隨意猜是 50 %。",
        "attribute_flip_rate": "同一個 z，標籤打開時判讀為有、關閉時判讀為沒有的比例。",
        "class_accuracy_test": "D 自己的分類輸出在真實測試影像上的準確率。",
        "num_codes": "十選一編碼的個數。",
        "code_accuracy": "Q 從自己的樣本讀回編碼的準確率；隨意猜是 10 %。",
        "code_information_nats": "編碼與影像之間互資訊的下界，每個編碼的 nats；"
        "括號內是上限 ln 10。",
        "code_variance_share": "影像變異中由編碼決定的比例，每個編碼一個數字。",
        "noise_variance_share": "影像變異中由雜訊 z 決定的比例。",
        "code_class_accuracy": "把編碼的十個值與十個類別做最佳配對後，在測試影像上的準確率。",
        "frechet": "樣本與測試集在特徵空間的 Fréchet 距離（兩個高斯分布之間）；愈低愈好，沒有單位，"
        "只能與量測方法相同的數字相比。",
        "kid": "同一組特徵的核函數距離（KID，三次多項式核的 MMD²）；愈低愈好，可能略小於零。",
        "precision": "落在真實影像鄰域內的樣本比例：樣本像不像真的；愈高愈好。",
        "recall": "落在樣本鄰域內的真實影像比例：樣本涵蓋多少變化；愈高愈好。",
        "density": "樣本周圍真實影像的密集程度；真實影像約為 1。",
        "coverage": "鄰域內有樣本的真實影像比例；愈高愈好。",
        "sharpness_samples": "亮度（0 到 255）的拉普拉斯變異數；模糊的影像較低，雜訊多的較高。"
        "愈接近真實影像愈好。",
        "colourfulness_samples": "色彩豐富程度（Hasler 與 Süsstrunk 2003）；灰階是 0，鮮豔的照片"
        "約 100。愈接近真實影像愈好。",
        "diversity_samples": "樣本彼此之間在特徵空間的平均距離；太低表示樣本都很像。"
        "愈接近真實影像愈好。",
        "near_copies": "與訓練影像異常接近的樣本比例：縮成 16×16 後的距離，小於測試影像最近距離的"
        "第 1 百分位。沒有抄襲時約為 1 %。",
        "nearest_ratio": "樣本到最近訓練影像的距離中位數（16×16），除以測試影像的同一數字：1 與"
        "新影像相同，0 是複製。",
        "closest_pair_ratio": "展示的 32 張樣本中最像的兩張的距離，除以 32 張真實影像的同一數字；"
        "接近 0 表示有兩張幾乎相同。",
        "num_supported": "量測支持的結論數：效果的整個區間都依說法的方向超過門檻。",
        "num_contradicted": "量測否定的結論數：整個區間都不到門檻，不論是沒有差別還是正好相反。",
        "num_undecided": "這些隨機種子還分不出來的結論數。",
        "num_not_applicable": "這份資料無法檢驗的結論數，例如沒有屬性標記。",
    },
    "en": {
        "num_parameters": "Trainable parameters of all networks together.",
        "num_steps": "Updates; an adversarial model updates D and G in each step.",
        "num_epochs": "How often all training pictures were seen.",
        "train_time_s": "Seconds of training alone, without the evaluations.",
        "images_per_s": "Pictures a second while training.",
        "test_mse_01": "Mean squared error over every value of the entire test set, pixels in "
        "[0, 1]; lower is better.",
        "test_mse_11": "The same error with pixels in [−1, 1]: four times the number.",
        "neg_elbo_nats": "Reconstruction plus KL, in nats per image; lower is better.",
        "recon_nats": "Squared error summed over an image, pixels in [−1, 1]: a Gaussian of "
        "variance ½, constant left out.",
        "kl_nats": "KL divergence from the prior, summed over the latents, mean over images.",
        "active_units": "Latents whose posterior mean varies by more than 0.01 over the test set.",
        "linear_probe_accuracy": "Test accuracy of a logistic regression that reads the attribute "
        "off the posterior means.",
        "d_accuracy_real": "Share of real pictures that D calls real, over the last tenth of "
        "training; near 50 % where G and D are even.",
        "d_accuracy_fake": "Share of generated pictures that D calls generated, over the same "
        "time.",
        "best_step": "Step of the lowest snapshot KID; snapshots compare fixed samples with "
        "training pictures and never see the test set.",
        "best_kid": "The snapshot KID of that step; lower is better.",
        "last_kid": "The snapshot KID of the last step; far above the best one, training went bad "
        "late.",
        "kept_step": "The step whose networks the results and samples come from; an ACGAN's is "
        "chosen by KID and by how well it listens.",
        "snapshot_share": "Share of all time that went into scoring snapshots.",
        "collapse": "What was noticed while training: D's loss at zero, or samples without "
        "diversity.",
        "attribute": "The attribute that the ACGAN learns to control.",
        "attribute_accuracy": "Share of samples that show the wanted attribute as the attribute "
        "oracle reads it, half of them asked to have it and half not to; guessing gives 50 %.",
        "attribute_flip_rate": "Share of z for which the oracle sees the attribute with the label "
        "on, and not with it off.",
        "class_accuracy_test": "Accuracy of D's own class output on real test pictures.",
        "num_codes": "Codes of ten values each.",
        "code_accuracy": "How often Q reads the code back from its own samples; guessing gives "
        "10 %.",
        "code_information_nats": "Lower bound of the mutual information of code and picture, in "
        "nats per code; in brackets the most possible, ln 10.",
        "code_variance_share": "Share of the pictures' variance that each code decides.",
        "noise_variance_share": "Share of the pictures' variance that the noise z decides.",
        "code_class_accuracy": "Accuracy on test pictures after the best matching of the code's "
        "ten values with the ten classes.",
        "frechet": "Fréchet distance of samples and test set in feature space, each taken as a "
        "Gaussian; lower is better, without unit, to be compared only with numbers measured in "
        "the same way.",
        "kid": "Kernel distance (KID, MMD² with a cubic kernel) in the same features; lower is "
        "better, and it may fall just below zero.",
        "precision": "Share of samples within the neighbourhoods of real pictures: do they look "
        "real? Higher is better.",
        "recall": "Share of real pictures within the neighbourhoods of samples: how much of the "
        "variety is there? Higher is better.",
        "density": "How densely real pictures lie around the samples; about 1 for real pictures.",
        "coverage": "Share of real pictures with a sample in their neighbourhood; higher is "
        "better.",
        "sharpness_samples": "Variance of the Laplacian of the luma (0 to 255): low where "
        "pictures are blurred, high where they are noisy; best near that of real pictures.",
        "colourfulness_samples": "How colourful the pictures are (Hasler & Süsstrunk 2003): grey "
        "is 0, a vivid photograph about 100; best near that of real pictures.",
        "diversity_samples": "Mean distance between samples in feature space: low where all look "
        "alike; best near that of real pictures.",
        "near_copies": "Share of samples oddly near to a training picture: reduced to 16×16, "
        "nearer than the nearest 1 % of test pictures are. About 1 % where nothing is copied.",
        "nearest_ratio": "Median distance from a sample to its nearest training picture (16×16) "
        "over that of test pictures: 1 is like fresh pictures, 0 is a copy.",
        "closest_pair_ratio": "Distance of the two most alike of the 32 samples shown over that "
        "of 32 real pictures; near 0, two are almost the same.",
        "num_supported": "Claims that the measurement bears out: the whole interval of the effect "
        "lies beyond the margin in the direction that is claimed.",
        "num_contradicted": "Claims that the measurement speaks against: the whole interval falls "
        "short of the margin, whether there is no difference or the opposite one.",
        "num_undecided": "Claims that these seeds do not decide.",
        "num_not_applicable": "Claims that this data cannot try, for want of attributes for "
        "example.",
    },
}
