"""What leaders and residents say in their own words, where it is safe to understand. Pure.

The worst fault is a false claim or a false closing, so each saying must fill the whole line, and
questions, hypotheses, doubts and orders to others are none (triage contract, rule 8).
"""

from __future__ import annotations

import re

from bot.models import Command

HANDS = frozenset({"leader", "deputy", "member", "officer"})
_LONGEST = 40

_REPEATED = re.compile(r"(.{1,3}?)\1{2,}")  # "嗯嗯嗯嗯" says no more than "嗯嗯", and costs more

_DOUBT = re.compile(
    r"[?]|吗|谁|如果|要是|假如|万一|的话|不是说|说是|听说|据说|是不是|有没有|能不能|可不可以|会不会|怎么|什么|何时"
    r"|几时|哪个|哪天|难道|以为|没有?$|没[啊呀呢咯]?$|[了好完]没|[么呢不]$|再说|再讲|才"
)
_NEGATIVE = re.compile(r"还?没|未|不[用要想能]|别|莫(?!急)")
_PARTLY = re.compile(r"一半|部分|差不多|快[要好修]|还差|还在|还有|剩|先")
_OTHERS = re.compile(
    r"你[去来们]|您[去来]|他|她|小.你|老.你|帮[我忙]|麻烦|请.{0,4}(?:接|处理)|安排.{0,4}去"
)
_FUTURE = re.compile(r"等|明[天日]|后天|待会|晚点|下午|晚上|争取|尽快|准备|打算|会|将|要")

_LEAD = (
    r"(?:(?:收到|好的?|好嘞|行|可以|嗯|ok|OK|了解|知道了?|明白|看到了?|大家[莫别]急)[，,。.!~\s]*)*"
)
_TAIL = r"(?:[，,。.!~、\s]*(?:大家|各位|你|您)?(?:放心|稍等|别急|莫急|请稍等|等我|谢谢|辛苦了))*[，,。.!~\s]*"
_THING = r"(?:这个|这单|这事|这件事|此事|那个|这里|这边)?"
_DOING = (
    r"(?:处理|跟进|跟|看看|看一看|看一下|看下|查看|瞧瞧|联系[\w]{1,8}|办|办理|负责|解决|安排|过去|到现场|对接[\w]{0,6}"
    r"|问问|问一下|接|接单|弄|修|搞定?|协调|核实)(?:一下|下|看看|吧|的|了|哈)?"
)
_CLAIM = re.compile(
    rf"{_LEAD}{_THING}(?:"
    rf"我(?:们)?(?:来|去|马上|现在|这就|立刻|先|负责|就){{1,3}}{_DOING}(?:[，,]?{_DOING})?"
    r"|我(?:来|接|负责)|我(?:们)?联系[\w]{1,8}|交给我|包在我身上"
    r"|(?:马上|现在|这就|立刻|立即|我)(?:就)?(?:过去|到|来|去|处理|安排|去看看|过来)(?:看看|处理|一下)?"
    rf"){_TAIL}"
)

_WHOM = (
    r"(?:物业|社区|施工|供电|电力|水务|自来水|燃气|环卫|城管|市政|师傅|维修|开发商|街道|派出所|村|厂家|电梯|公司|消防|交警"
    r"|相关|部门|专人|人)"
)
_PROGRESS = re.compile(
    rf"{_LEAD}(?:"
    r"(?:我们?)?(?:正在|在)(?:处理|维修|抢修|修|联系|协调|核实|跟进|排查|清理|施工)[\w，,。.!]{0,20}"
    rf"|(?:我们?)?(?:已经?|刚)(?:报|上报|联系|通知|反映|转|对接|反馈|催|约)(?:给|到|了|好)*{_WHOM}[\w，,。.!、]{{0,24}}"
    r"|[\w]{0,8}(?:师傅|工人|维修工?|物业|施工队)[\w]{0,4}(?:在路上|马上到|到了|来了|在修|到现场|过来了)[\w了，,。.!]{0,10}"
    r"|[\w]{0,10}(?:修|换|弄|清|处理|疏通)(?:好|完)?了?(?:一半|大半|一部分|差不多了)[\w，,。.!]{0,12}"
    r"|[\w]{0,6}(?:还在|在)(?:修|处理|抢修|等配件|排查)[\w，,。.!]{0,12}"
    rf"){_TAIL}"
)

_DONE = (
    r"(?:修|弄|搞|处理|解决|换|清理|清运|疏通|办|安装|装|打扫|补|维修|抢修|整改|清)"
    r"(?:好|完|妥|掉|定|毕|干净|通|完毕|到位)?(?:了|啦|喽|咯)"
)
_RESOLVE = re.compile(
    rf"{_LEAD}[\w]{{0,8}}?(?:(?:都|全部|全|刚|现在|终于|也)*(?:已经?)?(?:都|全部)?"
    rf"(?:给(?:大家|您|你们?))?(?:{_DONE}|搞定|处理完毕|已解决|已修复|已处理|已更换|已清理|已疏通|解决了|修复了)"
    r"|(?:已经?)?(?:来电|来水|恢复供[电水气]|通[电水气])了)"
    r"(?:[，,。.!~、\s]*(?:大家|各位|你们?|您)?(?:看看|看一下|看下|试试|试一下|放心|可以用了|检查一下|验收))*"
    rf"{_TAIL}"
)

