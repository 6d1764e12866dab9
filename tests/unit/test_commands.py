"""Words and sayings to commands; the traps matter most."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Command
from handlers.commands import WORDS, parse
from handlers.menu import COMMANDS


def read(
    text: str, role: str = "leader", quoted: bool = False
) -> tuple[str, dict[str, str]] | None:
    found = parse(text, role=role, quoted=quoted)
    return (found.name, found.args) if found else None


def test_every_word_has_its_function() -> None:
    assert set(WORDS.values()) == set(COMMANDS)


@pytest.mark.parametrize(
    ("text", "name", "args"),
    [
        ("接单", "claim", {}),
        ("接单 1024", "claim", {"ticket": "1024"}),
        ("1024接单", "claim", {"ticket": "1024"}),
        ("＃１０２４ 接单", "claim", {"ticket": "1024"}),
        ("@接单助手 接单1024", "claim", {"ticket": "1024"}),
        ("@接单助手\u2005接单", "claim", {}),
        ("接单，我联系物业", "claim", {"text": "我联系物业"}),
        ("接单 3栋的", "claim", {"text": "3栋的"}),
        ("接单了", "claim", {"text": "了"}),
        ("#1024 办结 已更换", "resolve", {"ticket": "1024", "text": "已更换"}),
        ("办结1024，已更换灯泡", "resolve", {"ticket": "1024", "text": "已更换灯泡"}),
        ("路灯办结，物业换了灯泡", "resolve", {"text": "路灯 物业换了灯泡"}),
        ("火已扑灭，办结", "resolve", {"text": "火已扑灭"}),
        ("3栋的已办结", "resolve", {"text": "3栋的已"}),
        ("进展：师傅，下午到", "progress", {"text": "师傅，下午到"}),
        ("吹哨", "escalate", {}),
        ("吹哨，请社区出面开协商会", "escalate", {"text": "请社区出面开协商会"}),
        ("上报 1024", "escalate", {"ticket": "1024"}),
        ("退回 1024 网格自己办", "return", {"ticket": "1024", "text": "网格自己办"}),
        ("转给 张三 1024", "transfer", {"person": "张三", "ticket": "1024"}),
        ("转给张三", "transfer", {"person": "张三"}),
        ("挂起1024 到周五 等配件", "suspend", {"ticket": "1024", "until": "周五", "text": "等配件"}),
        ("挂起 3天 等配件", "suspend", {"until": "3天", "text": "等配件"}),
        ("恢复 1024", "resume", {"ticket": "1024"}),
        ("撤销", "cancel", {}),
        ("不受理 1024 找物业", "reject", {"ticket": "1024", "text": "找物业"}),
        ("不是诉求 1024", "reject", {"ticket": "1024", "text": "不是诉求"}),
        ("1024号不算诉求", "reject", {"ticket": "1024", "text": "不是诉求"}),
        ("这个不是诉求1024，在聊天", "reject", {"ticket": "1024", "text": "不是诉求,在聊天"}),
        ("合并 1002 到 1001", "merge", {"ticket": "1002", "into": "1001"}),
        ("改类 1024 路灯", "reclassify", {"ticket": "1024", "category": "路灯"}),
        ("催办", "nudge", {}),
        ("查询1024", "query", {"ticket": "1024"}),
        ("查询进度", "query", {}),
        ("我的待办", "query", {"text": "mine"}),
        ("满意", "confirm", {}),
        ("满意，亮了，谢谢邱哥", "confirm", {"text": "亮了，谢谢邱哥"}),
        ("不满意", "reopen", {}),
        ("没解决 水还在漏", "reopen", {"text": "水还在漏"}),
        ("评价 1024 5星 很快", "rate", {"ticket": "1024", "stars": "5", "text": "很快"}),
        ("评价五星", "rate", {"stars": "5"}),
        ("帮助", "help", {}),
        ("下单 3栋，路灯坏了", "report", {"text": "3栋，路灯坏了"}),
        ("报事：3栋路灯坏了", "report", {"text": "3栋路灯坏了"}),
        ("下单", "report", {}),
        ("绑定 4301-A", "bind", {"text": "4301-A"}),
    ],
)  # fmt: skip
def test_the_menu_as_people_type_it(text: str, name: str, args: dict[str, str]) -> None:
    found = read(text)
    if name == "rate" and found:
        assert found[0] == name
        assert found[1].items() >= args.items()
        return
    assert found == (name, args)


@pytest.mark.parametrize(
    "text", ["不是诉求", "这不是诉求", "这个不算诉求。", "那条不是诉求，开玩笑的"]
)
def test_what_is_no_plea_is_said_of_a_quoted_ticket_only(text: str) -> None:
    found = parse(text, role="leader", quoted=True)
    assert found is not None
    assert found.name == "reject"
    assert found.args["text"].startswith("不是诉求")
    assert parse(text, role="leader") is None, "it may be of any words in the group"


@pytest.mark.parametrize(
    "text",
    [
        "这不是诉求吗",
        "是不是诉求 1001",
        "不是诉求是什么 1001",
        "不是诉求吧？",
        "不是诉求，怎么登记了",
    ],
)
def test_asking_whether_it_is_a_plea_refuses_nothing(text: str) -> None:
    assert parse(text, role="leader", quoted=True) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我来处理", "claim"), ("这个我来跟", "claim"), ("收到马上过去", "claim"),
        ("收到，我去看看", "claim"), ("好的，我联系物业", "claim"), ("我去处理一下", "claim"),
        ("马上到", "claim"), ("交给我", "claim"), ("好的我马上过去处理", "claim"),
        ("正在处理", "progress"), ("已报给物业，等回复", "progress"),
        ("已联系社区，明天上门", "progress"), ("师傅在路上了", "progress"),
        ("换好了一半", "progress"), ("还在修", "progress"), ("正在抢修，大家稍等", "progress"),
        ("修好了", "resolve"), ("已经修好了", "resolve"), ("搞定", "resolve"), ("搞定了", "resolve"),
        ("处理完了，大家看看", "resolve"), ("已解决", "resolve"), ("3栋的灯已经换好了", "resolve"),
        ("下水道疏通好了", "resolve"), ("垃圾清理干净了", "resolve"), ("恢复供电了", "resolve"),
        ("这个我们解决不了，上报社区", "escalate"), ("我们处理不了，请社区出面协调一下", "escalate"),
    ],
)  # fmt: skip
def test_how_leaders_really_say_it(text: str, name: str) -> None:
    found = parse(text, role="leader")
    assert found is not None
    assert (found.name, found.explicit) == (name, False)
    assert parse(text, role="neighbour") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("好了", "confirm"), ("亮了，谢谢", "confirm"), ("修好了，谢谢师傅", "confirm"),
        ("这样可以，满意", "confirm"), ("可以了，谢谢", "confirm"), ("已经好了", "confirm"),
        ("谢谢大家，已经没事了，满意", "confirm"), ("等了三天，不满意", "reopen"),
        ("还是坏的", "reopen"), ("又坏了", "reopen"), ("还没好", "reopen"), ("没修好", "reopen"),
        ("还是没解决", "reopen"), ("路灯还是不亮", "reopen"), ("水还在漏", "reopen"),
        ("不用了，已经好了", "cancel"), ("算了，不用来了", "cancel"),
    ],
)  # fmt: skip
def test_how_residents_answer(text: str, name: str) -> None:
    found = parse(text, role="reporter")
    assert (found.name if found else "") == name


TRAPS = (
    "谁接单啊？", "等修好了再说", "小罗你去接一下这单", "不是说修好了吗", "修好了没", "修好了吗",
    "什么时候能办结", "如果满意的话我们可以谈价格", "要是满意再说", "路灯还没修好呢", "这单没人接单",
    "尽快办结", "请尽快上报", "上报了吗", "办结了没有", "你们接单了吗", "接单不", "接单吗",
    "谁来接单", "还没接单", "别接单", "不要办结", "先别办结", "听说修好了", "据说已经解决了",
    "说是修好了", "怎么还没修好", "哪天能修好", "等我修好了告诉你们", "明天修好了我说一声",
    "争取今天修好", "快修好了", "差不多修好了吧？", "修好了才怪", "修好了一半", "难道修好了",
    "以为修好了", "会不会已经修好了", "是不是修好了", "有没有人接单", "你去处理一下",
    "老王你来接一下", "麻烦你接一下单", "让他去处理", "请社区处理", "你们看看吧", "他们马上到",
    "他来处理", "满意的话给个好评", "满意度调查请大家填一下", "满意吗", "评价很高的一家店",
    "查询一下公积金怎么弄", "帮助别人快乐自己", "撤销了吗", "下单了两件衣服", "下单的链接发我",
    "接单平台又涨价了", "合并同类项", "进展顺利", "进展如何", "收到", "好的", "嗯嗯", "谢谢",
    "我去看看房子", "业主已经搞定了价格", "恢复高考那年", "绑定手机号才能领", "认证的老师来教",
    "我去吃饭", "马上开会", "上报率要达到百分之百", "退回来的快递在哪",
)  # fmt: skip


@pytest.mark.parametrize("text", TRAPS)
@pytest.mark.parametrize("role", ["leader", "member", "neighbour", "reporter"])
def test_no_false_claim_and_no_false_closing(text: str, role: str) -> None:
    found = parse(text, role=role)
    # an unfinished repair may count as progress; who reported it may ask, urge and say 没修好
    harmless = {"progress", "reopen"} | ({"query", "nudge"} if role == "reporter" else set())
    assert found is None or found.name in harmless, found


def test_a_bare_hao_le_from_a_leader_needs_a_quote() -> None:
    assert parse("好了", role="leader") is None
    assert parse("好了", role="leader", quoted=True) == Command(
        "resolve", {"text": "好了"}, explicit=False
    )
    assert parse("好了", role="neighbour") is None


@pytest.mark.parametrize(
    "word",
    [
        "嗯",
        "刚",
        "好的",
        "收到",
        "都",
        "全部",
        "好了",
        "还是",
        "我来",
        "谢谢",
        "，",
        "在修",
        "处理",
    ],
)
@pytest.mark.parametrize("role", ["leader", "reporter"])
def test_words_said_over_and_over_cost_no_time(word: str, role: str) -> None:
    began = time.process_time()
    for count in (5, 12, 39, 400):
        parse((word * count)[:39], role=role, quoted=True)
        parse(word * count + "啊", role=role, quoted=True)
    assert time.process_time() - began < 1  # a bound against the catastrophic, not a benchmark


@given(st.text(max_size=300), st.sampled_from(["leader", "reporter", "neighbour"]))
def test_any_text_is_read_without_fault(text: str, role: str) -> None:
    parse(text, role=role, quoted=True)


@given(st.sampled_from(sorted(WORDS)), st.text(max_size=60))
def test_any_words_after_a_command_are_read_without_fault(word: str, text: str) -> None:
    found = parse(word + text, role="leader")
    if found:
        assert all(isinstance(v, str) for v in found.args.values())
