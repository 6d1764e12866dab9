"""A line of chat as letters: each word's class by a table (sayings.csv). Pure."""

from __future__ import annotations

import csv
import re
from functools import cache, lru_cache
from importlib.resources import files

UNKNOWN = "X"
"""The letter of a character that belongs to no word of the table."""

_NOTHING = "_"
_DIALECT = str.maketrans({"哒": "了", "冇": "没"})
_BREAK = frozenset(',.;:!。、~…\n\t ()【】[]|—-/"“”')
_SKIP = frozenset("0123456789#*_")
_SAID_BACKWARD = re.compile(r"(?<=[修换弄搞清办接装拆补][好完掉走通])的(?=$|[,。!])")  # 上午修好的
_COMPLETES = {"完": "o", "毕": "o", "好": "R", "掉": "R", "走": "R"}
"""What the last character of a word for mending adds."""
_LOOKING = re.compile(
    r"(?:[看问查瞅][看问查下]?|[看问查]一[下看]|了解|弄清楚|问清楚)(?:下|到底|是|他们家|里面|上面|家里|那边|这边)*"
    r"(?:怎么回事|[什甚]么(?:情况|原因|问题|毛病)|咋回事|[么啥]子?(?:情况|原因)|怎么搞的|哪里(?:坏|漏|堵)了?)"
)
_NUISANCE = (
    r"(?:声音?|响声|味道?|臭味|异味|噪音|积水|问题|事情?|毛病|垃圾|蚊子|苍蝇|漏水?|堵|吵|闹|滴水?|响|臭|抖|晃|闪|跳闸?|返水|反水|卡"
    r"|停|黑|呛|冒|掉|摇|颤|叫|烂|乱|脏|挤|摆|停电|停水|断|渗)"
)
_GONE = re.compile(
    rf"(?:没有?|没得|不)(?:再|什么|么子)?{_NUISANCE}过?了|没(?:有)?再{_NUISANCE}|没得(?:问题|事|毛病)"
    rf"|{_NUISANCE}(?:也|都|已经)?没(?:有)?了"
    rf"|(?<=[试晚天夜在了上])[,，]?(?:都|也|就|一直)?没(?:有)?(?:听到|闻到|再)?{_NUISANCE}"
)
_TITLE = re.compile(r"X{0,2}Y")
_NO_LONGER = re.compile(r"NBL$")


@cache
def _table() -> tuple[dict[str, str], dict[str, int]]:
    """Return each word's letter, and for each first character how long its words get."""
    text = files("handlers").joinpath("sayings.csv").read_text(encoding="utf-8")
    letters: dict[str, str] = {}
    longest: dict[str, int] = {}
    for row in csv.DictReader(text.splitlines()):
        for word in row["words"].split():
            more = _COMPLETES.get(word[-1], "") if row["class"] == "fix" else ""
            letters.setdefault(word, row["letter"] + more)
            longest[word[0]] = max(longest.get(word[0], 1), len(word))
    return letters, longest


def read(line: str) -> list[str]:
    """Return the clauses of a line, a letter for each word; the longest word at a place wins."""
    return list(_clauses(line))


@lru_cache(maxsize=16)  # the rules and the model read the same line
def _clauses(line: str) -> tuple[str, ...]:
    letters, longest = _table()
    line = _LOOKING.sub("看看", _SAID_BACKWARD.sub("了", line.translate(_DIALECT)))
    line = _GONE.sub("没事了", line)
    clauses: list[str] = []
    clause = ""
    at, end = 0, len(line)
    while at < end:
        char = line[at]
        for size in range(longest.get(char, 0), 0, -1):
            letter = letters.get(line[at : at + size])
            if letter:
                if letter != _NOTHING:
                    clause += letter
                at += size
                break
        else:
            at += 1
            if char in _BREAK:
                if clause:
                    clauses.append(clause)
                clause = ""
            elif char not in _SKIP and char.isalnum():
                clause += UNKNOWN
    if clause:
        clauses.append(clause)
    return tuple(_tidy(c) for c in clauses)


def _tidy(clause: str) -> str:
    if clause[0] in "RL":
        clause = clause.lstrip("RL") or clause[0]
    if "Y" in clause:
        clause = _TITLE.sub("Y", clause)
    return _NO_LONGER.sub("E", clause) if clause[-1] == "L" else clause
