"""Numerals of addresses: 三 is 3, 二十一 is 21, 五零幺 is 501. Pure."""

from __future__ import annotations

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "幺": 1}
_HIGHEST = 60
"""Rooms on one floor; 2-300 and 5-199 are no homes."""


def number(text: str) -> str:
    """Return a Chinese or Arabic numeral as digits; what is none stays."""
    if text.isascii() or not all(char in _DIGITS or char in "十百0123456789" for char in text):
        return text
    if "十" not in text and "百" not in text:
        return "".join(str(_DIGITS.get(char, char)) for char in text)
    total, digit = 0, 0
    for char in text:
        if char == "百":
            total, digit = total + (digit or 1) * 100, 0
        elif char == "十":
            total, digit = total + (digit or 1) * 10, 0
        else:
            digit = _DIGITS.get(char, 0)
    return str(total + digit)


def room_of(text: str) -> str:
    """Return a room's number as digits, or nothing if it can't be one."""
    room = number(text)
    likely = room.isdigit() and len(room) in {3, 4} and 1 <= int(room[-2:]) <= _HIGHEST
    return room if likely else ""
