"""When digests go out, which time each covers, and the words a supervisor reads on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from apscheduler.triggers.cron import CronTrigger

from bot.models import Level
from schedules.calendar import zone
from schedules.figures import Caption, Figures, Line, shares

PERIODS = ("daily", "weekly", "monthly")
"""The three digests, in the words of the configuration."""

_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
_FORMS = {
    "daily": re.compile(rf"(){_CLOCK}", re.ASCII),
    "weekly": re.compile(rf"(mon|tue|wed|thu|fri|sat|sun) {_CLOCK}", re.ASCII),
    # No month lacks its 28th, so that no digest is ever skipped.
    "monthly": re.compile(rf"([1-9]|1\d|2[0-8]) {_CLOCK}", re.ASCII),
}
_ADVICE = {
    "daily": "日报时间应写成 18:00 这样",
    "weekly": "周报时间应写成 mon 09:00 这样（星期用 mon、tue、wed、thu、fri、sat、sun）",
    "monthly": "月报时间应写成 1 09:00 这样（几号在 1 到 28 之间）",
}
_FIELDS = {"weekly": "day_of_week", "monthly": "day"}
_LENGTHS = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}

_NAMES = {"daily": "日报", "weekly": "周报", "monthly": "月报"}
_BEFORE = {"daily": "前一天", "weekly": "前一周", "monthly": "前一个月"}
_WHOLE = {"daily": "这一天", "weekly": "这一周", "monthly": "这个月"}
_LEVELS = {
    Level.MICROGRID: "微网格",
    Level.BRANCH: "支部",
    Level.VILLAGE: "村/社区",
    Level.TOWNSHIP: "乡镇/街道",
    Level.CITY: "市",
}
_TEXT_LENGTH = 18
_CATEGORIES = 3


_KNOWN = 100  # firings remembered at most


class Schedule:
    """The firing times of the three digests; an empty string switches one off.

    ``daily`` is ``HH:MM``, ``weekly`` is ``mon HH:MM``, ``monthly`` is ``1 HH:MM`` (a day from 1 to
    28), all in ``timezone``. Raises ValueError with one sentence for the operator. Every method
    raises ValueError for a period that isn't one of ``PERIODS``.
    """

    def __init__(
        self,
        daily: str = "18:00",
        weekly: str = "mon 09:00",
        monthly: str = "1 09:00",
        timezone: str = "Asia/Shanghai",
    ) -> None:
        self.zone = zone(timezone)
        times = zip(PERIODS, (daily, weekly, monthly), strict=True)
        self._known: dict[tuple[str, datetime], datetime | None] = {}
        """Asked for each second after the same firing, and slow to find."""
        self._triggers = {period: self._trigger(period, time) for period, time in times}

    def next_after(self, period: str, moment: datetime) -> datetime | None:
        """The first firing strictly later than ``moment`` (aware); None if switched off."""
        trigger = self._triggers[_checked(period)]
        if trigger is None:
            return None
        if (period, moment) in self._known:
            return self._known[period, moment]
        if len(self._known) > _KNOWN:
            self._known.clear()
        later = moment.astimezone(self.zone) + timedelta(microseconds=1)
        found: datetime | None = trigger.get_next_fire_time(None, later)
        self._known[period, moment] = found
        return found

    def window(self, period: str, fire: datetime) -> tuple[datetime, datetime]:
        """What the digest fired at ``fire`` covers, as (since, until), since included.

        The day or the seven days up to ``fire``, or the calendar month before it. By the wall
        clock, so that the windows of following digests meet without a gap.
        """
        until = fire.astimezone(self.zone)
        if _checked(period) == "monthly":
            until = _month_start(until)
            return _month_start(until - timedelta(days=1)), until
        return until - _LENGTHS[period], until

    def previous_window(self, period: str, fire: datetime) -> tuple[datetime, datetime]:
        """The window before ``window(period, fire)``, to compare with."""
        since, _ = self.window(period, fire)
        return self.window(period, since)

    def _trigger(self, period: str, text: str) -> CronTrigger | None:
        if not text:
            return None
        match = _FORMS[period].fullmatch(text)
        if not match:
            raise ValueError(f"{_ADVICE[period]}，不要就留空；现在写的是“{text}”。")
        day, hour, minute = match.groups()
        days = {_FIELDS[period]: day} if day else {}
        return CronTrigger(hour=int(hour), minute=int(minute), timezone=self.zone, **days)


def caption(title_grid: str, period: str, since: datetime, until: datetime) -> Caption:
    """The words for the chart that goes with a digest."""
    days = _days(_checked(period), since, until)
    return Caption(f"{title_grid} {_NAMES[period]} {days}", _BEFORE[period])


def digest_text(
    title_grid: str,
    period: str,
    since: datetime,
    until: datetime,
    now: Figures,
    before: Figures,
    category_name: Callable[[str], str],
) -> str:
    """The digest of one grid: at most 25 short lines; two when nothing happened.

    ``since`` and ``until`` are in local time; ``before`` are the figures of the period before;
    ``category_name`` turns a category's code into what people call it.
    """
    head = f"【{title_grid}】{_NAMES[_checked(period)]} {_days(period, since, until)}"
    if now.quiet:
        return f"{head}\n{_quiet_line(period, now)}"
    blocks = [
        [head, _legend(period, since, until)],
        _flow_lines(now, before),
        [_backlog_line(now), *_matter_lines(now, category_name)],
        [*_slow_lines("了结得最慢的：", now.slowest, title_grid)],
        [*_slow_lines("还没了结、等得最久的：", now.oldest, title_grid)],
        [f"有 {now.asks} 条话拿不准是不是诉求，还等人看一眼。"] if now.asks else [],
    ]
    # The two lists share a block: 25 lines is what a phone shows in two screens.
    blocks[3:5] = [blocks[3] + blocks[4]]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _checked(period: str) -> str:
    if period not in PERIODS:
        raise ValueError(f"只有 daily、weekly、monthly 三种，没有“{period}”。")
    return period


def _month_start(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)


def _days(period: str, since: datetime, until: datetime) -> str:
    """The day or days in the first line; a window that ends at midnight ends the day before."""
    last = until - timedelta(microseconds=1)
    if period == "monthly":
        return f"{since.year}年{since.month}月"
    if period == "weekly":
        return f"{_day(since)}—{_day(last)}"
    return f"{_day(last)}（周{'一二三四五六日'[last.weekday()]}）"


def _day(moment: datetime) -> str:
    return f"{moment.month}月{moment.day}日"


def _clock(moment: datetime) -> str:
    return f"{moment.hour}:{moment.minute:02d}"


def _legend(period: str, since: datetime, until: datetime) -> str:
    """From when to when, unless the first line says it all, and what the arrows compare with."""
    compared = f"括号里是和{_BEFORE[period]}比"
    if _clock(since) == _clock(until) == "0:00":
        return compared
    days = (until.date() - since.date()).days
    first, last = ("昨天", "今天") if days == 1 else (_day(since), _day(until))
    return f"{first}{_clock(since)}到{last}{_clock(until)}，{compared}"


def _quiet_line(period: str, now: Figures) -> str:
    if not now.open_now:
        return f"{_WHOLE[period]}没有新动静，手上也没有等着办的。"
    line = f"{_WHOLE[period]}没有新动静，手上还有 {now.open_now} 单"
    if not now.oldest:
        return f"{line}。"
    oldest = now.oldest[0]
    return f"{line}，等得最久的是 {oldest.number} 号（{_long(oldest.hours)}）。"


def _flow_lines(now: Figures, before: Figures) -> list[str]:
    rows = [
        ("新诉求", now.created, before.created),
        ("接单", now.claimed, before.claimed),
        ("办结", now.resolved, before.resolved),
        ("了结", now.closed, before.closed),
    ]
    lines = [f"{name} {count} 单（{compare(count, past)}）" for name, count, past in rows]
    if now.overdue:  # as of now: what was late a day ago isn't known
        lines.append(f"超时 {now.overdue} 单")
    if now.joined:
        lines.append(f"还有 {now.joined} 人说“我家也是”")
    return lines


def compare(count: int, past: int) -> str:
    """``↑2``, ``↓1`` or ``持平``."""
    if count == past:
        return "持平"
    return f"↑{count - past}" if count > past else f"↓{past - count}"


def percent(share: float) -> str:
    """A fraction as ``88%``; 0% and 100% only when it is none and all."""
    whole = round(share * 100)
    if 0 < share < 1:
        whole = min(max(whole, 1), 99)
    return f"{whole}%"


def _backlog_line(now: Figures) -> str:
    if not now.open_now:
        return "手上没有等着办的了。"
    held = [
        f"{name} {now.by_level[level]}"
        for level, name in _LEVELS.items()
        if now.by_level.get(level)
    ]
    line = f"手上还有 {now.open_now} 单"
    return f"{line}：{'、'.join(held)}" if held else line


def _matter_lines(now: Figures, category_name: Callable[[str], str]) -> Iterator[str]:
    """What people came with, and how far up it had to go."""
    top = top_categories(now, _CATEGORIES)
    if top:
        names = "、".join(f"{category_name(code)} {count}" for code, count in top)
        yield f"新来的主要是：{names}"
    solved = shares(now.settled_at)
    if solved:
        grid, village, township = map(percent, solved)
        yield f"微事不出格 {grid}，小事不出村 {village}，大事不出镇 {township}"


def top_categories(figures: Figures, most: int) -> list[tuple[str, int]]:
    """The categories created most, (code, count), equal counts by code."""
    found = [(code, count) for code, count in figures.by_category.items() if count]
    return sorted(found, key=lambda item: (-item[1], item[0]))[:most]


def _slow_lines(title: str, lines: tuple[Line, ...], title_grid: str) -> Iterator[str]:
    if lines:
        yield title
    for line in lines:
        grid = "" if line.grid == title_grid else f"{_short(line.grid)}："
        yield f"{line.number} 号 {grid}{_short(line.text)}（{_long(line.hours)}）"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _TEXT_LENGTH else f"{words[: _TEXT_LENGTH - 1]}…"


def _long(hours: float) -> str:
    """How long in days and hours; from ten days on, hours say nothing more."""
    whole = int(hours)
    days, rest = divmod(whole, 24)
    if not whole:
        return "不到1小时"
    if not days:
        return f"{rest}小时"
    return f"{days}天{rest}小时" if rest and days < 10 else f"{days}天"
