"""The project's own dictionary: what matters there are, and which words speak for or against a
problem. Two tables that anyone may extend; jieba learns their words when they are read."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from handlers.categories import categories


@dataclass(frozen=True, slots=True)
class Topic:
    """One matter: its word, its category and its line of government."""

    name: str
    category: str
    kind: str
    domain: str


@dataclass(frozen=True, slots=True)
class Cue:
    """What a word says beside the matter: its kind, and how much it speaks for a problem."""

    kind: str
    weight: float


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words by what they tell. A strong word tells a problem by itself, a weak one the matter."""

    strong: dict[str, Topic]
    weak: dict[str, Topic]
    cues: dict[str, Cue]
    topics: dict[str, Topic]

    def words(self) -> Iterable[str]:
        """Return all words, for segmentation."""
        return {*self.strong, *self.weak, *self.cues}


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("handlers.triage") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def lexicon() -> Lexicon:
    """Read the tables. The first row that has a word keeps it."""
    topics: dict[str, Topic] = {}
    strong: dict[str, Topic] = {}
    weak: dict[str, Topic] = {}
    table = categories()
    for row in _rows("topics.csv"):
        category = table[row["category"]]
        domain = row["domain"] or category.domain
        topic = Topic(row["topic"], category.code, category.kind, domain)
        topics[topic.name] = topic
        for words, known in ((row["strong"], strong), (row["weak"], weak)):
            for word in words.split():
                known.setdefault(word, topic)
    cues: dict[str, Cue] = {}
    for row in _rows("cues.csv"):
        for word in row["words"].split():
            cues.setdefault(word, Cue(row["kind"], float(row["weight"])))
    return Lexicon(strong, weak, cues, topics)
