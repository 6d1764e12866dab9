"""Which message a quoted reply means."""

from __future__ import annotations

import pytest

from handlers.quoting import Quote, Spoken, find, split

LINE = "- - - - - - - - - - - - - - -"
LAMP, BOTH, COVER = "3栋的路灯坏了", "3栋的路灯坏了，旁边的井盖丢了", "旁边的井盖丢了"


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        (f"「老张：{LAMP}」\n{LINE}\n接单", Quote("老张", LAMP, "接单")),
        (f"「{LAMP}」\n{LINE}\n接单", Quote("", LAMP, "接单")),
        (f"「老张：一行\n两行」\n{LINE}\n", Quote("老张", "一行\n两行", "")),
        ("「这本书」不错", None), ("接单", None), (f"说「{LAMP}」", None),
    ],
)  # fmt: skip
def test_the_parts_of_a_quoted_reply(text: str, quote: Quote | None) -> None:
    assert split(text) == quote


@pytest.mark.parametrize(
    ("name", "words", "means"),
    [
        ("老张", LAMP, "zhang"),  # the same words of two people: the speaker tells
        ("李姐", LAMP, "li"),
        ("", LAMP, None),  # nobody can tell
        ("老张", BOTH, "both"),  # not what it merely contains
        ("王五", "旁边的井盖丢…", "cover"),
        ("接单助手", "@林网格\u2005记下了，1001号（路灯照明）", "bot"),
        ("接单助手", "记下了，1001号（路灯照明）\n\n记下了，1002号（井盖）", None),  # both at once
        ("老张", "没人说过的话", None), ("老张", "", None), ("老张", "3栋", None),
    ],
)  # fmt: skip
def test_which_message_is_meant(name: str, words: str, means: str | None) -> None:
    lately = [
        Spoken("cover", "王五", COVER), Spoken("bot2", "", "记下了，1002号（井盖）"),
        Spoken("bot", "", "记下了，1001号（路灯照明）"), Spoken("both", "老张", BOTH),
        Spoken("li", "李姐", LAMP), Spoken("zhang", "老张", LAMP),
    ]  # fmt: skip
    assert find(Quote(name, words, "接单"), lately) == means
