"""Chat with numbers in it, made from a seed: secrets in every spelling, and what is no secret."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

KEPT = 4
"""Digits in a row that a mask may leave of a number."""

SCRIPTS = (
    "0123456789", "０１２３４５６７８９", "零一二三四五六七八九", "〇幺二三四五六七八九",
    "零壹贰叁肆伍陆柒捌玖", "⓪①②③④⑤⑥⑦⑧⑨",
)  # fmt: skip
_VALUES = {sign: str(value) for script in SCRIPTS for value, sign in enumerate(script)}

GAPS = (
    " ",
    "-",
    "  ",
    " - ",
    "—",
    "－",
    ".",
    "·",
    "\u3000",
    "\u2005",
    "\u00a0",
    "–",
    "\n",
    "\u200b",
)
GROUPS = {
    "mobile": ((11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (4, 4, 3), (4, 3, 4)),
    "landline": (),
    "identity": (
        (18,),
        (6, 8, 4),
        (6, 4, 4, 4),
        (6, 4, 2, 2, 4),
        (3,) * 6,
        (6, 6, 6),
        (4, 4, 4, 4, 2),
    ),
    "old identity": ((15,), (6, 6, 3), (6, 2, 2, 2, 3), (5, 5, 5), (3,) * 5),
    "card": ((4, 4, 4, 4, 3), (6, 13), (19,), (4, 4, 4, 7)),
}
PREFIXES = ("+86", "+86 ", "+86-", "0086", "0086 ", "0086-", "＋８６ ", "(+86)", "（+86）", "86")
REGIONS = ("430181", "430102", "110105", "320583", "440306", "511024", "650104")
AREAS = ("0731", "010", "021", "0755", "0512", "0871", "0991", "023")


@dataclass(frozen=True, slots=True)
class Secret:
    """A number to hide: its digits, and where each of them stands in the message."""

    kind: str
    digits: str
    at: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Message:
    text: str
    secrets: tuple[Secret, ...]

    @property
    def frame(self) -> str:
        """The message with all digits of its secrets struck out."""
        struck = {place for secret in self.secrets for place in secret.at}
        return "".join("#" if i in struck else sign for i, sign in enumerate(self.text))


def read(text: str) -> str:
    """What digits a reader finds, in ASCII: whatever separates groups is passed over, and
    anything else, stars too, is a ``|``."""
    return "".join(map(_sign, text))


def _sign(sign: str) -> str:
    if sign in _VALUES:
        return _VALUES[sign]
    if sign in "XxＸｘ":
        return "X"
    apart = sign.isspace() or unicodedata.category(sign) in {"Cf", "Pd", "Ps", "Pe"}
    return "" if apart or sign in ".·、，,/" else "|"


def leaks(secret: Secret, masked: str, frame: str) -> bool:
    """Whether more of a secret's digits in a row can be read than a mask keeps, and they don't
    just happen to stand elsewhere in the message."""
    shown, elsewhere = read(masked), read(frame)
    parts = (secret.digits[i : i + KEPT + 1] for i in range(len(secret.digits) - KEPT))
    return any(part in shown and part not in elsewhere for part in parts)


# secrets


def _mobile(rng: random.Random) -> str:
    return f"1{rng.randint(3, 9)}{_some(rng, 9)}"


def _landline(rng: random.Random) -> str:
    area = rng.choice(AREAS)
    return f"{area}{rng.randint(2, 8)}{_some(rng, 7 if len(area) == 3 else rng.choice((6, 7)))}"


def _identity(rng: random.Random) -> str:
    day = f"{rng.randint(1930, 2025)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    body = f"{rng.choice(REGIONS)}{day}{_some(rng, 3)}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(d) * w for d, w in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


def _old_identity(rng: random.Random) -> str:
    day = f"{rng.randint(30, 85)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    return f"{rng.choice(REGIONS)}{day}{_some(rng, 3)}"


def _card(rng: random.Random) -> str:
    if rng.random() < 0.8:
        body = f"62{_some(rng, rng.choice((13, 14, 15, 16)))}"
    else:
        body = f"{rng.choice(('4367', '5187', '3568', '9558'))}{_some(rng, 11)}"
    return next(f"{body}{d}" for d in range(10) if _checks(f"{body}{d}"))


def _checks(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _some(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "mobile": _mobile, "landline": _landline, "identity": _identity,
    "old identity": _old_identity, "card": _card,
}  # fmt: skip


# spellings


def _groups(rng: random.Random, kind: str, digits: str) -> tuple[list[str], bool]:
    """Cut a number; return the parts and whether the gaps between them may be of many kinds."""
    how = rng.random()
    if how < 0.1:
        return list(digits), False
    if how < 0.2:
        return _anywhere(rng, digits), False
    if kind == "landline":
        area = next(len(a) for a in sorted(AREAS, key=len, reverse=True) if digits.startswith(a))
        local = len(digits) - area
        sizes: tuple[int, ...] = rng.choice(((area, local), (area, local - 4, 4), (len(digits),)))
    elif kind == "card" and len(digits) < 19:
        sizes = rng.choice(((4, 4, 4, len(digits) - 12), (len(digits),), (6, len(digits) - 6)))
    else:
        sizes = rng.choice(GROUPS[kind])
    # what nobody writes like this by habit is at least written evenly
    usual = kind != "mobile" or sizes in {(11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5)}
    return _cut(digits, sizes), usual


def _anywhere(rng: random.Random, digits: str) -> list[str]:
    sizes: list[int] = []
    while sum(sizes) < len(digits):
        sizes.append(min(rng.randint(2, 6), len(digits) - sum(sizes)))
    return _cut(digits, tuple(sizes))


def _cut(digits: str, sizes: tuple[int, ...]) -> list[str]:
    parts, at = [], 0
    for size in sizes:
        parts.append(digits[at : at + size])
        at += size
    return parts


def _signs(rng: random.Random, parts: list[str]) -> list[str]:
    """Write the parts in one script, or each in its own, or each digit in its own."""
    how = rng.random()
    whole = rng.choice(SCRIPTS) if how < 0.9 else None
    if how < 0.45:
        whole = SCRIPTS[0]
    written = []
    for part in parts:
        script = whole or rng.choice(SCRIPTS)
        one_by_one = how > 0.97
        written.append("".join(
            "xXＸ"[rng.randrange(3)] if d == "X"
            else (rng.choice(SCRIPTS) if one_by_one else script)[int(d)] for d in part
        ))  # fmt: skip
    return written


def spelled(rng: random.Random, kind: str) -> tuple[str, str, list[int]]:
    """Return a number's digits, a spelling of it, and where in that the digits are."""
    digits = MAKERS[kind](rng)
    parts, any_gaps = _groups(rng, kind, digits)
    gap = rng.choice(GAPS)
    gaps = [rng.choice(GAPS) if any_gaps and rng.random() < 0.3 else gap for _ in parts]
    prefix = rng.choice(PREFIXES) if kind == "mobile" and rng.random() < 0.2 else ""
    text, places = prefix, []
    for number, written in enumerate(_signs(rng, parts)):
        text += gaps[number] if number else ""
        places += range(len(text), len(text) + len(written))
        text += written
    return digits, text, places


