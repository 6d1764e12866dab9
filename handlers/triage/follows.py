"""Several messages, one problem: does a text go on with a story, or agree with a neighbour's? Pure.

Whose story, and whether it was told lately enough, is decided where the tickets are known
(handlers.report). Two problems in one message stay one ticket, named after the first or the
gravest (triage contract, rule 7): its words are all in it, and who handles it can split it.
"""

from __future__ import annotations

import re

_LONGEST = 40
_YES = r"(?:是的|是啊|是噻|对的?|对啊|对头|没错|确实|的确|就是|嗯+|唉|哎|同感|可不是)"
_US = r"(?:我|我们|咱们?|俺)(?:家|屋里|这|这边|这里|咯边|咯里|这栋|那栋|栋|楼|楼上|楼下|单元|这个?单元|这一?层|院子|店|门口|那边|组|小区)?(?:里|的)?"
_LIKES = r"(?:想|要[去买]|去|来|觉得|认为|喜欢|爱|看[到过]?|买|吃|喝|玩|考虑|打算|在想|在看|在吃|用|加|同意|支持|赞成|给|祝|谢|感谢|有事|不知道|不晓得|不清楚|没时间|没空|没去|希望大家|姓|是这么想)"
_SAME = re.compile(
    rf"(?:{_YES}[，,、。!\s]*)?{_US}[，,\s]*(?:也|都|同样|跟着|一样)(?!{_LIKES}).{{0,24}}$"
    r"|\+1.{0,4}$|[加＋]1$|加一$|同[上问求感款].{0,6}$|俺也一样|一样一样|我家同样.{0,12}$"
    rf"|{_YES}[，,、。!\s]*(?:我|你|他|咱).{{2,24}}$|{_YES}[，,、!\s]+.{{1,16}}$"
    r"|(?:[一二三四五六七八九十\d]+(?:号楼|栋|幢|楼|单元|组|#)|\d{3,4})(?:.{0,4})(?:也|同样).{1,16}$"
    rf"|(?:这边|那边|隔壁|对面|楼上|楼下|我们|整栋|全栋|都)(?:也|都)(?!{_LIKES}).{{1,12}}$"
    r"|也是.{0,8}$|也(?:停|没|冇|断|堵|漏|坏|黑|臭|吵).{0,10}$"
)
_MORE = re.compile(
    r"(?:(?:就|位置|地点|具体)?(?:是|在)[\w\s,，-]{1,20}|(?:还有|另外|对了|补充一下|忘了说|顺便说)[\w\s,，:]{1,24}"
    r"|(?:我)?(?:的)?(?:电话|手机|联系(?:人|电话|方式))[:：是]?.{0,20}|(?:我|本人|户主)(?:姓|叫|是).{1,12}"
    r"|[\w\s,，-]{0,14}(?:那里|这里|旁边|门口|对面|楼下|那边|这边|那个|拐角|路口)"
    r"|(?:一直|到现在|至今|都)?(?:还)?没人[管来修理处].{0,6}|(?:都|已经|有|快)?[\w]{0,6}(?:好?几|多|[一二两三四五六七八九十半\d]+)个?(?:多)?(?:天|年|月|星期|礼拜|小时|晚上?)+(?:多)?了.{0,4}"
    r"|(?:从|打)?(?:昨晚|昨天|今早|今天|早上|上午|中午|下午|前天|上周|上个月|半夜|凌晨).{0,6}(?:开始|到现在|起|就|一直).{0,8}"
    r"|急.{0,6}|太危险了?.{0,6}|(?:照片|图片?|视频)(?:如上|在上面|发了|见上|来了)?|(?:麻烦)?(?:快|尽快|早|抓紧)(?:点|一点)?(?:来|处理|修|看|解决).{0,6})[。.!！~]*$"
)
_OTHER_TALK = re.compile(
    r"首付|看房|房源|户型|万|微信|哈哈|贷款|价格|满[二五]|税|吃饭|晚安|早安|生日"
)


def follows(line: str, placed: bool) -> str:
    """Return what a text is to the one before it: "same" (my house too), "more" (the rest of a
    story), or nothing; ``placed`` says whether it names a place."""
    if not line or len(line) > _LONGEST or _OTHER_TALK.search(line):
        return ""
    if _SAME.match(line):
        return "same"
    return "more" if (placed and len(line) <= 14) or _MORE.match(line) else ""
