from __future__ import annotations

import time
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.masking import mask, phones


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13812345678谢谢", "电话138****5678谢谢"),
        ("１３８１２３４５６７８", "138****5678"),
        ("138 1234 5678", "138****5678"),
        ("138-1234-5678", "138****5678"),
        ("+86 13812345678", "138****5678"),
        ("0731-83612345", "0731****345"),
        ("（0731）83612345", "（0731****345"),
        ("身份证430181199001011234", "身份证4301**********1234"),
        ("43018119900101123X。", "4301**********123X。"),
        ("卡号6222 0212 3456 7890 123", "卡号6222***********0123"),
        ("13812345678 13912345678", "138****5678 139****5678"),
        ("1001号（路灯），3栋2单元501", "1001号（路灯），3栋2单元501"),
        ("12345678", "12345678"),
        ("2026-11-24 09:00", "2026-11-24 09:00"),
        ("电话138 0000 1111", "电话138****1111"),
        ("手机：１３８００００１１１１", "手机：138****1111"),
        ("幺三八零零零零幺幺幺幺", "138****1111"),
        ("壹叁捌 零零零零 壹壹壹壹", "138****1111"),
        ("13八零零零零1111", "138****1111"),
        ("一三八，零零零零，一一一一", "138****1111"),
        ("138\n0000\n1111", "138****1111"),
        ("138.0000.1111", "138****1111"),
        ("1 3 8 0 0 0 0 1 1 1 1", "138****1111"),
        ("\u202d138 0000 1111\u202c", "\u202d138****1111\u202c"),
        ("0086 138 0000 1111", "138****1111"),
        ("+86 731 8361 1234", "0731****234"),
        ("零七三一 八三六一 一二三四", "0731****234"),
        ("430181-19900101-123x", "4301**********123X"),
        ("430181 900101 123", "4301*******1123"),
        ("6222-0212-3456-7890", "6222********7890"),
        ("万一138 0000 1111", "万一138****1111"),
        ("周三一三八 零零零零 一一一一", "周三138****1111"),
        ("1001 13800001111", "1001 138****1111"),
        ("1301 138 0000 1111", "1301 138****1111"),
        ("3-2-501 138 0000 1111", "3-2-501 138****1111"),
        ("2026-11-24 138-0000-1111", "2026-11-24 138****1111"),
        ("138****1111 139****2222", "138****1111 139****2222"),
    ],
)
def test_what_is_hidden_and_what_is_not(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "1001、1002、1003", "1001 1002 1003 1004", "3980 4011 4025 4102", "1001号、1002号",
        "20261124", "2026-11-24—2026-11-30", "202611240900", "2026-11-24 09:00-18:00",
        "12栋1单元1203", "15-1-501 3-2-501", "12-1-1203—12-1-1208", "3-2-158 20261124",
        "一百二十三户", "二〇二六年十一月二十四日", "二〇二六一一二四", "湘A12345，湘B·D12345",
        "125.5元，13,800,001,111元", "水表4521 4533 4587 4602", "取件码1502233 1001号", "8-3-5839",
    ],
)  # fmt: skip
def test_what_stays(text: str) -> None:
    assert mask(text) == text


def test_phones_are_found_and_shortened() -> None:
    text = "找我13812345678或者139 1234 5678，13812345678"
    assert phones(text) == ("138****5678", "139****5678")


MOBILE = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@given(st.text(alphabet="我家电话是，。a ：", max_size=20), MOBILE, st.sampled_from(["", " ", "-"]))
def test_no_mobile_number_gets_through(before: str, number: str, gap: str) -> None:
    spelled = gap.join((number[:3], number[3:7], number[7:]))
    assert spelled not in mask(f"{before}{spelled}，谢谢")
    assert "****" in mask(f"{before}{spelled}，谢谢")


@given(st.text(max_size=400))
def test_any_text_passes_and_masking_twice_changes_nothing(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@pytest.mark.parametrize("unit", ["7", "1 ", "12 ", "138 ", "一三八 ", "1001 ", "62-", "3-2-501 "])
def test_a_flood_takes_time_in_proportion_to_its_length(unit: str) -> None:
    def takes(length: int) -> float:
        text = (unit * length)[:length]
        return min(timeit.repeat(lambda: mask(text), timer=time.thread_time, number=1, repeat=2))

    assert takes(65536) < 0.02 + 12 * takes(16384)


def test_words_without_numbers_take_next_to_no_time() -> None:
    text = "三栋二单元的路灯坏了三天了，一直没人来修，晚上看不见路一片漆黑"
    best = min(timeit.repeat(lambda: mask(text), number=1000, repeat=5)) / 1000
    assert best < 20e-6


def test_a_flood_of_digits_is_hidden_in_linear_time() -> None:
    masked = mask("7" * 65536)
    assert masked.count("*") > 50_000
