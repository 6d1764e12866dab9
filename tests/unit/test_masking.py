from __future__ import annotations

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
    ],
)
def test_what_is_hidden_and_what_is_not(text: str, masked: str) -> None:
    assert mask(text) == masked


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


def test_a_flood_of_digits_is_hidden_in_linear_time() -> None:
    masked = mask("7" * 65536)
    assert masked.count("*") > 50_000
