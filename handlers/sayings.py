"""What leaders and residents say in their own words, where it is safe to understand. Pure.

The worst fault is a false claim or a false closing. A line is read clause by clause into letters
(handlers.sayings_words); a saying counts only if its letters fit a pattern that leaves little room
for unknown words, and questions, hypotheses, hearsay, other things and orders to others are none
(triage contract, rule 8).
"""

from __future__ import annotations

import re

from bot.models import Command
from handlers.sayings_words import read

HANDS = frozenset({"leader", "deputy", "member", "officer"})
LONGEST = 60
"""Characters of a line that may be such words; longer ones tell a story."""
_REPEATED = re.compile(r"(.{1,3}?)\1{2,}")  # "嗯嗯嗯嗯" says no more than "嗯嗯", and costs more
_DOUBT = re.compile(
    r"[?]|吗|谁|如果|要是|假如|万一|的话|不是说|说是|听说|据说|是不是|有没有|能不能|可不可以|会不会|怎么|什么|何时"
    r"|几时|哪个|哪天|难道|以为|没有?$|没[啊呀呢咯]?$|[了好完]没|[么呢不]$|再说|再讲|才"
)
_OWN = re.compile(r"我(?:家|屋里|老家|自己|妈|爸|老公|老婆)|自家|本人家")

# What follows matches letters, each of a word; sayings.csv tells which.
_OUTCOME = re.compile(
    r"(?P<before>[^NnMWCsSDdjgwHJeTUQZzy]*?)"
    r"(?:(?P<fix>F[RoG]*[Lq]|AO?l?F[RoG]*|Fo+$)|(?P<make>f[Ro]*[Lq]|A[lO]?f[Ro]*$|fo+$)|(?P<state>E)"
    r"|(?P<fine>q+)|(?P<other>X[Ro]+[Lq]))"
    r"(?P<after>[mPXLEqRoFlGOYAf]*?)(?:U?[kV].*)?"
)
_LOOSE_OUTCOME = re.compile(r"m[XPm]{1,3}q|[XPm]*m[RG]+[Lq]|[mPl]*[Ff]X{1,3}L|X{1,3}lE")
_CHECK = re.compile(r"[UI]?[kV][kVEPmqQRLUBN]*")
_PENDING = re.compile(r"H|g.*[FfSh]|w.*[^g]|N$|D.*[FfGS]|j.*[FfSh].*L|N.*[FfRotGm]|D.*[Ffh]")
_UNREAL = re.compile(r"[sw][^|]*(?:[FfX][Ro]*[Lq]|E|q)|[Lq]d|[Lq]l?I|[Lq]M")
_ORDER = re.compile(r"[^IAL]*(?:r[^IAL]*[OUYTK]|U[^IAL]*[GfFShV]|h[OTY][^AL]*$)|[Nnr]|[^I]*Lv|w.*L")
_SOON = r"[dDiljH]"
_AFTER_VERB = r"[OKYmPtXGVhfFSUDdIilRskyTj]*"
_CLAIM = re.compile(
    rf"[mPXYO]{{0,6}}?{_SOON}*I[dDiHjlmPOKYUTXtIpG]{{0,8}}?(?:"
    rf"(?P<look>(?:G[dDilHOKYUTmPX]{{0,4}}|[dDij])V{_AFTER_VERB}|V[UliP]*[OKYT]{_AFTER_VERB}|[OK][VJs]$)"
    rf"|G?{_SOON}*(?:[hfF](?!U$)|S(?!L)|y[hfFS][mOKPt]{{0,3}}$|y$|Gr|r(?=[OK])){_AFTER_VERB}"
    r"|a[LmPd]*$|[mPOK]*GL?$|G[OKPT]+[G]?$)"
    rf"|{_SOON}*d{_SOON}*G?(?:(?:h|f|F|GV|V$){_AFTER_VERB}|G$)"
    rf"|[Ddi]+G{_SOON}*[VhfF]{_AFTER_VERB}"
    r"|D[DdG]*G$|[mPI]{0,4}a+L?$"
)
_STEP = re.compile(
    r"b|A.*[SshVGFf]|[Sh][^L]*[Lx]|[hVf]R*[mOKPt]*L|[OK]s|Ts.*[DL]|O.*[dDiAgLGsSH]|[PmY]s|g.*[FfShVw]|w[^L]*[tOmKFf]"
    r"|t.*[LNGRSgDPA]|H.*[FfmLGwS]|[FfmLS].*H|^H$|D.*O|D[lG]*j|j.*[qL]"
)
_QUOTED_STEP = re.compile(
    r"S|^sL|A.*L|[Di].*[mO]G|^[mtO].*N|z.*[DO]|^[mOPH]+g[FfShVGw]|^g[FfShVw]|[mO]GL|^D[lj]"
)
_DEED = re.compile(r"A.*[SshVFfG]|[bs]|[^n]L|g.*[FfSh]|w[^I]*[tOm]")
_PROMISED = re.compile(r"^[^IUdr]*D[^IUr]*[SO]")
_STRONG_STEP = re.compile(r"[SshV][OKmPt]*[Lx]|A[OKm]*[ShG]|[OK].*[SsL]|b|H.*L|L.*H")
_BAD = re.compile(
    r"B|^[^I]*v.?G|v.{0,4}?(?:[NuX]|[Ff]$)|N[ilOmUX]{0,2}[FfRqo]|^[^I]*N[ilOmUX]{0,2}[GhS]"
)
_BAD_UNASKED = re.compile(r"v.{0,4}?[BNu]|[gqeE].*B|N[ilOm]{0,2}[FfRqo]|^N[im]{0,2}G")