_ESCALATE = re.compile(
    r".{0,12}(?:解决|处理|搞|办|管|弄|定)不(?:了|定|下来).{0,8}?(?:上报|报|请)(?:给|到|请)?"
    r"(?:社区|支部|村|街道|乡|镇|上级|上面|市).{0,12}"
    r"|(?:这个|这事|此事)?(?:需要?|得)?(?:上报|报给|报)(?:社区|支部|村里|街道|镇里|上级)(?:处理|解决|协调)?[。.!]?"
)

_THANKS = r"(?:[，,。.!~、\s]*(?:非常|太)?(?:谢谢|感谢|多谢|辛苦|谢)[\w]{0,8})*[，,。.!~\s]*"
_CONFIRM = re.compile(
    rf"(?:谢谢[\w]{{0,6}}[，,。.!\s]*)?(?:嗯嗯?|是的|好的|确实)?[，,\s]*(?:现在|我家|已经|都|[\w]{{0,4}}?)"
    r"(?:好了|可以了|亮了|来电了|来水了|通了|修好了|解决了|行了|没问题了|弄好了|干净了|不漏了|不吵了|能用了|搞好了)"
    rf"(?:[，,\s]*(?:亮了|好了|可以了|满意|很满意))*{_THANKS}"
)
_CONTENT = re.compile(
    rf"(?:这样|这回|处理得|办得|很|非常|十分|都|可以|行|好)*[，,\s]*(?:可以|好)?[，,\s]*满意了?{_THANKS}"
)
_CONTENT_LAST = re.compile(r".{1,24}[，,。.!、\s](?:很|非常|十分)?满意了?[。.!~]*")
_UNCONTENT_LAST = re.compile(r".{1,24}[，,。.!、\s](?:很|非常|十分)?不满意[。.!~]*")
_REOPEN = re.compile(
    r"[\w]{0,8}?(?:(?:还|并|根本|又)?没有?(?:解决|修好|弄好|处理好?|好|通|亮|来电|来水|人管|人来)"
    r"|(?:还是|依然|仍然|仍旧|又|还)(?:是)?(?:坏|不亮|没亮|没好|没修|堵|漏|臭|停[电水]|没[电水]|不行|老样子|一样|响|吵|黑|不通|没解决)"
    r")[的了着呢啊呀]*[，,。.!~\s]*[\w]{0,10}[。.!]*"
)
_CANCEL = re.compile(
    r"(?:算了|不用了|不用来了|不麻烦了|不用修了|不用管了)[，,。.!\s]*(?:已经|自己|我|它|都)*(?:自己)?(?:修|弄)?(?:好了|可以了)?"
    rf"{_THANKS}"
)


def doubtful(text: str) -> bool:
    """Return whether a text asks, doubts or supposes: then it orders nothing."""
    return bool(_DOUBT.search(text))


def said(line: str, role: str, quoted: bool) -> Command | None:
    """Return the command that natural words are, for a speaker of this role, or None."""
    line = _REPEATED.sub(r"\1\1", line)
    if len(line) > _LONGEST or _DOUBT.search(line):
        return None
    name = ""
    if role in HANDS:
        name = _by_hands(line, role, quoted)
    elif role == "reporter" or quoted:
        name = _by_resident(line)
    elif len(line) <= 12 and "满意" in line and _CONTENT.fullmatch(line):
        name = "confirm"
    return Command(name, {"text": line}, explicit=False) if name else None


def _by_hands(line: str, role: str, quoted: bool) -> str:
    if _ESCALATE.fullmatch(line):
        return "escalate"
    if _OTHERS.search(line):
        return ""
    if _PROGRESS.fullmatch(line):
        return "progress"
    if _NEGATIVE.search(line):
        return ""
    if _CLAIM.fullmatch(line):
        return "claim"
    vague = line.strip("。.!~ ") in {"好了", "可以了", "行了"}
    if vague:
        return "resolve" if quoted and role != "member" else ""
    if _RESOLVE.fullmatch(line):
        return "progress" if _PARTLY.search(line) else "" if _FUTURE.search(line) else "resolve"
    return ""


def _by_resident(line: str) -> str:
    if _CANCEL.fullmatch(line):
        return "cancel"
    if _REOPEN.fullmatch(line) or _UNCONTENT_LAST.fullmatch(line):
        return "reopen"
    if _NEGATIVE.search(re.sub("没问题|没事", "", line)) or _PARTLY.search(line):
        return ""
    ways = (_CONFIRM, _CONTENT, _CONTENT_LAST)
    return "confirm" if any(way.fullmatch(line) for way in ways) else ""
