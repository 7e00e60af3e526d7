"""In which encoding a text file is: told by its beginning, by what it can be, and by how likely its words are."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from opencc import OpenCC

from .reading import UnreadableError

ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "big5", "cp1252", "latin-1")
"""What a person may choose from; a byte order mark is never part of the text."""

_CODECS = {"utf-8": "utf-8-sig", "big5": "big5hkscs"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED = ("gb18030", "big5", "cp1252")
_PART = 1 << 16
_SAMPLE = 1 << 18
_COMMON = (
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天"
    "而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知样现分将外但身些与"
    "高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次"
    "东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马"
    "命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风"
    "战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条"
    "院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息"
    "写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专"
    "石若兵弟谁校读志飞观争究包组造落视济喜离虽坐集编宝谈府拉黑且随格尽剑讲布杀微怕母调局根曾准团段终乐切级克精哪官"
    "示冲竟乎男举客证苦照注费足尔招群热推晚响称兴待约阳哥惊吗整支古汉突号绝选吧参刊亚复伤类备欢另港势刻星断陈掌农夜"
    "般念价脑规底故省妈刚句显消确破具居批送负责跟进记录姓址手邮箱客户联系商机金额预计成交日期状态来源级别行业备注"
    "有限公司科技股份集团实业贸易投资管理咨询服务信息网络软件电子机械设备制造工程建筑装饰材料医药生物食品农业物流运输"
    "汽车配件服饰纺织家具五金化工能源环保教育培训文化传媒广告旅游酒店餐饮银行保险证券基金租赁房地产分支机构研究所中心"
    "北京上海广州深圳天津重庆杭州南京武汉成都西安苏宁波青岛厦门福建浙江江苏山东河南河北湖南湖北四川云贵陕甘辽吉黑龙江"
    "省市区县镇乡街道路号楼室层栋座园厂店办事处经销代理零售批发采购销售市场总监经理主任助理董事长秘书工程师会计财务人力"
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪"
    "严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴"
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂玉萍红玲梅琴建华志国海波斌辉鹏飞浩宇轩梓涵欣怡子佳雨婷雪晨阳思诗"
    "琪嘉豪俊峰凯旋博文昊天泽瑞麟晓东春燕洁倩莉媛慧颖璐瑶琳珊云莲真环雪荣爱妹霞香月莺媛艳瑞凡佳健世广义兴良海山仁波宁"
)
_LATIN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšžÀÁÂÄÅÆÇÈÉÊËÍÎÑÓÔÖØÚÜŠŽ")
_SIGNS = frozenset("€£¥©®°·–—‘’“”…•«»½¼²³§ªº¿¡´\u00a0")
_WIDE_SIGNS = frozenset("，。、；：？！（）【】《》“”‘’—…￥·　０１２３４５６７８９－～／％")


@cache
def _common(script: str) -> frozenset[str]:
    return frozenset(_COMMON if script == "gb18030" else OpenCC("s2t").convert(_COMMON))


def codec(encoding: str) -> str:
    """The name by which Python knows an encoding of `ENCODINGS`."""
    return _CODECS.get(encoding, encoding)


def recognise(path: Path) -> str:
    """The encoding that a file is most likely in; that of `ENCODINGS` in which all of it can be read.

    UTF-8 with a few broken characters is told to be UTF-8, so that reading it says where they are.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\x00" in head:
        wide = _wide(head)
        if wide:
            return wide
    if _reads(path, "utf-8"):
        return "utf-8"
    sample = _telling(path)
    if _nearly_utf8(sample):
        return "utf-8"
    return likeliest(sample, [one for one in _GUESSED if _reads(path, one)])


def likeliest(sample: bytes, possible: Sequence[str] = _GUESSED) -> str:
    """In which of the encodings that are possible a sample reads best; Latin-1, which can be anything, in none."""
    scores = {one: _likelihood(sample, one) for one in possible}
    return max(scores, key=lambda one: scores[one], default="latin-1")


def beginning(path: Path, encoding: str, size: int = _PART) -> str:
    """The first characters of a file, those that cannot be decoded replaced: to look at, never to keep."""
    with path.open("rb") as file:
        return codecs.getincrementaldecoder(codec(encoding))("replace").decode(file.read(size))


def is_text(start: str) -> bool:
    """Whether a beginning is that of a text and not of a program, a picture or the like."""
    odd = sum(unicodedata.category(char) in ("Cc", "Cn") and char not in "\t\n\r\f\v" for char in start)
    return odd * 5 <= len(start)