_UP = r"(?:社区|街道|支部|村里|村委会?|居委会|镇里|镇上|乡里|乡镇|政府|上级|上面|上头|办事处|区里|市里|县里|领导|党委)"
_UNABLE = (
    r"(?:解决|处理|搞|办|管|弄|协调|谈|调解?|定|摆|做|啃)不(?:了|定|下来?|好|赢|拢|平|动|通)|没(?:有|得)?(?:这个)?(?:权限?|能力|办法|本事|钱)"
    r"|超出|超权|无能为力|权限不够|能力不够|[力人]手?[量]?不够|不理我|不配合|无权|管不到|[几多]个部门|只能"
)
_ESCALATE = re.compile(
    rf"(?:上报|呈报|报告|报|移交|上交|提请)(?:给|到|至|请)?{_UP}(?!了|的|那边了)"
    rf"|(?:{_UNABLE}).*(?:(?:请|申请|需要?|得|要|让|由|找|交给?|转).{{0,5}}{_UP}|[往向]上|上报|吹哨|报{_UP})"
    rf"|(?:没|不).*(?:请|申请|需要|得|由|让){_UP}.{{0,8}}$|(?:没|不).*报上去[吧算!。]*$"
    rf"|(?:请|申请|需要?|得|要|由|建议|请求).{{0,3}}{_UP}.{{0,6}}(?:出面|协调|支援|牵头|介入|来管|拍板|支持|解决一下|帮忙|帮一把)"
    rf"|^(?:那|就|那就|还是|只能)*[往向](?:上|上面|{_UP})报(?:吧|算了)?[。!]*$"
    rf"|^(?:这个?|这事|这单)?(?:我|我们|我这里|我这边|网格|组上|支部)[里这边]{{0,2}}(?:{_UNABLE})(?:了|啊|咯|哦)?[。!]*$"
)
_NO_ESCALATE = re.compile(
    r"我.{0,3}(?:向|跟|找|和|去|问)|(?:不用|不要|不必|别|先不|暂不|莫|已经?|已向).{0,4}报|没有?(?:上)?报|[?]|(?<!往上)(?<!向上)报(?:上去)?了|名单|材料|数据|等.{0,3}(?:回复|答复|批)"
)
_STILL = re.compile(
    r"(?:只|才)(?:修|换|弄|清|搞|拖)了|哪(?:里|有|儿)?.{0,2}(?:修|好|亮|解决|弄|处理)|这(?:也|就|还)?叫.{0,4}(?:修|好|解决|处理|办)|只.{1,4}一半|满意(?:个[屁鬼毛啥]|啥|什么|才怪)|(?:不太|不怎么|不是很|不大|谈不上|说不上)满意|还在(?:$|那|原)|^(?:还)?没(?:有|呢|得)?[啊呀呢,。! ]*$|没(?:有)?(?:水|电|气|网|信号)[啊呀]?(?:$|[,。!])"
)
_CANCEL = re.compile(
    r"不(?:用|要|需要?|必)(?:再)?(?:来|修|管|弄|处理|办|麻烦|派|跑|看|搞|查|换|找).{0,5}了|(?:^|[,。!\s])不(?:用|需要|要)了(?!吧)|单.{0,2}不要了"
    r"|(?:撤|取消)(?:了|掉|销|单)?(?:吧|了)(?=$|[,。!])|不麻烦|别派人|(?:^|[,。!\s])(?:取消|作废|不用来|删了吧|不修了$|不报了$)|自己(?:就)?好了"
    r"|(?:自己|我|老公|儿子|崽|女儿|找人|请人|家里人)[^,。了]{0,6}(?:修|弄|搞|换|通|解决|处理|清)(?:好|掉)?了?(?=[,。!哈啦]|$)"
    r"|(?:搞|弄|看|发|说|报|点|记|认)错(?:了|群|啦)|误会(?:了|一场)|是我(?:自己|家)|虚惊一场|乌龙|算了.{0,4}不(?:修|弄|搞|报|管|麻烦|追究|要|用)"
    r"|(?:前面|刚才|上面|这条).{0,6}(?:作废|当我没说)|当我没(?:说|报)"
)
_NO_CANCEL = re.compile(
    r"婚|酒席|[?]|吗|(?<!刚)才|如果|要是|他们?说|表情|航班|快递|别吵|试卷|题|日子|时间|我.{0,3}(?:来|去)|满意|还没|没(?:人|好|修|来)|订单|关注|我家也|我家(?:还|又)"
)
_AGREES = re.compile(
    r"(?:同意|可以|请)(?:结单|结案|办结|销单|关单|闭单|结了?$)|没(?:有|得)?意见|^认可"
    r"|[修弄搞办做清干理决](?:得)(?:很|蛮|挺|真|太|几|好)?(?:扎实|漂亮|好|不错|到位|干净|仔细|快|及时|可以)"
    r"|(?:手艺|效果|质量)(?:很|蛮|挺|真)?(?:好|不错|可以)|(?<![不只才])能[^,。不]{1,3}了(?=$|[,。!])"
)
_NOT_CONTENT = re.compile(
    r"知道|晓得|(?:不上|打个|点|说|算|才|给个|令人)满意|满意(?:个|就|才|的[价答])"
)
_BUT = re.compile(r"[?]|吗|但|可是|不(?:同意|认可|能|可以|算)|没(?!意见)|才|再")
_NUDGE = re.compile(
    r"催(?:一?下|催|一催)|再催|(?:快|抓紧|赶紧|赶快|尽快|早)(?:一?点|些)?(?:处理|解决|来(?!人)|修|弄|搞|安排|派人|办)(?!好)|(?:能|可)不(?:能|可以?)(?:快|早)点|快点[啊呀吧嘛咯!]*$"
    r"|怎么(?:还|都)?没(?:有)?(?:人|动静|消息|见人|人来|反应|来)|到底(?:什么|几)时候?(?:来|能|才)|(?:还)?(?:要|得)等(?:多久|好久|到什么时候|到几时)|(?:还|都|到现在)没(?:有)?(?:人(?:来|管|理|接)|动静|消息|回音|下文|反应)[^?]{0,6}[?]|等(?:了)?.{1,6}(?:天|小时|星期|周|个月|半天|上午|下午)了"
    r"|有(?:没有)?人(?:来)?(?:管|接|处理|来).*(?:[?]|没有?啊?|吗)|^人呢|抓紧[啊呀!]|搞快点|没下文|报了.{1,6}(?:天|礼拜|星期|周|月)了"
)
_QUERY = re.compile(
    r"^(?:那)?进[度展]呢|谁在(?:负责|跟进|处理)|(?:怎么样|咋样|怎样|如何|什么情况|哪一步|什么进展|什么程度|啥情况|么子情况)(?:了|啦|呢|咯)?[?]*$|(?:进度|进展|结果|消息|下文|回音|眉目)[^,。]{0,6}[吗没?]"
    r"|有(?:没有)?(?:什么)?(?:进展|结果|消息|回音|眉目)|有(?:消息|回音|信)没|到哪(?:一步|里)?了|什么(?:进度|进展|时候能)|得(?:如何|怎样)|查(?:一?下|查).{0,6}(?:进度|进展|单)|我报的.{1,8}(?:吗|没|[?])"
    r"|(?:几|多少|哪些|哪几|什么)(?:单|件|个单|个).{0,6}(?:没|未|要|待|在)|(?:单|事|问题).{0,4}(?:到哪|谁接|谁在|办到|处理到)|我(?:手上|名下)?还?有(?:几|哪些|多少|什么)"
)
_OWN_TICKETS = re.compile(
    r"(?:几|多少|哪些|哪几)(?:个|张)?单|我(?:手上|名下|这里)?还?有(?:几|哪些|多少|什么)"
)
_HELP = re.compile(
    r"(?:怎么|咋|如何)(?:用|操作|使用)(?:这个|你)?(?:机器人|接单|群助手|小助手)|(?:机器人|接单助手).{0,4}(?:怎么|咋|如何)(?:用|操作|使用|报)"
)
_STARS = re.compile(
    r"(?:我)?(?:给|打|评)?(?:你们?|他们?|个)?\s*([1-5一二三四五])\s*(?:颗|个)?(?:星|分(?!钟))(?:好评)?[吧啊哈了。!~]*"
)
_DIGITS = {"一": "1", "二": "2", "三": "3", "四": "4", "五": "5"}
_SUSPEND = re.compile(
    r"(?:先|暂时|只能|就)(?:给)?(?:挂起|挂着|搁着|搁置|搁一搁|放一放|缓一缓|缓缓)|暂缓(?:处理|办理)?"
)
_REJECT = re.compile(r"(?:不(?:予|能)?受理|受理不了)(?:了|的|哦|啊)?[。!]*$")
_ACK = re.compile(r"(?:收到|好[的嘞]?|行|嗯+|OK|ok|要得|明白|了解|晓得了?|知道了?)[,，。!~ ]+")
_COMING = re.compile(
    r"(?:(?:我|这就|马上|现在|立刻|立马|莫急|别急|来了|来啦|就来|就到|就去|我?去|过来|过去)[了啦哈,。! ]*)+"
)
_ELLIPTIC = re.compile(r"[dDilj]*(?:G[dD]*[VhfF]|h|f)[hfVFOKmPtGUT]{0,3}")
_ERRAND = re.compile(r"[dDi]*I[dDijl]*(?:G[XhfFSVGdj]{0,4}[mKOYTP][mKOYTPXhfFSVUR]{0,5})")
_EMBEDDED = re.compile(r"([dDi]*I[dDijl]*[Gh]+[dDijl]*V[OKmP]*)Q[^Q]*")
_TOLD_AS_DONE = re.compile(r"A[GO]*[Sh]Z")
_LET_ME = re.compile(r"^r(?=I)")  # 让我来
_ASKS_ABOVE = re.compile(r"I[dDij]*K[hSs]")  # 我跟社区说
_BUT_PARTLY = re.compile(r"\|[^|]*e[^|]*(?:L[^|]*H|H[^|]*L)")
_PURPOSE = re.compile(r"I[dDij]*G[mPXT]*(?:[FfhS][RGo]*L|q)")
_BARE_CLAIM = re.compile(r"我去[啊呀哦!,.。~ ]*|(?:明天|后天|下午|晚上|上午).{1,2}")
_DONE_WELL = re.compile(r"[mPil]*[Ff][Ro]+")
_TRIED = re.compile(r"^[SV]+[xL]*")  # 看了, 试过了, 确认
_CALMING = re.compile(r"(?:别|莫)(?:吵|说|闹|急|送|担心|客气|慌|操心|管)|不用")
WORDLESS = frozenset({"query", "help", "nudge"})
"""Commands that the words themselves add nothing to."""


