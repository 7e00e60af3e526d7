"""Where in China something is: provinces by their codes, dialling codes, and places that companies are named after."""

from __future__ import annotations

import json
import re
from pathlib import Path

PROVINCES: dict[str, tuple[str, str]] = {
    "11": ("北京市", "Beijing"),
    "12": ("天津市", "Tianjin"),
    "13": ("河北省", "Hebei"),
    "14": ("山西省", "Shanxi"),
    "15": ("内蒙古自治区", "Inner Mongolia"),
    "21": ("辽宁省", "Liaoning"),
    "22": ("吉林省", "Jilin"),
    "23": ("黑龙江省", "Heilongjiang"),
    "31": ("上海市", "Shanghai"),
    "32": ("江苏省", "Jiangsu"),
    "33": ("浙江省", "Zhejiang"),
    "34": ("安徽省", "Anhui"),
    "35": ("福建省", "Fujian"),
    "36": ("江西省", "Jiangxi"),
    "37": ("山东省", "Shandong"),
    "41": ("河南省", "Henan"),
    "42": ("湖北省", "Hubei"),
    "43": ("湖南省", "Hunan"),
    "44": ("广东省", "Guangdong"),
    "45": ("广西壮族自治区", "Guangxi"),
    "46": ("海南省", "Hainan"),
    "50": ("重庆市", "Chongqing"),
    "51": ("四川省", "Sichuan"),
    "52": ("贵州省", "Guizhou"),
    "53": ("云南省", "Yunnan"),
    "54": ("西藏自治区", "Tibet"),
    "61": ("陕西省", "Shaanxi"),
    "62": ("甘肃省", "Gansu"),
    "63": ("青海省", "Qinghai"),
    "64": ("宁夏回族自治区", "Ningxia"),
    "65": ("新疆维吾尔自治区", "Xinjiang"),
    "71": ("台湾省", "Taiwan"),
    "81": ("香港特别行政区", "Hong Kong"),
    "82": ("澳门特别行政区", "Macao"),
}
"""Names in Chinese and English by the first two digits of GB/T 2260."""

_LARGE = {"10": "11", "20": "44", "21": "31", "22": "12", "23": "50", "24": "21", "25": "32", "27": "42", "28": "51"}
_LARGE["29"] = "61"
_SPANS = (
    (310, 319, "13"),
    (335, 335, "13"),
    (349, 359, "14"),
    (370, 379, "41"),
    (391, 398, "41"),
    (410, 429, "21"),
    (431, 440, "22"),
    (448, 448, "22"),
    (451, 469, "23"),
    (470, 483, "15"),
    (510, 527, "32"),
    (530, 546, "37"),
    (550, 566, "34"),
    (570, 580, "33"),
    (591, 599, "35"),
    (631, 635, "37"),
    (660, 668, "44"),
    (691, 692, "53"),
    (701, 701, "36"),
    (710, 728, "42"),
    (730, 746, "43"),
    (750, 769, "44"),
    (770, 779, "45"),
    (790, 799, "36"),
    (812, 839, "51"),
    (851, 859, "52"),
    (870, 888, "53"),
    (891, 897, "54"),
    (898, 899, "46"),
    (901, 909, "65"),
    (910, 919, "61"),
    (930, 943, "62"),
    (951, 955, "64"),
    (970, 979, "63"),
    (990, 999, "65"),
)
"""First and last dialling code, the trunk zero left out, and the province."""

_MOBILE = re.compile(r"^861[3-9]")


def province_of_phone(e164: str | None) -> str | None:
    """The code of the province that a number is dialled in; None for mobile phones and for numbers from elsewhere."""
    if not e164:
        return None
    number = e164.lstrip("+")
    if number.startswith("852"):
        return "81"
    if number.startswith("853"):
        return "82"
    if not number.startswith("86") or _MOBILE.match(number):
        return None
    large = _LARGE.get(number[2:4])
    if large is not None:
        return large
    area = int(number[2:5]) if number[2:5].isdigit() else 0
    return next((code for first, last, code in _SPANS if first <= area <= last), None)


def province_name(code: str, language: str) -> str:
    """A province in a language, `zh-CN` or `en`."""
    name_zh, name_en = PROVINCES[code]
    return name_zh if language == "zh-CN" else name_en


_ENDING = re.compile(r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)$")
_CITIES = Path(__file__).with_name("places.json")
PLACES: frozenset[str] = frozenset(
    {_ENDING.sub("", name) for name, _ in PROVINCES.values()} | set(json.loads(_CITIES.read_text("utf-8"))) | {"中国"}
)
"""Provinces, cities and the country as companies carry them in their names, such as `深圳`."""

_LONGEST = max(map(len, PLACES))


def leading_place(text: str) -> tuple[str, str]:
    """A folded company name apart: the place that it begins with, and the rest; ("", text) where there is none.

    `广东省深圳市华信科技` becomes `深圳` and `华信科技`: of several places the last one counts.
    """
    place, rest = "", text
    while True:
        found = next((rest[:size] for size in range(_LONGEST, 1, -1) if rest[:size] in PLACES), None)
        if found is None:
            return place, rest
        after = re.sub(r"^(?:省|市|自治区)", "", rest[len(found) :])
        if len(after) < 2:
            return place, rest
        place, rest = found, after