# messages

BEFORE = {
    "mobile": ("电话", "手机：", "我的号码是", "联系我 ", "tel:", "微信同号", "找老张", "打我电话", "(", "万一有事打", "", "师傅13栋的，",
               "1001 ", "1001号，", "2026-11-24 09:00 ", "3-2-501 ", "12栋1单元1203，", "周三打", "唯一的电话 "),
    "landline": ("座机", "办公室电话：", "打 ", "值班室", "物业（", "固话 ", "1002号，打"),
    "identity": ("身份证", "身份证号：", "证件 ", "我妈的身份证是", "ID:", "老人登记："),
    "old identity": ("老身份证", "旧证号码：", "证件 "),
    "card": ("卡号", "银行卡：", "打到这个卡 ", "工行", "补贴账号", "6号楼退款，卡 "),
}  # fmt: skip
AFTER = (
    "",
    "",
    "，谢谢",
    "。",
    "）",
    " 找我就行",
    "，3栋2单元501",
    "!",
    "\n在家的",
    "，1001号那单的",
    "，是我老婆的",
    " 5栋李姐",
    "打不通再说",
)
BETWEEN = ("，", "；", "\n", "，还有", " 或者 ", "。", "、备用的是")
OPENINGS = (
    "",
    "",
    "3栋的路灯坏了，",
    "12栋1单元1203漏水，",
    "2026-11-24停水了，",
    "1001号没人管，",
    "@物业 ",
    "家里停电了 ",
    "交了125.5元，",
)


def message(rng: random.Random) -> Message:
    """A message with one to three secrets."""
    text = rng.choice(OPENINGS)
    secrets: list[Secret] = []
    for number in range(rng.choice((1, 1, 1, 2, 2, 3))):
        kind = rng.choice(("mobile", "mobile", "mobile", *MAKERS))
        digits, written, places = spelled(rng, kind)
        text += (rng.choice(BETWEEN) if number else "") + rng.choice(BEFORE[kind])
        secrets.append(Secret(kind, digits, tuple(len(text) + place for place in places)))
        text += written
    return Message(text + rng.choice(AFTER), tuple(secrets))


