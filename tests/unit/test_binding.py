"""The small questions of binding: codes in texts, names, and the words that are commands."""

from __future__ import annotations

import pytest

from bot.models import Role, RoleKind
from handlers.bind import code_in, namesakes, ordered, secret


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("认证 8K3Q-7PMA", "8K3Q7PMA"),
        ("我是林网格，认证8k3q7pma", "8K3Q7PMA"),
        ("认证 ８Ｋ３Ｑ　７ＰＭＡ，谢谢", "8K3Q7PMA"),
        ("我是一网格的居民", ""),
        ("认证 8K3Q-7PMA9", ""),
        ("认证 8K3Q-7PMO", ""),
        ("", ""),
    ],
)
def test_the_code_in_a_hello(text: str, code: str) -> None:
    assert code_in(text) == code


@pytest.mark.parametrize(
    ("text", "meant", "code"),
    [
        ("绑定 M1 8K3Q-7PMA", "M1 8K3Q-7PMA", "8K3Q7PMA"),
        ("绑定M1 8k3q—7pma", "M1 8k3q—7pma", "8K3Q7PMA"),
        ("@接单助手 绑定 集里-01 8K3Q-7PMA", "集里-01 8K3Q-7PMA", "8K3Q7PMA"),
        ("绑定 43.01.A 8K3Q 7PMA", "43.01.A 8K3Q 7PMA", "8K3Q7PMA"),
        ("认证 8K3Q7PMA", "8K3Q7PMA", "8K3Q7PMA"),
        ("认证8K3Q-7PMA", "8K3Q-7PMA", "8K3Q7PMA"),
        ("解绑 M1", "解绑 M1", "M1"),
        ("解绑 集里-01", "解绑 集里-01", "集里01"),
        ("解绑", "解绑", "解绑"),
    ],
)
def test_words_that_bind(text: str, meant: str, code: str) -> None:
    command = ordered(text)
    assert command is not None
    assert command.args == {"text": meant}
    assert secret(command) == code


@pytest.mark.parametrize(
    "text",
    [
        "绑定手机号才能领", "认证的老师来教", "认证了吗", "绑定 手机号", "解绑 银行卡", "解绑了",
        "解绑了没有", "绑定QQ送会员", "认证通过了", "接单 1001",
    ],
)  # fmt: skip
def test_talk_of_other_bindings_is_no_command(text: str) -> None:
    assert ordered(text) is None


def role(person: str = "", phone: str = "") -> Role:
    return Role(person, "林网格", RoleKind.MEMBER, "M1", phone)


@pytest.mark.parametrize(
    ("roles", "several"),
    [
        ([role()], False),
        ([role("u1"), role("u1", "12000000001"), role()], False),
        ([role("u1"), role("u2")], True),
        ([role("", "12000000001"), role("", "12000000002")], True),
        ([role("", "12000000001"), role("", "12000000001")], False),
    ],
)
def test_one_name_may_be_several_people(roles: list[Role], several: bool) -> None:
    assert namesakes(roles) is several
