"""Danger to life, here and now: fire, gas, somebody trapped, missing, hurt. Pure.

A model tells how much a line sounds like a cry for help; the patterns of danger.csv, which name the
matter, count only where the model doesn't contradict, and are needed only where it isn't sure. What
is past, over, feared, fiction, elsewhere, an exercise or a figure of speech is none (triage
contract, rule 4).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from handlers.triage.anchors import Patterns
from handlers.triage.linear import Model, Sums, best

AGAINST, SURE = -0.3, 0.0
"""The model's margin below which no pattern counts, and from which on none is needed. Of written
cries that the model had not seen 88 of 100 are found so, and 3 of 100 lines written to sound like
one, 2 of 100 pleas without danger."""
CERTAIN = 0.3
"""The margin from which on a figure of speech in the line doesn't matter."""
_SLIPS = str.maketrans({"哒": "了", "冇": "没", "嘀": "的"})
_BREAK = re.compile(r"[,。!?;:~、\s]")
_NOW = re.compile(r"现在|正在|刚|今[天晚早]|这会|!")
_STILL = re.compile(r"到现在|还没|至今|一直没|现在|还在|没回|没找到|不见")


def danger(line: str, models: Mapping[str, Model], sums: Sums | None = None) -> str:
    """Return the matter of an emergency that a half-width line tells of, or an empty text; of
    ``models`` and the line's ``sums`` see handlers.triage.linear."""
    margin = models["danger"].scores(line, sums)[0]
    if margin < AGAINST:
        return ""
    topic = _named(line.translate(_SLIPS))
    if topic or margin < SURE:
        return topic
    if margin < CERTAIN and _table()["figure"].search(line):
        return ""  # "我要气爆炸了"
    kinds = models["danger-kind"]
    return best(kinds.scores(line, sums), kinds.labels).label


def _named(line: str) -> str:
    """Return the matter whose pattern occurs, told as happening now."""
    table = _table()
    if table["machine"].search(line):  # without power it stops, and somebody breathes by it
        return "急病"
    for topic, found in _patterns().find(line):
        if table["unreal"].search(line) or table["over"].search(line):
            return ""
        if _is_now(line, found, topic):
            return topic
    return ""


def _is_now(line: str, found: re.Match[str], topic: str) -> bool:
    """Return whether what was found is told as happening, and not as feared, usual or past."""
    table, before = _table(), line[: found.start()]
    clause = _BREAK.split(before)[-1]
    if table["feared"].search(clause) or table["feared-within"].search(found[0]):
        return False
    if table["supposed"].search(before + found[0]) or table["figure"].search(line):
        return False
    if table["habit"].search(line) and not _NOW.search(line):
        return False
    return not table["past"].search(line) or bool(topic == "走失" and _STILL.search(line))


_ENDS = {"feared": r"[^,。!?;]{0,8}$"}
"""What may stand between a pattern of a list and the end of the clause."""
_LISTS = frozenset({
    "machine", "unreal", "over", "feared", "feared-within", "supposed", "figure", "habit", "past",
})  # fmt: skip


@cache
def _rows() -> list[tuple[str, str]]:
    """Return the table with its groups of words (``<WHO>``) put in, without them."""
    text = (files("handlers.triage") / "danger.csv").read_text(encoding="utf-8")
    rows = [(row["list"], row["pattern"]) for row in csv.DictReader(text.splitlines())]
    groups: dict[str, str] = {}
    for name in dict.fromkeys(name for name, _ in rows if name.startswith("<")):
        words = "|".join(_filled(pattern, groups) for group, pattern in rows if group == name)
        groups[name] = f"(?:{words})"
    return [(name, _filled(pattern, groups)) for name, pattern in rows if name not in groups]


def _filled(pattern: str, groups: dict[str, str]) -> str:
    for name, words in groups.items():
        pattern = pattern.replace(name, words)
    return pattern


@cache
def _patterns() -> Patterns:
    return Patterns(tuple((name, pattern) for name, pattern in _rows() if name not in _LISTS))


@cache
def _table() -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile(
            f"(?:{'|'.join(p for of, p in _rows() if of == name)}){_ENDS.get(name, '')}"
        )
        for name in _LISTS
    }
