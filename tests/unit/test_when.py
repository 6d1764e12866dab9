from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from handlers.when import DEFAULT_REST, LONGEST_REST, until

NOW = datetime.fromisoformat("2026-11-24T10:00:00+08:00")  # a Tuesday


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("明天", "11-25"), ("后天", "11-26"), ("周五", "11-27"), ("星期二", "12-01"),
        ("下周一", "11-30"), ("3天", "11-27"), ("两周", "12-08"), ("12月8日", "12-08"),
        ("28号", "11-28"), ("3号", "12-03"), ("1月5日", "01-05"), ("一个月", "12-24"),
        ("", "12-01"), ("等配件到了", "12-01"), ("2月30日", "12-01"),
    ],
)  # fmt: skip
def test_words_for_a_day(words: str, day: str) -> None:
    found = until(words, NOW)
    assert found.strftime("%m-%d %H:%M") == f"{day} 08:00"


def test_nothing_rests_for_ever_or_ends_in_the_past() -> None:
    assert until("11月24日", NOW) == NOW + timedelta(minutes=30)
    assert until("10月1日", NOW) == NOW + LONGEST_REST
    assert until("说不好", NOW) > NOW + DEFAULT_REST - timedelta(days=1)
