"""Words to commands: the menu as people type it. Pure.

Whether the speaker may, and which ticket a command without a number means, is decided later.
What people say in their own words is in handlers.sayings.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from bot.models import NO_PROBLEM, Command
from handlers.sayings import HANDS, doubtful, said
from handlers.sayings_words import read

WORDS: dict[str, str] = {
    "下单": "report", "报事": "report", "立单": "report",
    "接单": "claim",
    "进展": "progress",
    "办结": "resolve",
    "吹哨": "escalate", "上报": "escalate",
    "退回": "return",
    "转给": "transfer", "转交": "transfer",
    "挂起": "suspend", "恢复": "resume",
    "撤销": "cancel", "撤单": "cancel",
    "不受理": "reject",
    "合并": "merge",
    "改类": "reclassify",
    "催办": "nudge", "催单": "nudge",
    "查询": "query", "查单": "query", "我的待办": "query", "待办": "query", "我的单": "query",
    "满意": "confirm", "不满意": "reopen", "没解决": "reopen", "未解决": "reopen",
    "没有解决": "reopen",
    "评价": "rate",
    "帮助": "help", "菜单": "help",
    "绑定": "bind", "认证": "bind", "解绑": "bind",
}  # fmt: skip

_WORD = "|".join(sorted(WORDS, key=len, reverse=True))
_MENTION = re.compile(r"\s*(?:@\S{1,30}[\s\u2005]+|@bot\b|@接单助手)\s*")
_NUMBER = r"[#]?\s*(\d{1,8})\s*(?:号(?![楼栋院线路])单?|单)?"
_START = re.compile(rf"(?:{_NUMBER}\s*)?({_WORD})")
_AFTER = re.compile(
    rf"\s*(?:[:,]\s*)?{_NUMBER}(?![\d栋幢座单元楼层室路组点月日天年个户块元人分:：.%星-])"
)
_LOOSE = re.compile(r"(?:^|[\s,])#?(\d{4,8})(?=$|[\s,。.!])")
_NO_PLEA = re.compile(
    rf"(?:{_NUMBER})?[\s,:]*[这那它]?[个条单]?(?:不是|不算|算不上|算不得)(?:一?个|什么|啥|么子)?诉求[了啦的哈哦啊咯]?"
    rf"(?:[\s:,]*{_NUMBER})?(?:[\s,.;!。~、]+(.*))?",
    re.DOTALL,
)
_GAP = re.compile(r"[\s:,.;!。、~-]")
_LATER = re.compile(r"(.{1,14}?)[,\s]*(办结|接单|吹哨|上报)(?=$|[,。!\s])(.*)", re.DOTALL)
_NOT_BEFORE = re.compile(
    r"谁|没|不|等|怎|什么|何时|吗|去|别|还|请|要|能|如果|你|他|她|们|尽快|抓紧|赶紧|必须|争取|小.|@|莫|勿"
)
_PARTICLES = re.compile(r"(?:了|啦|的|一下|进度|哈|哦)[。.!~ ]*")
_HANDED = re.compile(r"[我你他她它大给]|押金|钱|款|货|快递|订金|定金")
_COUNTED = re.compile(r"[了过的后前吗率度来去之以要须单]|[一二三四五六七八九十几两多\d]+[单件起个]")
_UPWARD = re.compile(
    r"(?:了|吧|啦|一下|给|到|至|由|请|这个|此)*(?:社区|街道|支部|村|居委会|镇|乡|政府|上级|上面|办事处|书记|领导|处理|协调|解决|[,。!\s]|$)"
)
_DAY = re.compile(
    r"(?:挂?到|至)?\s*((?:\d{1,2}月)?\d{1,2}[日号]|下?(?:周|星期|礼拜)[一二三四五六日天]|大?后天|明[天日]"
    r"|下周|下个月|(?:\d{1,3}|[一二两三四五六七八九十]+)个?(?:天|周|星期|月))[\s,、]*"
)
_STARS = re.compile(r"([1-5一二两三四五])\s*(?:颗?星|分)")
_STAR_DIGITS = {"一": "1", "二": "2", "两": "2", "三": "3", "四": "4", "五": "5"}

_READ = 2000
"""Characters that are read; no command is longer."""

_CODE = re.compile(r"[\w .–—-]*?[2-9a-z]{4}[–—-][2-9a-z]{4}", re.IGNORECASE)
"""A binding code as it is given out, with or without a grid's code before it."""

