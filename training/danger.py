"""Cries for help: is a text one, and of which kind, from what was written and composed for it."""

from __future__ import annotations

import random
from collections.abc import Collection
from pathlib import Path

import numpy as np
from sklearn.svm import LinearSVC

from handlers.commands import normal
from training import data
from training.compose import composed
from training.fit import Corpus, fitted

NONE = "none"
EMERGENCY = "emergency"
LONGEST, LEAST, STRENGTH = 3, 2, 1.0
MOST, MOST_TOPICS = 60_000, 10_000
"""Pieces that are kept: of what tells a cry, and of what tells its kind."""
SHARE = 1 / 3
"""What all cries weigh together beside all that is none."""
WRITTEN, PUT_TOGETHER, PLEA, TALK = 3.0, 0.7, 2.0, 0.5
_BEFORE = (
    "", "", "", "3栋,", "5栋2单元,", "快来人,", "救命!", "大家快看,", "@网格长 ", "我们楼下,", "刚才", "现在", "天哪,", "哎呀,",
    "哪个在家,", "我们组上", "村口,", "后面", "小区门口,",
)  # fmt: skip
_AFTER = (
    "", "", "", ",快来人", ",怎么办", ",快点", "!!!", ",谁来帮一下", ",快打电话", ",来不及了", "啊", ",急死了", ",在3栋楼下", ",有没有人啊",
    ",电话一三八零零一三八零零零", ",打我电话,一三九七三一二三四五六,座机零七三一八三六一二三四五",
)  # fmt: skip
_HARMLESS = (
    "昨天{}", "去年{}", "听说{}", "看新闻说{}", "抖音上{}", "要是{}怎么办", "万一{}就完了", "怕{}", "{},已经没事了", "{},后来救出来了",
    "{},早就处理好了", "上次{}", "老家{}", "梦见{}", "电影里{}", "演习的时候{}", "{}的讲座周六上午", "还好没有{}", "差点{}", "小心{}",
    "迟早{}", "长沙那边{}", "以前{}", "转发:{},真的假的", "怎么预防{}",
)  # fmt: skip


class Danger:
    """All texts with their features, counted once; the written ones can be left out in parts."""

    def __init__(self, folder: Path, without: Collection[str] = ()) -> None:
        """Read all but what is of some sources."""
        chance = random.Random(3)
        real = [tuple(part.strip() for part in line.split("|")) for line in data.written("dangers")]
        harmless = data.written("dangers_not")
        rows = [(normal(text), topic, WRITTEN) for topic, text in real]
        rows += [(normal(text), NONE, WRITTEN) for text in harmless]
        self.written = len(rows)
        """How many rows were written for this; they are the first."""
        self.source = list(range(len(rows)))
        """The row that each is, or was made of; -1 for those that are never left out."""
        for row, (topic, text) in enumerate(real):
            for _ in range(6):
                said = chance.choice(_BEFORE) + text + chance.choice(_AFTER)
                rows.append((normal(said), topic, PUT_TOGETHER))
                rows.append((normal(chance.choice(_HARMLESS).format(text)), NONE, PUT_TOGETHER / 2))
                self.source += [row, row]
        pleas = [plea.text for plea in data.pleas() if plea.urgency != EMERGENCY]
        self.pleas = range(len(rows), len(rows) + len(pleas))
        """Problem posts that are no emergency."""
        rows += [(normal(text), NONE, PLEA) for text in pleas]
        self.source += self.pleas
        others = data.written("chatter") + data.written("notices") + data.written("doubtful")
        others += [text for text, _ in composed("problem", 3000)]
        others += [text for text, _ in composed("not", 1500)]
        posts = [post for post in data.posts(folder) if post.source not in without]
        others += [post.title for post in posts if post.title]
        for source, texts in data.others(folder).items():
            if source not in without:
                others += [text[:120] for text in data.sample(texts, 4000)]
        rows += [(normal(text), NONE, TALK) for text in others]
        self.source += [-1] * len(others)
        self.texts = [text for text, _, _ in rows]
        self.truth = np.array([topic for _, topic, _ in rows])
        self._weight = np.array([weight for _, _, weight in rows])
        self._corpus = Corpus(self.texts, LONGEST)

    def fit(self, left_out: Collection[int] = ()) -> bytes:
        """Return the file of the model that tells cries from the rest, fitted without some rows
        and all made of them."""
        kept = self._kept(left_out)
        truth, weight = self.truth[kept] != NONE, self._weight[kept].copy()
        weight[truth] *= SHARE * weight[~truth].sum() / weight[truth].sum()
        model = LinearSVC(C=STRENGTH)
        weighed = fitted(model, self._corpus.weighed(kept, LEAST), kept, truth, weight, MOST)
        return weighed.written(model.coef_, model.intercept_, ["danger"])

    def fit_topics(self) -> bytes:
        """Return the file of the model that tells which kind a cry is."""
        kept = np.flatnonzero(self.truth != NONE)
        model = LinearSVC(C=STRENGTH, class_weight="balanced")
        weighed = fitted(
            model, self._corpus.weighed(kept, LEAST), kept, self.truth[kept], self._weight[kept],
            MOST_TOPICS,
        )  # fmt: skip
        return weighed.written(model.coef_, model.intercept_, list(model.classes_))

    def _kept(self, left_out: Collection[int]) -> np.ndarray:
        gone = set(left_out)
        return np.array([row for row, at in enumerate(self.source) if at not in gone])