def doubtful(text: str) -> bool:
    """Return whether a text asks, doubts or supposes: then it orders nothing."""
    return bool(_DOUBT.search(text))


def said(line: str, role: str, quoted: bool) -> Command | None:
    """Return the command that natural words are, for a speaker of this role, or None."""
    if len(line) > LONGEST:
        return None
    line = _REPEATED.sub(r"\1\1", line)
    name = ""
    if role not in HANDS and (role == "reporter" or quoted) and _STARS.fullmatch(line):
        return Command("rate", {"stars": stars(line)}, explicit=False)
    if role in HANDS:
        name = _put_off(line) if quoted else ""
        name = name or _by_hands(line, quoted)
    elif role == "reporter" or quoted:
        name = _by_resident(line, quoted)
        if name == "cancel" and role != "reporter":
            name = ""
    elif len(line) <= 12 and "满意" in line and _by_resident(line, quoted) == "confirm":
        name = "confirm"
    if not name:
        return Command("help", explicit=False) if _HELP.search(line) else None
    args = {} if name in WORDLESS else {"text": line}
    if name == "query" and role in HANDS and _OWN_TICKETS.search(line):
        args = {"text": "mine"}
    return Command(name, args, explicit=False)


def stars(line: str) -> str:
    """Return the number of stars that a line gives, as a digit, or nothing."""
    found = _STARS.search(line)
    return _DIGITS.get(found[1], found[1]) if found else ""


