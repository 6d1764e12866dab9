"""Text that nobody should send, made from a seed: what breaks parsers, stores and regexes."""

from __future__ import annotations

import random
from collections.abc import Callable

LONGEST = 4096  # characters; WeChat itself cuts at some 2,000
_LONG_ONES = 250  # one text in so many is long, as in a group

COMMANDS = (
    "接单", "办结", "办结 1001 换了灯泡", "吹哨", "上报 1001", "退回 1001 先核实", "转给 孟党员", "转给 @林网格 处理",
    "挂起 1001 到周五 等配件", "挂起 99月99日", "恢复", "撤销", "不受理 1001 不归我们管", "合并 1002 到 1001",
    "合并 1001 到 1001", "改类 1001 物业", "催办", "查询", "我的待办", "满意", "没解决", "评价 5星", "评价 9星",
    "帮助", "绑定 M1 8K3Q-7PMA", "认证 8k3q-7pma", "解绑 M1", "下单", "下单 接单", "下单 3栋路灯坏了", "进展 在修了",
    "1001", "#1001", "99999999", "１００１", "一〇〇一", "０", "00000001", "1001号单",
)  # fmt: skip
SAYINGS = (
    "我来处理", "修好了", "收到", "好的", "还是坏的", "我家也是", "在3栋2单元", "谢谢", "不满意", "很满意", "师傅在路上了",
    "已经联系物业了", "解决不了请上报社区", "算了", "又停电了", "有没有人管", "你们什么时候来", "修好了吗", "是的，我家也停了",
)  # fmt: skip
MATTERS = (
    "路灯坏了", "下水道堵了", "停电", "停水", "起火了", "有人晕倒了", "燃气泄漏", "电梯困人", "3栋2单元501", "12-3-502",
    "人民路18号", "阳光花园小区", "噪音", "垃圾没人清", "13800138000", "430181199001011234", "建议", "投诉", "请问",
)  # fmt: skip
MARKS = tuple(
    "，。！？、；：,.!?;:~-—…·@#＃「」『』()（）[]【】<>《》\"'`\\/|*+^$%&={}_ \t\n\r\u2005\u3000"
)
CONTROLS = tuple(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
TURNING = tuple("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069אבגדהابتث")
EMOJI = (
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "👍🏿",
    "🇨🇳",
    "❤️",
    "1️⃣",
    "🧑🏽‍🚒",
    "\u200d",
    "\ufe0f",
    "[微笑]",
    "[捂脸]",
    "🀄",
)
SWELLING = tuple("ﷺ㍿㌀㏁ﬃ½①㈠Ⅷ㋿ßİŉǰ")  # signs that become several when normalised
BROKEN = tuple(map(chr, (0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xFFFE, 0xFFFF, 0x10FFFF, 0xFEFF, 0)))

UNITS = (
    *"a1栋路一的全都也在是就了好行嗯我请@#「[\\?", "收到", "收到，", "接单", "接单 1001 ", "办结，", "师傅", "我家", "花园", "一二",
    "好的，", "我来", "不", "请", "1.", "123-", "9 9-", "5一", "零3\u200b", "138 ", "13800138000 ", "62一", "A栋",
    "3-2-501,", "中国", "大道", "「a：", "「」\n- - - ", "- ", "@a ", "@\u2005", "谢谢", "大家放心", "放心，", "是的，", "对的 ",
    "在处理，", "满意", "很满意，", "小区", "街道上", "老人", "整栋", "没解决", "还是坏", "1001号", "周五", "2026-11-24 ", "㍿",
)  # fmt: skip
"""What our own expressions repeat; a line of one of them, and an end that doesn't fit."""
TAILS = ("", "吗", "x", "!", "@", "栋", "?", "1", "，", "\n", "」", "了", "满意", "\0")


def bomb(unit: str, length: int, tail: str = "") -> str:
    """A unit repeated up to a length, with an end."""
    return (unit * (length // len(unit) + 1))[: max(length - len(tail), 0)] + tail


def _of(*kinds: tuple[str, ...]) -> Callable[[random.Random, int], str]:
    signs = tuple(sign for kind in kinds for sign in kind)

    def make(rng: random.Random, length: int) -> str:
        text = ""
        while len(text) < length:
            text += rng.choice(signs)
        return text[:length]

    return make


def _any_signs(rng: random.Random, length: int) -> str:
    top = rng.choice((0x7F, 0x3FF, 0xFFFF, 0x10FFFF))
    return "".join(chr(rng.randint(0, top)) for _ in range(length))


def _chinese(rng: random.Random, length: int) -> str:
    return "".join(chr(rng.randint(0x4E00, 0x9FA5)) for _ in range(length))


def _digits(rng: random.Random, length: int) -> str:
    signs = rng.choice(
        (
            "0123456789",
            "0123456789 -",
            "０１２一二三八零①⑨ ",
            "1380000 -—.,、(\u200b",
            "62012345678 ",
        )
    )
    return "".join(rng.choice(signs) for _ in range(length))


def _one_sign(rng: random.Random, length: int) -> str:
    kind = rng.choice((MARKS, CONTROLS, TURNING, SWELLING, BROKEN, tuple("aA1零一栋路。 ")))
    return rng.choice(kind) * length


def _long_word(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789%/:.") for _ in range(length))


def _half_command(rng: random.Random, length: int) -> str:
    said = rng.choice(COMMANDS)
    cut = said[: rng.randint(1, len(said))]
    return (cut + rng.choice(("", " ", "，", "了", "吗", "1001", "\0")) + _words(rng, length))[
        :length
    ]


def _bomb(rng: random.Random, length: int) -> str:
    return bomb(rng.choice(UNITS), length, rng.choice(TAILS))


def _quote(rng: random.Random, length: int) -> str:
    inner, reply = _words(rng, length), rng.choice((*COMMANDS, *SAYINGS, ""))
    line = rng.choice(("- - - - - - -", "———", "- -", ""))
    return f"「{rng.choice(('老张：', '：', '', 'a:'))}{inner}」\n{line}\n{reply}"[:LONGEST]


_words = _of(COMMANDS, SAYINGS, MATTERS, ("，", " ", "。", "", "@bot ", "\n"))
KINDS: tuple[Callable[[random.Random, int], str], ...] = (
    _words, _words, _half_command, _of(MATTERS, SAYINGS, MARKS), _of(MARKS), _of(CONTROLS, MATTERS),
    _of(TURNING, SAYINGS), _of(EMOJI), _of(SWELLING, MATTERS), _of(BROKEN, COMMANDS), _any_signs,
    _chinese, _digits, _one_sign, _long_word, _bomb, _quote,
)  # fmt: skip


def any_text(rng: random.Random) -> str:
    """A text of any kind; its length is a chat's, and now and then up to LONGEST."""
    long_one = rng.randrange(_LONG_ONES) == 0
    length = rng.randint(400, LONGEST) if long_one else int(rng.expovariate(1 / 20))
    return rng.choice(KINDS)(rng, length)