def _ticket(rng: random.Random) -> str:
    return str(
        rng.choice(
            (rng.randint(1001, 1099), rng.randint(1001, 9999), rng.randint(1001, 99_999_999))
        )
    )


def _tickets(rng: random.Random) -> str:
    first, count = rng.randint(1001, 9000), rng.randint(2, 9)
    numbers = sorted(rng.sample(range(first, first + 60), count))
    return rng.choice(("、", "，", "号、", " ", ",", "和")).join(map(str, numbers))


def _date(rng: random.Random) -> str:
    year, month, day = rng.randint(1995, 2030), rng.randint(1, 12), rng.randint(1, 28)
    mark = rng.choice("-/.")
    return rng.choice((
        f"{year}-{month:02}-{day:02}", f"{year}{month:02}{day:02}", f"{year}年{month}月{day}日",
        f"{year}{mark}{month}{mark}{day}", f"{year}-{month:02}-{day:02}—{year}-{month:02}-{day + 1:02}",
    ))  # fmt: skip


def _moment(rng: random.Random) -> str:
    clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}"
    more = rng.choice(("", ":30", "-23:59", f" {_house(rng)}"))
    return f"{_date(rng)} {clock}{more}"


def _house(rng: random.Random) -> str:
    building, unit, room = (
        rng.randint(1, 32),
        rng.randint(1, 4),
        rng.randint(1, 33) * 100 + rng.randint(1, 4),
    )
    return rng.choice(
        (f"{building}-{unit}-{room}", f"{building}栋{unit}单元{room}", f"{building}栋{room}")
    )


def _houses(rng: random.Random) -> str:
    building, unit = rng.randint(1, 32), rng.randint(1, 4)
    return rng.choice("、 ，—").join(
        f"{building}-{unit}-{room}" for room in rng.sample(range(101, 1204), 3)
    )


def _money(rng: random.Random) -> str:
    amount = rng.choice((rng.randint(1, 999_999), round(rng.uniform(0.1, 99_999), 2)))
    return rng.choice((f"{amount}元", f"¥{amount}", f"{amount:,}块", f"{amount}/月"))


def _plate(rng: random.Random) -> str:
    return rng.choice(("湘A", "粤B·", "京A·D", "沪")) + _some(rng, 5)


def _meter(rng: random.Random) -> str:
    old = rng.randint(100, 89_999)
    return rng.choice(
        (f"{old}到{old + 45}", f"{old}.5", f"{old}→{old + 130}", f"{old}度，上月{old - 60}")
    )


def _parcel(rng: random.Random) -> str:
    return rng.choice(
        (_some(rng, rng.randint(4, 8)), f"{rng.randint(1, 30)}-{rng.randint(1, 6)}-{_some(rng, 4)}")
    )


def _count(rng: random.Random) -> str:
    return rng.choice((
        "一百二十三户", "二〇二六年十一月", "二零二六年十一月二十四日", "三三两两", "七八个人", "一二三四五楼都没水",
        "一二十户", "十一点三刻", "五一三天", "三单元二〇一", "一楼二楼三楼", "两千零八年", "二〇二六一一二四", "一千二百零三元五角",
    ))  # fmt: skip


HARMLESS: dict[str, Callable[[random.Random], str]] = {
    "{}号那单怎么样了": _ticket, "接单 {}": _ticket, "办结 {}，换了灯泡": _ticket, "{}这几单一起办": _tickets,
    "合并{}": _tickets, "{}停水": _date, "{}来过": _moment, "{}漏水": _house, "{}都停电": _houses, "交了{}": _money,
    "{}挡住了消防通道": _plate, "水表{}": _meter, "取件码{}": _parcel, "快递{}帮忙拿一下": _parcel, "一共{}": _count,
    "通知：{}": _count,
}  # fmt: skip


def harmless(rng: random.Random) -> str:
    """A message with numbers that must all stay."""
    lines = rng.sample(sorted(HARMLESS), rng.choice((1, 1, 2, 2, 3, 4)))
    return rng.choice(("，", "。", "\n", "；", " ")).join(
        line.format(HARMLESS[line](rng)) for line in lines
    )


def shown(text: str) -> str:
    """A text on one line, for a report of what went wrong."""
    return re.sub(r"\s", lambda found: f"\\u{ord(found[0]):04x}" if found[0] != " " else " ", text)
