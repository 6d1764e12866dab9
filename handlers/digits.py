"""The digits of a text as people write them, in groups, with what stands between. Pure.

``138-0000 1111``, ``１３８``, ``一三八`` and ``①③⑧`` are digits alike; a group is written in one
script and without a gap, but digits spelled one by one make one group.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_VALUES = {
    "〇": "0", "零": "0", "○": "0", "一": "1", "壹": "1", "幺": "1", "么": "1", "二": "2",
    "贰": "2", "貳": "2", "两": "2", "三": "3", "叁": "3", "叄": "3", "四": "4", "肆": "4",
    "五": "5", "伍": "5", "六": "6", "陆": "6", "陸": "6", "七": "7", "柒": "7", "八": "8",
    "捌": "8", "九": "9", "玖": "9",
}  # fmt: skip
_WORDS = "".join(_VALUES)
_HIDDEN = r"(?<!\d)[0-9]{3,4}\*{4,}[0-9]{3}[0-9X]?(?!\d)"
_GROUP = re.compile(rf"{_HIDDEN}|[\d①-⑨⓪]+|[{_WORDS}]+")
_DIGIT = re.compile(rf"[\d①-⑨⓪{_WORDS}]")

SPACE, DASH, LONG_DASH, DOT, BRACKET, COMMA = " ", "-", "—", ".", ")", ","
_WRITTEN = {
    SPACE: " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
    # what nobody sees: WeChat's spaces after a name, an iPhone's marks around a number, keycaps
    + "".join(map(chr, (*range(0x2000, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A))))
    + "\xad\ufeff\ufe0e\ufe0f\u20e3",
    DASH: "-‐‑‒−－﹣_＿",
    LONG_DASH: "–—―~～",
    DOT: ".．·•・‧",
    BRACKET: "()（）[]【】",
    COMMA: ",，、;；。/／|｜:：",
}
_MARKS = {mark: kind for kind, marks in _WRITTEN.items() for mark in marks}
_WIDEST = 6  # characters between two groups of one number
_SPELLED = 3  # digits in a row, each by itself, from which on they are one group


@dataclass(frozen=True, slots=True)
class Group:
    """Digits (ASCII) that stand together at ``start`` to ``end`` of a text.

    ``gap`` is what separates it from the group before: kinds of marks, in the order of their first
    occurrence, spaces only if there is nothing else; None if the two can't be of one number.
    """

    start: int
    end: int
    digits: str
    words: bool
    gap: str | None

    def without_first(self) -> Group:
        """Return the group less its first digit, which may belong to the word before: 万一."""
        return Group(self.start + 1, self.end, self.digits[1:], self.words, "")


def count_digits(text: str) -> int:
    """Return how many digits a text has; quick, since most texts have too few for a number."""
    return len(_DIGIT.findall(text))


def groups_of(text: str) -> list[Group]:
    """Return the groups of a text in order; numbers that are hidden already are none."""
    found: list[Group] = []
    end = -1
    for match in _GROUP.finditer(text):
        if "*" in match[0]:
            end = -1
            continue
        words = match[0][0] in _VALUES
        gap = None if end < 0 else _gap(text[end : match.start()])
        found.append(Group(match.start(), match.end(), _ascii(match[0]), words, gap))
        end = match.end()
    return _spelled_out(found)


def _ascii(digits: str) -> str:
    if digits.isascii():
        return digits
    return "".join(_VALUES.get(d) or str(unicodedata.digit(d)) for d in digits)


def _gap(between: str) -> str | None:
    if len(between) > _WIDEST:
        return None
    kinds = dict.fromkeys(_MARKS.get(mark, "") for mark in between)
    if "" in kinds:
        return None
    if len(kinds) > 1:
        kinds.pop(SPACE, None)
    return "".join(kinds)


def _spelled_out(groups: Sequence[Group]) -> list[Group]:
    """Return the groups with those of one digit, in a row and with equal gaps, put together."""
    done: list[Group] = []
    at = 0
    while at < len(groups):
        stop = _end_of_row(groups, at)
        if stop - at < _SPELLED:
            done.append(groups[at])
            at += 1
            continue
        row = groups[at:stop]
        digits = "".join(group.digits for group in row)
        words = all(group.words for group in row)
        done.append(Group(row[0].start, row[-1].end, digits, words, row[0].gap))
        at = stop
    return done


def _end_of_row(groups: Sequence[Group], at: int) -> int:
    stop = at + 1
    if len(groups[at].digits) > 1:
        return stop
    while stop < len(groups) and len(groups[stop].digits) == 1:
        group = groups[stop]
        plain = group.gap is not None and (COMMA not in group.gap or group.words)
        if not plain or group.gap != groups[at + 1].gap:
            break
        stop += 1
    return stop
