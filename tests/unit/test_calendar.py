from datetime import UTC, date, datetime, timedelta, timezone
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.calendar import Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OFFICE = Calendar()


def span(first: str, last: str) -> set[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return {start + timedelta(days=i) for i in range((end - start).days + 1)}


# The State Council's notice for 2026, written out by hand.
RESTS_2026 = (
    span("2026-01-01", "2026-01-03")
    | span("2026-02-15", "2026-02-23")
    | span("2026-04-04", "2026-04-06")
    | span("2026-05-01", "2026-05-05")
    | span("2026-06-19", "2026-06-21")
    | span("2026-09-25", "2026-09-27")
    | span("2026-10-01", "2026-10-07")
)
MADE_UP_2026 = {date(2026, *day) for day in [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]}


def works(day: date) -> bool:
    return day in MADE_UP_2026 or (day.weekday() < 5 and day not in RESTS_2026)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_every_day_of_2026_is_as_decreed():
    for day in span("2026-01-01", "2026-12-31"):
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)
        assert OFFICE.is_open(noon) == works(day), day


def test_the_made_up_days_of_a_notice_before_its_own_year_work():
    # The New Year of 2007 was made up for at the end of 2006.
    assert OFFICE.is_open(at("2006-12-30 12:00"))
    assert OFFICE.is_open(at("2006-12-31 12:00"))


def test_opening_counts_and_closing_does_not():
    day = "2026-09-24 "
    opens = [OFFICE.is_open(at(day + clock)) for clock in ("07:59:59.999999", "08:00", "20:59:59")]
    assert opens == [False, True, True]
    assert not OFFICE.is_open(at(day + "21:00"))


@pytest.mark.parametrize(
    ("moment", "hours", "due"),
    [
        ("2026-09-22 09:00", 2, "2026-09-22 11:00"),
        ("2026-09-22 20:00", 0, "2026-09-22 20:00"),
        ("2026-09-22 20:00", 1, "2026-09-23 08:00"),
        ("2026-09-22 20:30", 1, "2026-09-23 08:30"),
        ("2026-09-22 21:00", 0, "2026-09-23 08:00"),
        ("2026-09-22 23:00", 2, "2026-09-23 10:00"),
        ("2026-09-22 03:00", 13, "2026-09-23 08:00"),
        ("2026-09-24 20:00", 2, "2026-09-28 09:00"),  # over the Mid-Autumn days
        ("2026-09-25 19:00", 2, "2026-09-28 10:00"),  # written on a day of rest
        ("2026-09-19 10:00", 1, "2026-09-20 09:00"),  # to a Sunday that works
        ("2026-09-30 20:00", 72, "2026-10-14 14:00"),  # over the National Day and a Saturday
        ("2026-12-31 20:30", 1, "2027-01-04 08:30"),  # over the end of the year
    ],
)
def test_add(moment, hours, due):
    assert OFFICE.add(at(moment), hours * HOUR) == at(due)


def test_next_open():
    assert OFFICE.next_open(at("2026-09-22 12:34:56")) == at("2026-09-22 12:34:56")
    assert OFFICE.next_open(at("2026-09-22 21:00")) == at("2026-09-23 08:00")
    assert OFFICE.next_open(at("2026-10-01 09:00")) == at("2026-10-08 08:00")


def test_other_offsets_are_understood_and_the_calendars_zone_comes_back():
    utc = datetime(2026, 9, 22, 1, 0, tzinfo=UTC)
    tokyo = utc.astimezone(timezone(9 * HOUR))
    for moment in (utc, tokyo):
        due = OFFICE.add(moment, 2 * HOUR)
        assert due == at("2026-09-22 11:00")
        assert due.tzinfo is OFFICE.zone
        assert OFFICE.local(moment).hour == 9


def test_around_the_clock_every_day_is_plain_addition():
    always = Calendar(hours="00:00-24:00", rest_days="none")
    moment = at("2026-12-30 23:59")
    assert always.is_open(at("2026-12-31 00:00"))
    assert always.add(moment, 50 * HOUR) == moment + 50 * HOUR


def test_no_rest_days_means_every_day():
    daily = Calendar(rest_days="none")
    assert daily.add(at("2026-10-01 20:00"), 2 * HOUR) == at("2026-10-02 09:00")


