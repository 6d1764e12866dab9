"""Working time: which days count, when the day opens and closes, and sums over it.

The policy's clocks run on it, so nobody is nudged at midnight or at a holiday.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays

_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_HOURS = re.compile(rf"({_CLOCK})-({_CLOCK}|24:00)", re.ASCII)
_LAST_YEAR = 2200
_ZERO = timedelta(0)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Year:
    """One local year's opening hours in UTC, oldest first.

    ``worked[i]`` is the year's working time before ``opens[i]``; the last item is the whole year's.
    """

    opens: tuple[datetime, ...]
    closes: tuple[datetime, ...]
    worked: tuple[timedelta, ...]

    def position(self, moment: datetime) -> timedelta:
        """Working time from the year's first opening to ``moment`` (UTC)."""
        i = bisect_right(self.opens, moment) - 1
        if i < 0:
            return _ZERO
        return self.worked[i] + min(moment, self.closes[i]) - self.opens[i]

    def moment(self, position: timedelta) -> datetime:
        """The reverse; a position on a closing time is the next opening."""
        i = bisect_right(self.worked, position) - 1
        return self.opens[i] + (position - self.worked[i])


class Calendar:
    """Opening hours of a place.

    ``timezone`` is an IANA name, ``hours`` is ``HH:MM-HH:MM`` (24:00 ends a day), ``rest_days`` is
    ``official`` (weekends and China's public holidays rest, make-up workdays work) or ``none``.
    Raises ValueError with one sentence for the operator. Moments given must be aware; moments
    returned are in the calendar's zone.
    """

    def __init__(
        self,
        timezone: str = "Asia/Shanghai",
        hours: str = "08:00-21:00",
        rest_days: str = "official",
    ) -> None:
        self.zone = zone(timezone)
        self.timezone = timezone
        self.hours = hours
        self._start, self._end = _parse_hours(hours)
        if rest_days not in ("official", "none"):
            raise ValueError(f"休息日只能写 official 或 none，现在写的是“{rest_days}”。")
        self.rest_days = rest_days
        self._years: dict[int, _Year] = {}

    def local(self, moment: datetime) -> datetime:
        """The same moment in the calendar's zone; ValueError if it has no zone at all."""
        if moment.tzinfo is None:
            raise ValueError("时间没有带时区。")
        return moment.astimezone(self.zone)

    def is_open(self, moment: datetime) -> bool:
        """Whether working time runs at ``moment``; opening time counts, closing time doesn't."""
        local = self.local(moment)
        year = self._year(local.year)
        exact = local.astimezone(UTC)
        i = bisect_right(year.opens, exact) - 1
        return i >= 0 and exact < year.closes[i]

    def next_open(self, moment: datetime) -> datetime:
        """``moment`` itself if open, else the next opening."""
        return self.add(moment, _ZERO)

    def add(self, moment: datetime, duration: timedelta) -> datetime:
        """The moment after ``duration`` of working time, counted from ``next_open(moment)``.

        A sum that falls on closing time is the next opening: "a moment due at 21:00 or later is
        due at the next opening" (replay contract). ValueError if negative or beyond 2200.
        """
        if duration < _ZERO:
            raise ValueError("时长不能是负数。")
        local = self.local(moment)
        number = local.year
        year = self._year(number)
        position = year.position(local.astimezone(UTC)) + duration
        while position >= year.worked[-1]:
            position -= year.worked[-1]
            number += 1
            year = self._year(number)
        return year.moment(position).astimezone(self.zone)

    def estimated(self, year: int) -> bool:
        """Whether that year's rest days are a guess: its make-up workdays are not known.

        Every State Council notice since 2001 has make-up workdays, so a year without any is a year
        whose notice the ``holidays`` package doesn't hold (yet).
        """
        if self.rest_days == "none":
            return False
        known = holidays.country_holidays("CN", years=year).weekend_workdays
        return not any(day.year == year for day in known)

    def warnings(self, years: Iterable[int]) -> list[str]:
        """One line for the operator if any of ``years`` is estimated, else an empty list."""
        guessed = [str(year) for year in sorted(set(years)) if self.estimated(year)]
        if not guessed:
            return []
        return [
            f"{'、'.join(guessed)} 年的放假安排还没有收录，休息日先按推算的走（不含调休）；"
            "国务院的通知发布后，请升级 holidays 包。"
        ]

    def _year(self, number: int) -> _Year:
        found = self._years.get(number)
        if found is None:
            if not 1 < number <= _LAST_YEAR:
                raise ValueError(f"时间超出了日历的范围（{_LAST_YEAR} 年以前）。")
            found = self._years[number] = self._build(number)
        return found

    def _build(self, number: int) -> _Year:
        opens, closes, worked = [], [], [_ZERO]
        for day in self._workdays(number):
            opening, closing = self._at(day, self._start), self._at(day, self._end)
            if opening >= closing:
                continue  # a change of clocks swallowed the day's only hours
            opens.append(opening)
            closes.append(closing)
            worked.append(worked[-1] + closing - opening)
        return _Year(tuple(opens), tuple(closes), tuple(worked))

    def _workdays(self, year: int) -> list[date]:
        first = date(year, 1, 1)
        days = [first + _DAY * i for i in range((date(year + 1, 1, 1) - first).days)]
        if self.rest_days == "none":
            return days
        # The next year's notice can make a day of this December a workday.
        official = holidays.country_holidays("CN", years=(year, year + 1))
        return [day for day in days if official.is_working_day(day)]

    def _at(self, day: date, clock: timedelta) -> datetime:
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return (midnight + clock).astimezone(UTC)


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name; ValueError with one sentence if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"没有“{name}”这个时区，应写成 Asia/Shanghai 这样。") from None


def _parse_hours(text: str) -> tuple[timedelta, timedelta]:
    """Opening and closing as time after midnight."""
    match = _HOURS.fullmatch(text)
    if not match:
        raise ValueError(f"工作时间应写成 08:00-21:00 这样，现在写的是“{text}”。")
    start, end = (_since_midnight(part) for part in match.groups())
    if end <= start:
        raise ValueError(f"工作时间的结束要晚于开始，现在写的是“{text}”。")
    return start, end


def _since_midnight(clock: str) -> timedelta:
    hour, minute = clock.split(":")
    return timedelta(hours=int(hour), minutes=int(minute))