def _put_off(line: str) -> str:
    """Return whether a leader puts a ticket off or refuses it, in reply to its message."""
    if doubtful(line) or re.search(r"不要|不能|不用|别|莫|没有?(?:挂|搁)|为", line):
        return ""
    return "suspend" if _SUSPEND.search(line) else "reject" if _REJECT.search(line) else ""


def _by_hands(line: str, quoted: bool) -> str:
    clauses = [_LET_ME.sub("", c) for c in read(line)]
    if "?" not in line:
        clauses = [_EMBEDDED.sub(r"\1", c) for c in clauses]
    several = len(clauses) > 1
    outcomes = [_outcome(c, quoted) for c in clauses]
    if any(outcomes):  # "修好了，大家看看亮不亮" asks nothing of the bot
        last = max(n for n, sure in enumerate(outcomes) if sure)
        said = [not _CHECK.fullmatch(c) and "C" not in c for c in clauses]
        kept = [n for n in range(len(clauses)) if n <= last or said[n]]
        clauses, outcomes = [clauses[n] for n in kept], [outcomes[n] for n in kept]
    whole = "|".join(clauses)
    told = set(whole)
    if _OWN_TICKETS.search(line):
        return "query"
    own = any(_ASKS_ABOVE.match(c) for c in clauses) or _DOUBT.search(line)
    if _ESCALATE.search(line) and not own and not _NO_ESCALATE.search(line) and "Z" not in told:
        return "escalate"
    if told & set("QCWZe"):
        if any(outcomes) and quoted and _BUT_PARTLY.search(whole):
            return "progress"
        return _doubtful_hands(whole, quoted and not any(outcomes))
    if _UNREAL.search(whole) or ("J" in told and any(outcomes)):
        return ""
    if any(outcomes):
        pairs = zip(clauses, outcomes, strict=True)
        rest = [c for c, sure in pairs if not sure and not _DONE_WELL.fullmatch(c)]
        bare = "sure" not in outcomes and (rest or not (quoted or several))
        return "" if bare else _ended(line, whole, rest)
    if quoted and _COMING.fullmatch(line):
        return "claim"
    return _under_way(line, clauses, quoted)