def test_a_change_of_clocks_is_neither_worked_nor_lost():
    always = Calendar("Europe/Berlin", "00:00-24:00", "none")
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert always.add(before, 48 * HOUR) == before + 48 * HOUR
    day = Calendar("Europe/Berlin", "08:00-18:00", "none")
    evening = datetime(2026, 3, 28, 17, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert day.add(evening, HOUR).isoformat() == "2026-03-29T08:30:00+02:00"


@st.composite
def moments(draw):
    return at("2026-01-01") + MINUTE * draw(st.integers(0, 340 * 24 * 60))


def walk(moment: datetime, minutes: int) -> datetime:
    """Minute by minute: a minute is worked if its start is open; then on to an open minute."""
    wall = moment.replace(tzinfo=None)
    while True:
        open_now = works(wall.date()) and 8 <= wall.hour < 21
        if open_now and minutes == 0:
            return wall.replace(tzinfo=SHANGHAI)
        minutes -= open_now
        wall += MINUTE


@settings(max_examples=400, deadline=None, derandomize=True)
@given(moments(), st.integers(0, 40 * 60))
def test_add_agrees_with_walking(moment, minutes):
    assert OFFICE.add(moment, MINUTE * minutes) == walk(moment, minutes)


DURATIONS = st.timedeltas(timedelta(0), timedelta(hours=500))


@settings(derandomize=True)
@given(moments(), DURATIONS, DURATIONS)
def test_two_sums_are_one(moment, first, second):
    assert OFFICE.add(OFFICE.add(moment, first), second) == OFFICE.add(moment, first + second)
    assert OFFICE.is_open(OFFICE.add(moment, first))


def test_ten_thousand_hours_and_three_days_are_quick():
    moment = at("2026-09-30 20:30")
    assert OFFICE.add(moment, 10_000 * HOUR).year == 2029
    started = perf_counter()
    for _ in range(2_000):
        OFFICE.add(moment, 72 * HOUR)
    assert (perf_counter() - started) / 2_000 < 200e-6  # 2 microseconds on a common machine


def test_no_year_of_the_century_crashes():
    calendar = Calendar()
    for year in range(2000, 2101):
        assert calendar.add(at(f"{year}-12-31 20:00"), 30 * HOUR) > at(f"{year}-12-31 20:00")


def test_years_without_a_notice_are_said_to_be_estimated():
    assert not OFFICE.estimated(2026)
    assert OFFICE.estimated(2090)
    assert OFFICE.warnings([2025, 2026]) == []
    (line,) = OFFICE.warnings([2091, 2026, 2090])
    assert line.startswith("2090、2091 年的放假安排还没有收录")


def test_without_rest_days_nothing_is_estimated():
    assert not Calendar(rest_days="none").estimated(2090)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"timezone": "Mars/Base"}, "没有“Mars/Base”这个时区"),
        ({"timezone": "Asia"}, "时区"),
        ({"timezone": ""}, "时区"),
        ({"hours": "8-21"}, "工作时间应写成"),
        ({"hours": "08:00-25:00"}, "工作时间应写成"),
        ({"hours": "24:00-24:00"}, "工作时间应写成"),
        ({"hours": "08:00-21:00\n"}, "工作时间应写成"),
        ({"hours": "21:00-08:00"}, "结束要晚于开始"),
        ({"hours": "08:00-08:00"}, "结束要晚于开始"),
        ({"rest_days": "weekends"}, "休息日只能写 official 或 none"),
    ],
)
def test_a_bad_setting_is_one_clear_sentence(setting, words):
    with pytest.raises(ValueError, match=words) as caught:
        Calendar(**setting)
    assert "\n" not in str(caught.value).replace(setting.get("hours", ""), "")


def test_what_cannot_be_summed_is_refused():
    with pytest.raises(ValueError, match="时区"):
        OFFICE.is_open(datetime(2026, 9, 22, 9))  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="负数"):
        OFFICE.add(at("2026-09-22 09:00"), -HOUR)
    with pytest.raises(ValueError, match="范围"):
        OFFICE.add(at("2026-09-22 09:00"), timedelta(days=900_000))