# Words that open ordinary sentences as well count only alone, before a gap, or before a number.
_STRICT = frozenset({
    "claim", "progress", "resume", "cancel", "query", "confirm", "rate", "help", "bind", "nudge",
    "reject", "merge",
})  # fmt: skip
_REPORT_CHAT = re.compile(r"[了过的后前时成减立就送价链付买量率吧啦呀吗不没完]")
_ASKING = frozenset({"report", "query", "help", "confirm", "reopen", "rate", "bind"})


@lru_cache(maxsize=16)  # who reads a message asks for it one after the other
def normal(text: str) -> str:
    """Return the text half-width, without the mentions it begins with and without outer spaces."""
    text = unicodedata.normalize("NFKC", text[:_READ])[:_READ]  # one sign may become eighteen
    text = text.replace("\u2005", " ").strip()
    while found := _MENTION.match(text):
        text = text[found.end() :]
    return text.strip()


def parse(
    text: str, *, mentioned: bool = False, role: str = "neighbour", quoted: bool = False
) -> Command | None:
    """Return the command that a text is, or None.

    Menu words count for any role; natural sayings for those whose words they can be.
    """
    del mentioned  # a mention changes nothing: the menu works with and without it
    line = normal(text)
    if not line:
        return None
    command = (
        _typed(line)
        or _no_plea(line, quoted)
        or (role in HANDS and _typed_later(line))
        or said(line, role, quoted)
    )
    if command and "text" in command.args and command.name != "query":
        command.args["text"] = _own_words(text, command.args["text"])
    return command


def _own_words(text: str, words: str) -> str:
    """Return a part of the text as it was typed; only understanding reads it half-width."""
    half = unicodedata.normalize("NFKC", text)
    start = half.find(words)
    return text[start : start + len(words)] if len(half) == len(text) and start >= 0 else words


def _typed(line: str) -> Command | None:
    found = _START.match(line)
    if not found:
        return None
    number, word = found[1], found[2]
    name, rest = WORDS[word], line[found.end() :]
    if not _opens(name, rest) or (name not in _ASKING and doubtful(rest)):
        return None
    args = {"ticket": str(int(number))} if number else {}
    if word in {"我的待办", "待办", "我的单"}:
        return Command(name, {"text": "mine"}) if not _clean(rest) else None
    if word == "解绑":
        return _unbind(rest)
    return _READERS.get(name, _plain)(name, rest, args)


def _opens(name: str, rest: str) -> bool:
    """Return whether what follows the word lets it be a command."""
    if not rest or _GAP.match(rest) or re.match(r"#?\d{3,8}(?![\d栋幢])", rest):
        return True
    if name == "rate" and _STARS.match(rest):
        return True
    if name == "bind" and _CODE.fullmatch(_clean(rest)):
        return True
    if name in _STRICT:
        # "恢复了" tells of water and power
        return name != "resume" and bool(_PARTICLES.fullmatch(rest))
    return _reads_on(name, rest)


def _reads_on(name: str, rest: str) -> bool:
    """Return whether words that follow without a gap go on with a command."""
    if name == "report":
        return not _REPORT_CHAT.match(rest)
    if name == "escalate":
        return bool(_UPWARD.match(rest))
    if name == "resolve" and set("".join(read(rest))) & set("NMQWCJeU"):
        return False
    if name in {"return", "transfer"} and _HANDED.match(rest):
        return rest.startswith("给") and name == "return"
    return not _COUNTED.match(rest)


def _typed_later(line: str) -> Command | None:
    """Read "路灯办结，物业换了灯泡": the words before tell which ticket."""
    found = _LATER.fullmatch(line)
    if not found or _NOT_BEFORE.search(found[1]) or doubtful(line):
        return None
    name = WORDS[found[2]]
    told = "".join(read(line.replace(found[2], "", 1)))
    if name == "escalate" and "A" in told:
        return None  # 已上报 tells what was done
    known = set(told) & set("mPAlOKY") or not told or re.search(r"\d", found[1])
    if set(told) & set("QCWZJUMer") or told.count("X") > 4 or not (known or "I" in told):
        return None
    before = found[1].strip()
    text = f"{before} {_clean(found[3])}".strip()
    number = re.fullmatch(r".*?(\d{4,8})号?单?", before)
    args = {"ticket": number[1]} if number else {}
    return Command(name, {**args, "text": text})


def _no_plea(line: str, quoted: bool) -> Command | None:
    """Read "这个不算诉求": a refusal, whose reason teaches triage.

    Without a number or a quote it may be of any words in the group, and takes no ticket away.
    """
    found = _NO_PLEA.fullmatch(line) if "诉求" in line[:30] else None
    if not found or doubtful(found[3] or ""):
        return None
    number, more = found[1] or found[2], _clean(found[3] or "")
    if not (number or quoted):
        return None
    args = {"ticket": str(int(number))} if number else {}
    text = f"{NO_PROBLEM},{more}" if more else NO_PROBLEM
    return Command("reject", {**args, "text": text})