def _ended(line: str, whole: str, rest: list[str]) -> str:
    """Return what a line comes to that tells of an outcome, and perhaps of what is left to do."""
    if "H" in whole or any(_PENDING.search(c) for c in rest):
        return "progress"
    return "" if "M" in whole or _OWN.search(line) else "resolve"


def _under_way(line: str, clauses: list[str], quoted: bool) -> str:
    """Return what a line comes to that tells of no outcome: a claim, a step, or nothing."""
    acked = quoted and len(clauses) <= 2 and bool(_ACK.match(line))
    claims = [
        c for c in clauses
        if _claims(c) or (acked and _ELLIPTIC.fullmatch(c)) or (quoted and _ERRAND.fullmatch(c))
    ]  # fmt: skip
    others = [c for c in clauses if c not in claims and c[0] not in "Un"]
    bare = _BARE_CLAIM.fullmatch(line) or (not quoted and clauses in (["IG"], ["G"]))
    if claims and not bare and not any(_DEED.search(c) for c in others):
        return "claim"
    promised = quoted and any(_PROMISED.search(c) and not _ORDER.match(c) for c in clauses)
    return "progress" if promised or _steps(clauses, quoted) else ""


def _doubtful_hands(whole: str, sure: bool) -> str:
    """Return what remains to be understood where some clause asks, supposes, or is of elsewhere."""
    if not sure or _UNREAL.search(whole) or set(whole) & set("CQ"):
        return ""
    clauses = whole.split("|")
    sound = [
        c for c in clauses
        if not _ORDER.match(c) and (not set(c) & set("WZMU") or _TOLD_AS_DONE.match(c))
    ]  # fmt: skip
    if any(_STRONG_STEP.search(c) for c in sound):
        return "progress"
    taken = any(_claims(c) and len(c) > 1 and set(c) & set("VhfFSa") for c in sound)
    return "claim" if taken and "e" not in whole else ""


