from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Level
from schedules.digests import PERIODS, Schedule, caption, compare, digest_text, percent
from schedules.figures import Caption, Figures, Line

SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMES = {"lighting": "路灯照明", "drainage": "下水排污", "noise": "噪音扰民"}
NOW = Figures(
    created=12,
    claimed=10,
    resolved=9,
    closed=8,
    overdue=2,
    open_now=23,
    asks=2,
    joined=5,
    by_level={"microgrid": 15, "branch": 5, "village": 2, "township": 1},
    by_category={"noise": 3, "lighting": 4, "drainage": 3, "elevator": 2},
    settled_at={"microgrid": 6, "branch": 1, "township": 1},
    slowest=(
        Line(1024, "一支部四网格", "3栋楼下路灯坏了好几天了，晚上黑得看不见路", 77.2),
        Line(1030, "二支部一网格", "楼道堆满纸箱", 30.5),
        Line(1041, "一支部四网格", "下水道\n堵了", 0.4),
    ),
    oldest=(
        Line(1003, "三支部二网格", "楼上半夜拖椅子", 250),
        Line(1011, "百宜社区", "电梯一抖一抖的", 48),
    ),
)
BEFORE = Figures(created=10, claimed=11, resolved=9, closed=5, overdue=1)

DAILY = """\
【百宜社区】日报 9月25日（周五）
昨天18:00到今天18:00，括号里是和前一天比

新诉求 12 单（↑2）
接单 10 单（↓1）
办结 9 单（持平）
了结 8 单（↑3）
超时 2 单
还有 5 人说“我家也是”

手上还有 23 单：微网格 15、支部 5、村/社区 2、乡镇/街道 1
新来的主要是：路灯照明 4、下水排污 3、噪音扰民 3
微事不出格 75%，小事不出村 88%，大事不出镇 100%

了结得最慢的：
1024 号 一支部四网格：3栋楼下路灯坏了好几天了，晚上黑得…（3天5小时）
1030 号 二支部一网格：楼道堆满纸箱（1天6小时）
1041 号 一支部四网格：下水道 堵了（不到1小时）
还没了结、等得最久的：
1003 号 三支部二网格：楼上半夜拖椅子（10天）
1011 号 电梯一抖一抖的（2天）

有 2 条话拿不准是不是诉求，还等人看一眼。"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def name(code: str) -> str:
    return NAMES.get(code, code)


def digest(
    now: Figures, before: Figures = BEFORE, period: str = "daily", fire: str = "2026-09-25 18:00"
) -> str:
    since, until = Schedule().window(period, at(fire))
    return digest_text("百宜社区", period, since, until, now, before, name)


def test_a_full_day():
    assert digest(NOW) == DAILY


def test_a_quiet_day_is_two_lines():
    assert digest(Figures()) == (
        "【百宜社区】日报 9月25日（周五）\n这一天没有新动静，手上也没有等着办的。"
    )
    waiting = Figures(open_now=3, oldest=NOW.oldest)
    assert digest(waiting).splitlines()[1:] == [
        "这一天没有新动静，手上还有 3 单，等得最久的是 1003 号（10天）。"
    ]
    assert digest(Figures(open_now=3)).endswith("手上还有 3 单。")


def test_what_there_is_none_of_is_not_mentioned():
    text = digest(Figures(created=1), Figures())
    assert text.endswith("手上没有等着办的了。")
    for absent in ("我家也是", "主要是", "不出格", "最慢", "最久", "拿不准"):
        assert absent not in text


@pytest.mark.parametrize(
    ("period", "fire", "first", "second"),
    [
        ("weekly", "2026-09-28 09:00", "周报 9月21日—9月28日", "9月21日9:00到9月28日9:00，"),
        ("weekly", "2026-09-28 00:00", "周报 9月21日—9月27日", "括号里是和前一周比"),
        ("monthly", "2026-01-01 09:00", "月报 2025年12月", "括号里是和前一个月比"),
        ("daily", "2026-09-26 00:00", "日报 9月25日（周五）", "括号里是和前一天比"),
        ("daily", "2026-09-26 08:05", "日报 9月26日（周六）", "昨天8:05到今天8:05，"),
    ],
)
def test_the_first_lines_say_where_and_when(period, fire, first, second):
    lines = digest(NOW, period=period, fire=fire).splitlines()
    assert lines[0] == f"【百宜社区】{first}"
    assert lines[1].startswith(second)


def test_the_chart_has_the_same_words():
    since, until = Schedule().window("daily", at("2026-09-25 18:00"))
    assert caption("百宜社区", "daily", since, until) == Caption(
        "百宜社区 日报 9月25日（周五）", "前一天"
    )


COUNT = st.integers(0, 10**6)
LEVELS = st.dictionaries(st.sampled_from([str(level) for level in Level]), COUNT)
LINES = st.lists(st.builds(Line, COUNT, st.text(), st.text(), st.floats(0, 1e5)), max_size=3).map(
    tuple
)


@settings(derandomize=True)
@given(
    st.builds(
        Figures,
        *[COUNT] * 8,
        LEVELS,
        st.dictionaries(st.sampled_from(list(NAMES)), COUNT),
        LEVELS,
        LINES,
        LINES,
    ),
    st.sampled_from(PERIODS),
)
def test_no_digest_is_longer_than_25_lines(now, period):
    assert len(digest(now, period=period).split("\n")) <= 25


def test_comparisons_and_percentages():
    assert [compare(3, 1), compare(1, 2), compare(0, 0)] == ["↑2", "↓1", "持平"]
    assert [percent(share) for share in (0, 0.0001, 0.5, 0.9999, 1)] == [
        "0%",
        "1%",
        "50%",
        "99%",
        "100%",
    ]


@pytest.mark.parametrize(
    ("period", "moment", "fire"),
    [
        ("daily", "2026-09-25 17:59:59.999999", "2026-09-25 18:00"),
        ("daily", "2026-09-25 18:00", "2026-09-26 18:00"),
        ("daily", "2026-12-31 18:00:00.000001", "2027-01-01 18:00"),
        ("weekly", "2026-09-25 18:00", "2026-09-28 09:00"),
        ("weekly", "2026-09-28 09:00", "2026-10-05 09:00"),
        ("monthly", "2026-09-25 18:00", "2026-10-01 09:00"),
        ("monthly", "2026-12-01 09:00", "2027-01-01 09:00"),
    ],
)
def test_the_next_firing_is_strictly_later(period, moment, fire):
    found = Schedule().next_after(period, at(moment))
    assert found == at(fire)
    assert found.utcoffset() == timedelta(hours=8)
    assert Schedule().next_after(period, at(moment).astimezone(UTC)) == at(fire)


def test_an_empty_time_is_off():
    off = Schedule(daily="", weekly="", monthly="")
    assert [off.next_after(period, at("2026-09-25 18:00")) for period in PERIODS] == [None] * 3


def test_windows():
    schedule = Schedule()
    day = at("2026-10-01 09:00")
    assert schedule.window("daily", day) == (at("2026-09-30 09:00"), day)
    assert schedule.previous_window("daily", day)[0] == at("2026-09-29 09:00")
    assert schedule.window("weekly", day) == (at("2026-09-24 09:00"), day)
    assert schedule.previous_window("weekly", day)[0] == at("2026-09-17 09:00")
    september = (at("2026-09-01 00:00"), at("2026-10-01 00:00"))
    assert schedule.window("monthly", day.astimezone(UTC)) == september
    assert schedule.previous_window("monthly", day) == (at("2026-08-01 00:00"), september[0])


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin"])
@pytest.mark.parametrize("period", PERIODS)
def test_following_windows_meet(zone, period):
    schedule = Schedule(timezone=zone)
    fire = schedule.next_after(period, at("2026-01-15 00:00"))
    for _ in range(100):
        following = schedule.next_after(period, fire)
        assert schedule.window(period, following)[0] == schedule.window(period, fire)[1]
        assert schedule.previous_window(period, following) == schedule.window(period, fire)
        fire = following


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"daily": "6pm"}, "日报时间应写成 18:00 这样"),
        ({"daily": "24:00"}, "日报时间"),
        ({"daily": "18:00 "}, "日报时间"),
        ({"weekly": "09:00"}, "周报时间应写成 mon 09:00 这样"),
        ({"weekly": "周一 09:00"}, "周报时间"),
        ({"monthly": "31 09:00"}, "月报时间应写成 1 09:00 这样"),
        ({"monthly": "0 09:00"}, "月报时间"),
        ({"timezone": "Mars/Base"}, "时区"),
    ],
)
def test_a_bad_setting_is_one_clear_sentence(setting, words):
    with pytest.raises(ValueError, match=words):
        Schedule(**setting)


def test_an_unknown_period_is_refused():
    with pytest.raises(ValueError, match="没有“hourly”"):
        Schedule().next_after("hourly", at("2026-09-25 18:00"))
    with pytest.raises(ValueError, match="没有“hourly”"):
        Schedule().window("hourly", at("2026-09-25 18:00"))
