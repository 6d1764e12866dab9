"""Until when a ticket rests, in the words people use. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

DEFAULT_REST = timedelta(days=7)
LONGEST_REST = timedelta(days=90)
_MORNING = 8
_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8,
           "九": 9, "十": 10, "日": 7, "天": 7}  # fmt: skip
_NEAR = {"明天": 1, "明日": 1, "后天": 2, "大后天": 3, "下周": 7, "下星期": 7, "下个月": 30}


def until(words: str, now: datetime) -> datetime:
    """Return the moment that ``words`` mean ("周五", "10月8日", "3天", "明天"), in the morning.

    Words that say nothing give a week; nothing rests longer than ninety days.
    """
    day = _day(words.strip(), now) or now + DEFAULT_REST
    moment = day.replace(hour=_MORNING, minute=0, second=0, microsecond=0)
    return min(max(moment, now + timedelta(minutes=30)), now + LONGEST_REST)


def _day(words: str, now: datetime) -> datetime | None:
    for reader in (_date, _weekday, _length):
        found = reader(words, now)
        if found:
            return found
    near = max((w for w in _NEAR if w in words), key=len, default="")
    return now + timedelta(days=_NEAR[near]) if near else None


def _date(words: str, now: datetime) -> datetime | None:
    found = re.search(r"(?:(\d{1,2})[月./-])?(\d{1,2})[日号]?", words)
    if not found or not re.search(r"[月日号./-]", words):
        return None
    month, day = int(found[1] or now.month), int(found[2])
    try:
        moment = now.replace(month=month, day=day)
    except ValueError:
        return None
    if moment >= now.replace(hour=0, minute=0):
        return moment
    return _later(moment, bool(found[1]))


def _later(moment: datetime, has_month: bool) -> datetime | None:
    years, month = (moment.year + 1, moment.month) if has_month else (
        moment.year + moment.month // 12, moment.month % 12 + 1)  # fmt: skip
    try:
        return moment.replace(year=years, month=month)
    except ValueError:
        return None


def _weekday(words: str, now: datetime) -> datetime | None:
    found = re.search(r"(下?)(?:周|星期|礼拜)([一二三四五六日天])", words)
    if not found:
        return None
    wanted = _DIGITS[found[2]] - 1
    ahead = wanted - now.weekday()
    if found[1] or ahead <= 0:
        ahead += 7
    return now + timedelta(days=ahead)


def _length(words: str, now: datetime) -> datetime | None:
    found = re.search(r"(\d{1,3}|[一二两三四五六七八九十])(天|个?周|个?星期|个?礼拜|个月)", words)
    if not found:
        return None
    count = int(found[1]) if found[1].isdigit() else _DIGITS[found[1]]
    days = {"天": 1, "个月": 30}.get(found[2], 7)
    return now + timedelta(days=count * days)
