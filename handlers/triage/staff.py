"""Whether somebody of the staff asks for something, or speaks to the residents. Pure.

A leader's or officer's post is no request unless it says so by its own words (triage contract).
"""

from __future__ import annotations

import re

_WHOM = (
    r"物业|社区|街道|村里|村委|镇[上里政]|上级|上面|领导|书记|主任|供电|电力|自来水|水务|燃气|环卫|城管|交警|派出所"
    r"|公安|消防|部门|公司|师傅|施工|维修|单位|支部|乡[里镇]|市里|各级"
)
_ASK = r"请|麻烦|恳请|希望|盼|求|拜托|能不能|能否|可不可以|帮忙|帮我|协调|支援|支持|派|安排|催"
_UPWARD = re.compile(
    rf"(?:{_ASK}).{{0,12}}(?:{_WHOM})|(?:{_WHOM}).{{0,14}}(?:{_ASK}|来人|来看|来修|处理一下|解决一下|重视|什么时候|几时|到底)"
    r"|(?:请求|恳请|申请|需要).{0,10}(?:支援|支持|协调|帮助|解决|处理|增派|派人)|我们?(?:这里|这边|村|组|网格|支部)?(?:解决|处理|搞|协调|调解)不(?:了|下来|定|好)"
    r"|搞不定|解决不了|力不从心|没办法解决|(?:哪位|哪个|谁)(?:能|可以|来|认识|有).{0,8}(?:来|修|帮|管|处理)|求助|@\S{1,12}.{0,20}(?:请|麻烦|看|修|处理)"
    r"|我(?:自己)?(?:家|屋里|住的)|向.{1,8}(?:反[映应]|报告|求助|申请)|(?:急|亟)需|上报|有没有(?:人|哪个|谁).{0,6}(?:来|管|修|帮)"
)
_DOWNWARD = re.compile(
    r"^(?:各位|大家|温馨提示|通知|公告|公示|【|请大家|请各位|请居民|请业主|请住户)|请大家|请各位|请(?:居民|业主|住户|家长|村民)(?:们|朋友)?"
    r"|已(?:经)?(?:报|联系|安排|反馈|通知|处理|修好|解决|转|上报)|敬请谅解|望周知|互相转告"
)


def asks_upward(line: str) -> bool:
    """Return whether a post of a leader or officer asks others than the residents for something."""
    return _UPWARD.search(line) is not None and _DOWNWARD.search(line) is None
