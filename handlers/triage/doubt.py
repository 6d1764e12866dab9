"""What is only asked or only suspected: for a person to look at (triage contract, rule 1). Pure."""

from __future__ import annotations

import re

_DO = r"(?:申请|办|转|领|交|报名|报销|弄|查|续|改|补|缴|登记|入户|上户|算|预约|激活|认证)"
_ENQUIRY = re.compile(
    rf"(?:怎么|如何|咋|怎样|何解)(?:个)?{_DO}"
    rf"|(?:哪里|哪儿|在哪|哪个(?:部门|单位|窗口|地方)|找(?:谁|哪个)|归(?:谁|哪个)(?:部门)?).{{0,3}}(?:{_DO}|问|投诉|反[映应]|批)"
    r"|(?:要|需要|带)(?:些)?(?:什么|哪些|么子|啥)(?:材料|手续|资料|条件|证件|东西|证)?|什么(?:政策|标准|条件|流程|手续|区别)"
    r"|(?:标准|补贴|补助|费用)(?:是|有)?多少|多少(?:钱|户同意)|(?:还|还能|能不能|能否|可不可以|可以|要不要)(?:再)?(?:申请|办|转|报|补缴)"
    r"|有(?:没有|冇得?|什么|哪些).{0,6}(?:政策|补贴|补助|援助)|(?:政策|补贴|补助)现在(?:还)?有没有"
    r"|什么时候(?:开始|开放?|交|办|发|搞|换届|报名)"
)
_OUT = r"(?!又|.{0,4}(?:停|没|断|冇)(?:了)?[电水气网])"  # who asks so, sits in the dark
_UNSURE = re.compile(
    rf"(?:是不是|好像|感觉|似乎){_OUT}|不确定|不晓得(?:是不是|搞么子|哪家)|不知道是不是|是我一个?人|(?:只有|就)我(?:一|们)?家.{0, 6}[吗么?]|是我一家|真的假的|是真的吗"
)
_STUCK = re.compile(
    r"一直|好久|几次|多次|还是|还没|都没|没人|不给|不肯|不让|不理|推|拖|卡|拒|到底|为什么|凭什么|何解|急|跑了|[一二三四五六七八九十几半\d]+(?:天|周|个?月|年|趟|回|次)"
)


def enquires(line: str) -> bool:
    """Return whether a line is a general question to an office, and tells of no business stuck."""
    return _ENQUIRY.search(line) is not None and _STUCK.search(line) is None


def suspects(line: str) -> bool:
    """Return whether the speaker isn't sure of what was seen."""
    return _UNSURE.search(line) is not None
