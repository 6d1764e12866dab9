"""The texts to learn from and to measure on, by source. They are read where they lie, never copied.

A *source* is one origin of texts; what is measured on it is fitted without it. Places are coded in
the citizens' messages (A市, A3区): the codes are taken out before anything else sees the texts.
"""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "shared" / "data"
WRITTEN = Path(__file__).parent / "written"

_CODED = re.compile(r"[A-Z]\d{0,2}[市县区州]|西地省|(?:UU|[A-Z]0)\d{5,}|[“\"]{1,2}[”\"]{1,2}")
_END = re.compile(r"[。!?;\n]+")
_GREETING = re.compile(
    r"^.{0,12}(?:领导|书记|市长|县长|区长|局长|省长|您好|你好|政府)[们,:!您你好]{0,6}$"
)
_WHO = re.compile(
    r"^(?:尊敬的)?.{0,10}(?:领导|书记|市长|县长|区长|局长|省长)们?[,:!]?(?:您们?好|你们?好)?[,:!]"
)

NOTICE_LABELS = frozenset({"课程学习", "学校活动", "实习就业", "广告"})


@dataclass(frozen=True, slots=True)
class Post:
    """A citizen's message: where it comes from, its near-duplicates' number, its label or none."""

    source: str
    cluster: str
    title: str
    detail: str
    domain: str = ""
    reply: str = ""

    @property
    def full(self) -> str:
        """Title and detail in one."""
        return f"{self.title}。{self.detail}" if self.title else self.detail

    @property
    def sentences(self) -> list[str]:
        """Single sentences of 8 to 60 characters, without the words of address."""
        parts = (_WHO.sub("", p.strip()).strip(" ,") for p in _END.split(self.detail))
        return [p for p in parts if 8 <= len(p) <= 60 and not _GREETING.match(p)]


def plain(text: str) -> str:
    """Return a text half-width, without the codes that stand for places and people."""
    return re.sub(r"[ \t\u3000]+", " ", _CODED.sub("", unicodedata.normalize("NFKC", text))).strip()


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def posts(data: Path) -> list[Post]:
    """Return the citizens' messages of all four files; only the first one's are labelled."""
    files = {"labelled": "A_labelled_raw.csv", "att3": "A_att3_unlabelled.csv",
             "att4": "A_att4_with_replies.csv", "testset": "A_testset_unlabelled.csv"}  # fmt: skip
    return [
        Post(source, row["dup_cluster"], plain(row["title"]), plain(row["detail"]),
             row.get("label") or "", plain(row.get("reply") or ""))
        for source, name in files.items()
        for row in _table(data / "triage" / name)
    ]  # fmt: skip


def others(data: Path) -> dict[str, list[str]]:
    """Return what is no problem post, by source: talk, notices and news."""
    folder = data / "triage"
    group = [
        json.loads(line) for line in (folder / "C_qq_group_labelled.jsonl").open(encoding="utf-8")
    ]
    news = [json.loads(line) for line in (folder / "D_cluener_train.jsonl").open(encoding="utf-8")]
    found = {
        "group-chat": [row["text"] for row in group if row["label"] not in NOTICE_LABELS],
        "group-notices": [row["text"] for row in group if row["label"] in NOTICE_LABELS],
        "news": [row["text"] for row in news],
    }
    for name, file in (
        ("estate-agents", "C_house_im.csv"), ("microblog", "C_lccc_utterances.csv"),
        ("chatbot", "C_xiaohuangji_lines.csv"), ("chatbot-facts", "C_chatterbot_zh.csv"),
        ("voice-commands", "C_smp2019_commands.csv"),
    ):  # fmt: skip
        found[name] = [row["text"] for row in _table(folder / file)]
    unique = {name: dict.fromkeys(plain(text) for text in texts) for name, texts in found.items()}
    return {name: [text for text in texts if text] for name, texts in unique.items()}


def replies(every: list[Post]) -> list[str]:
    """Return the officials' replies to citizens, whole."""
    return list(dict.fromkeys(post.reply for post in every if post.reply))


def written(kind: str) -> list[str]:
    """Return lines written for training by the project: one of the files of ``written/``."""
    lines = (WRITTEN / f"{kind}.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


@dataclass(frozen=True, slots=True)
class Plea:
    """A problem post written for training, with its labels; urgency and size where they are known."""

    text: str
    category: str
    urgency: str = ""
    size: str = ""


def pleas() -> list[Plea]:
    """Return the problem posts written for training."""
    rows = [line.split(" | ", 1) for line in written("problems")]
    labelled = [line.split(" | ", 3) for line in written("pleas")]
    return [Plea(text, category) for category, text in rows] + [
        Plea(text, category, urgency, size) for category, urgency, size, text in labelled
    ]


@dataclass(frozen=True, slots=True)
class StaffPost:
    """What a leader or officer posts, written for training: by whose hand, and whether it asks
    others to act or tells residents something."""

    hand: int
    asks: bool
    text: str


def staff_posts() -> list[StaffPost]:
    """Return what leaders and officers post."""
    rows = [line.split(" | ", 2) for line in written("staff")]
    return [StaffPost(int(hand), kind == "asks", text) for hand, kind, text in rows]


def titles(every: list[Post]) -> list[Plea]:
    """Return citizens' titles that the project read and labelled. What the repository holds of them
    are hashes and labels: the words stay where the data is."""
    with (WRITTEN / "titles.csv").open(encoding="utf-8", newline="") as file:
        known = {row["title"]: row for row in csv.DictReader(file)}
    found = {}
    for post in every:
        row = known.get(hashlib.sha256(post.title.encode()).hexdigest()[:12])
        if row:
            found[post.title] = Plea(post.title, row["category"], row["urgency"], row["size"])
    return list(found.values())


def rows(name: str) -> list[dict[str, Any]]:
    """Return rows of what is said later, traps or places that were written for training."""
    lines = (WRITTEN / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def sample(texts: list[str], most: int, seed: int = 5) -> list[str]:
    """Return at most so many of the texts, the same ones each time."""
    return texts if len(texts) <= most else random.Random(seed).sample(texts, most)


def taxonomy(data: Path) -> list[tuple[str, str]]:
    """Return the names in the taxonomy of citizens' messages, each with its first-level label."""
    rows = _table(data / "triage" / "A_taxonomy_517.csv")
    return [(f"{row['l2']} {row['l3']}", row["l1"]) for row in rows]