def _outcome(clause: str, quoted: bool) -> str:
    """Return what a clause says of an outcome: "sure", "bare" (好了) or nothing."""
    found = _OUTCOME.fullmatch(clause)
    if not found:
        return "sure" if quoted and _LOOSE_OUTCOME.fullmatch(clause) else ""
    before, after = found["before"], found["after"]
    unknown = before.count("X") + after.count("X")
    if found["fix"]:
        return "sure" if unknown <= 7 else ""
    if found["fine"]:
        if unknown > 1 or ("P" in before and "m" not in before):
            return ""
        return "sure" if "m" in before else "" if unknown or "I" in before else "bare"
    if found["state"]:
        own = "t" not in before and "X" not in after and (quoted or not unknown or "m" in before)
        return "sure" if own and unknown <= 2 else ""
    if found["other"]:
        return "sure" if unknown <= 3 and set(before) & set("mA") else ""
    return "sure" if unknown <= (1 if "X" in after else 2) else ""


def _steps(clauses: list[str], quoted: bool) -> bool:
    """Return whether a clause tells of a step towards the end, and unknown words are few."""
    letters = "".join(clauses)
    if letters.count("X") * 2 > len(letters) + 4:
        return False
    for clause in clauses:
        step = _STEP.search(clause) or (quoted and _QUOTED_STEP.search(clause))
        wish = "M" in clause and not set(clause) & set("Os")
        if step and not wish and not _ORDER.match(clause):
            return True
    return False


def _claims(clause: str) -> bool:
    if _PURPOSE.fullmatch(clause):  # "我去把水关了"
        return True
    found = _CLAIM.fullmatch(clause)
    return bool(found) and clause.count("X") <= (2 if found and found["look"] else 5)


def _by_resident(line: str, quoted: bool) -> str:
    clauses = read(line)
    told = {letter for c in clauses for letter in c}
    if _gives_up(line, told):
        return "cancel"
    if _STILL.search(line):
        return "reopen"
    if _NUDGE.search(line):
        return "nudge"
    if _AGREES.search(line) and not _BUT.search(line):
        return "confirm"
    asks = bool(told & set("QC")) or "?" in line
    if (asks or len(line) <= 12) and _QUERY.search(line):
        return "query"
    return "" if asks else _answer(line, clauses, told, quoted)


def _gives_up(line: str, told: set[str]) -> bool:
    """Return whether a reporter no longer wants help, or was mistaken."""
    if not _CANCEL.search(line) or _NO_CANCEL.search(line):
        return False
    elsewhere = "Z" in told and not re.search("[修弄搞]好", line)
    return "作废" in line or not (told & set("eCQWsT") or elsewhere)


def _answer(line: str, clauses: list[str], told: set[str], quoted: bool) -> str:
    """Return a resident's answer to "is it done?"."""
    if "Z" in told and not (quoted and clauses[0] == "c"):
        return ""
    bad = _BAD if quoted else _BAD_UNASKED  # unquoted, 电梯坏了 may be another matter
    still = any(bad.search(c) and (quoted or c.count("X") <= 2) for c in clauses)
    if ("u" in told or still) and not _CALMING.search(line):
        return "reopen"
    clauses = [_TRIED.sub("", c) or "_" for c in clauses]
    clauses = [c for c in clauses if not re.match("r(?:U|$)", c)]  # "麻烦你们了"
    if set("".join(clauses)) & set("NneBHJMwgrWd") or _NOT_CONTENT.search(line):
        return ""
    if any(_outcome(re.sub("T[io]*", "", c), quoted) or _DONE_WELL.fullmatch(c) for c in clauses):
        return "confirm"
    praised = (quoted or "满意" in line) and any(
        "c" in c and "O" not in c and c.count("X") <= 2 for c in clauses
    )
    return "confirm" if praised and not any(set(c) == {"X"} for c in clauses) else ""