def _clean(rest: str) -> str:
    return rest.strip(" \t\r\n:,.;!。、~")


def _numbered(rest: str, args: dict[str, str]) -> str:
    """Take a ticket number out of the rest of a command, if none was given before the word."""
    if "ticket" in args:
        return rest
    found = _AFTER.match(rest)
    if found:
        args["ticket"] = str(int(found[1]))
        return rest[found.end() :]
    loose = _LOOSE.search(rest)
    if loose:
        args["ticket"] = str(int(loose[1]))
        return f"{rest[: loose.start()]} {rest[loose.end() :]}"
    return rest


def _plain(name: str, rest: str, args: dict[str, str]) -> Command | None:
    text = _clean(_numbered(rest, args))
    if text:
        args["text"] = text
    return Command(name, args)


def _report(name: str, rest: str, args: dict[str, str]) -> Command | None:
    del args  # a report's numbers are its own words
    return Command(name, {"text": _clean(rest)} if _clean(rest) else {})


def _transfer(name: str, rest: str, args: dict[str, str]) -> Command | None:
    person = _clean(_numbered(rest, args)).lstrip("@")
    words = re.split(r"[\s,]+", person, maxsplit=1)
    args["person"] = words[0].removesuffix("处理").removesuffix("办理")
    if len(words) > 1 and _clean(words[1]):
        args["text"] = _clean(words[1])
    return Command(name, args)


def _suspend(name: str, rest: str, args: dict[str, str]) -> Command | None:
    rest = _numbered(rest, args).strip(" :,")
    found = _DAY.match(rest)
    if found:
        args["until"] = found[1]
        rest = rest[found.end() :]
    return _plain(name, f" {rest}", args)


def _merge(name: str, rest: str, args: dict[str, str]) -> Command | None:
    numbers = re.findall(r"\d{1,8}", rest)
    if "ticket" in args:
        numbers.insert(0, args["ticket"])
    if len(numbers) != 2:
        return None
    return Command(name, {"ticket": str(int(numbers[0])), "into": str(int(numbers[1]))})


def _reclassify(name: str, rest: str, args: dict[str, str]) -> Command | None:
    words = _clean(_numbered(rest, args)).removeprefix("为").removeprefix("成").removeprefix("到")
    return Command(name, {**args, "category": words.strip()})


def _rate(name: str, rest: str, args: dict[str, str]) -> Command | None:
    stars = _STARS.search(rest)
    if not stars and args.get("ticket", "") in {"1", "2", "3", "4", "5"}:
        return Command(name, {"stars": args["ticket"]})  # no ticket has such a number
    if stars:
        args["stars"] = _STAR_DIGITS.get(stars[1], stars[1])
        rest = rest[: stars.start()] + " " + rest[stars.end() :]
    elif _clean(_numbered(rest, dict(args))):
        return None
    return _plain(name, rest, args)


def _query(name: str, rest: str, args: dict[str, str]) -> Command | None:
    rest = _clean(_numbered(rest, args))
    asks = re.fullmatch(r"(?:一下|进度|进展|结果|办得怎么样了?)*[?]*", rest)
    return Command(name, args) if asks else None


def _whole(name: str, rest: str, args: dict[str, str]) -> Command | None:
    return Command(name, args) if not _clean(_numbered(rest, args)) else None


def _bind(name: str, rest: str, args: dict[str, str]) -> Command | None:
    del args
    text = _clean(rest)
    plain = re.fullmatch(r"[\w .–—-]{0,60}", text, re.ASCII)
    coded = len(text) <= 80 and _CODE.fullmatch(text)
    return Command(name, {"text": text}) if plain or coded else None


def _unbind(rest: str) -> Command | None:
    """Read what follows 解绑: a grid's code, so no words alone ("解绑 银行卡")."""
    text = _clean(rest)
    if text and not re.fullmatch(r"(?=\S*[A-Za-z0-9])\S{1,60}", text):
        return None
    return Command("bind", {"text": f"解绑 {text}".strip()})


def _confirm(name: str, rest: str, args: dict[str, str]) -> Command | None:
    if re.search(r"[?]|吗|的话", rest) or set("".join(read(rest))) & set("eMCQWZB"):
        return None
    return _plain(name, rest, args)


_READERS = {
    "report": _report, "transfer": _transfer, "suspend": _suspend, "merge": _merge,
    "reclassify": _reclassify, "rate": _rate, "query": _query, "help": _whole, "bind": _bind,
    "confirm": _confirm, "resume": _whole,
}  # fmt: skip