def lines(path: Path, encoding: str) -> Iterator[str]:
    """The lines of a file with their ends, whichever these are, without the byte order mark.

    Raises:
        UnreadableError: `file_encoding` with the encoding and the first line that is not written in it.
    """
    try:
        with path.open(encoding=codec(encoding), newline="") as file:
            for number, line in enumerate(file):
                yield line.removeprefix("\ufeff") if not number else line
    except UnicodeError as error:
        raise UnreadableError("file_encoding", encoding=encoding, line=_first_wrong_line(path, encoding)) from error


def _first_wrong_line(path: Path, encoding: str) -> int:
    decoder = codecs.getincrementaldecoder(codec(encoding))()
    count, was_return = 1, False
    with path.open("rb") as file:
        while part := file.read(_PART):
            before = decoder.getstate()
            try:
                texts = [decoder.decode(part)]
            except UnicodeError:
                decoder.setstate(before)
                texts = list(_readable(decoder, part))
                part = b""
            for char in "".join(texts):
                count += char == "\r" or (char == "\n" and not was_return)
                was_return = char == "\r"
            if not part:
                break
    return count


def _readable(decoder: codecs.IncrementalDecoder, part: bytes) -> Iterator[str]:
    """What can be decoded of a part before that which cannot."""
    for at in range(len(part)):
        try:
            yield decoder.decode(part[at : at + 1])
        except UnicodeError:
            return


def _reads(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec(encoding))()
    try:
        with path.open("rb") as file:
            while part := file.read(_PART):
                decoder.decode(part)
            decoder.decode(b"", True)
    except UnicodeError:
        return False
    return True


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: nearly every character is one that people write, and there are ends of lines or cells."""
    others = head.replace(b"\x00", b"")
    beyond = len(others) - len(others.decode("ascii", "ignore"))
    # ASCII with a stray NUL would read as Chinese too.
    if 5 * head.count(0) < len(head) and 8 * beyond < len(others):
        return None
    even = head[: len(head) // 4 * 4] if len(head) == _SAMPLE else head
    best: tuple[float, str] | None = None
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = even.decode(encoding)
        except UnicodeError:
            continue
        usual = sum(" " <= char <= "~" or char in "\r\n\t" or "\u4e00" <= char <= "\u9fff" for char in text)
        share = usual / len(text)
        if "\x00" not in text and share > 0.7 and not set("\n\r,;\t").isdisjoint(text):
            best = max(best or (0.0, ""), (share, encoding))
    return best[1] if best else None


def _telling(path: Path) -> bytes:
    """Lines in which there is more than ASCII, as many as are enough to judge by; whole ones, so nothing is cut."""
    found, size = list[bytes](), 0
    with path.open("rb") as file:
        for part in file:
            if not part.isascii():
                found.append(part)
                size += len(part)
                if size > _SAMPLE:
                    break
    return b"".join(found)


def _nearly_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(char > "\x7f" for char in text) - broken
    return whole > 8 * broken


def _likelihood(sample: bytes, encoding: str) -> float:
    """How well the characters beyond ASCII read in an encoding, per character: 1 is perfect, below 0 is gibberish."""
    text = sample.decode(codec(encoding), "replace")
    rate = _rate_latin if encoding == "cp1252" else _rate_han
    marks = list(rate(text, encoding))
    # Gibberish packs the same bytes into more or fewer characters than the text has: a little of it must not win.
    return sum(marks) / len(marks) if marks else 0.0


def _rate_latin(text: str, encoding: str) -> Iterator[float]:
    for at, char in enumerate(text):
        if char > "\x7f":
            beside = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
            if char in _LATIN:
                yield 1.0 if any(one.isascii() and one.isalpha() for one in beside) else -0.6
            else:
                yield 0.5 if char in _SIGNS and any(one.isascii() for one in beside) else -1.0


def _rate_han(text: str, encoding: str) -> Iterator[float]:
    common = _common(encoding)
    for at, char in enumerate(text):
        if char <= "\x7f":
            continue
        if "\u4e00" <= char <= "\u9fff":
            beside = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
            if char in common:
                yield 1.0
            elif len(beside) == 2 and all(one.isascii() and one.isalpha() for one in beside):
                yield -1.0
            else:
                yield 0.0 if _is_usual(char, encoding) else -0.7
        else:
            yield 0.4 if char in _WIDE_SIGNS else -0.8


def _is_usual(char: str, encoding: str) -> bool:
    """Whether a character is of the level of its standard that holds those in daily use."""
    code = char.encode(codec(encoding), "replace")
    if encoding == "gb18030":
        return len(code) == 2 and 0xB0 <= code[0] <= 0xD7 and code[1] >= 0xA1
    return len(code) == 2 and 0xA4 <= code[0] <= 0xC6
