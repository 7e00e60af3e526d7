"""Invents people and companies, each once, from a seeded source of chance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

from pypinyin import lazy_pinyin

from . import words

_FIRST_NAMES = words.FIRST_NAMES.split()
_LAST_NAMES = words.LAST_NAMES.split()
_HEADS = words.ENGLISH_HEADS.split()
_TAILS = words.ENGLISH_TAILS.split()


@dataclass(frozen=True)
class Company:
    """An invented company.

    Attributes:
        domain: of its mail and web, below `example.com`.
        short_name: what people call it, and its deals.
    """

    name: str
    short_name: str
    industry: str
    domain: str
    address: dict[str, str]
    is_chinese: bool


@dataclass(frozen=True)
class Human:
    """An invented human being with ways to be reached."""

    name: str
    called: str
    email: str
    phone: str


class Inventor:
    """Invents without ever repeating a company, a mail address or a phone number.

    Args:
        chance: the seeded source.
    """

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.taken: set[str] = set()
        self.numbers: Counter[str] = Counter()

    def company(self, *, chinese: bool, southern: bool = False) -> Company:
        """A company, Chinese (in the north or east) or from the English-speaking world."""
        while True:
            found = self._chinese_company(southern) if chinese else self._english_company()
            if found.name not in self.taken and found.domain not in self.taken:
                self.taken |= {found.name, found.domain}
                return found

    def human(self, company: Company) -> Human:
        """Somebody at a company."""
        if company.is_chinese:
            surname = self.chance.choice(words.SURNAMES)
            given = "".join(self.chance.sample(words.GIVEN, self.chance.choice((1, 2, 2, 2))))
            name, called = surname + given, f"{surname}{self.chance.choice(('经理', '总', '工', '主任'))}"
            local = f"{''.join(lazy_pinyin(given))}.{''.join(lazy_pinyin(surname))}"
        else:
            first, last = self.chance.choice(_FIRST_NAMES), self.chance.choice(_LAST_NAMES)
            name, called = f"{first} {last}", first
            local = f"{first}.{last}".lower()
        return Human(name, called, self._email(local, company.domain), self.phone(company.address))

    def phone(self, address: dict[str, str]) -> str:
        """A number that nobody has, in the manner of the place."""
        country = address["country"]
        if country == "中国":
            prefix = f"10{self.chance.choice('12345')}"
            serial = f"{self._serial(prefix) * 7 % 10_000:04d}"
            return f"{prefix} {self.chance.choice(('5500', '5501', '5502', '5503'))} {serial}"
        if country == "United Kingdom":
            number = self._serial(country)
            return f"+44 20 7946 {number:04d}" if number < 1_000 else f"+44 7700 {900_000 + number % 1_000}"
        area = words.AREA_CODES[address["city"]]
        return f"+1 {area} 555 01{self._serial(area) % 100:02d}"

    def _serial(self, key: str) -> int:
        self.numbers[key] += 1
        return self.numbers[key]

    def _email(self, local: str, domain: str) -> str:
        number = self._serial(f"{local}@{domain}")
        return f"{local}@{domain}" if number == 1 else f"{local}{number}@{domain}"

    def _industry(self) -> str:
        return self.chance.choices(list(words.INDUSTRIES), list(words.INDUSTRIES.values()))[0]

    def _chinese_company(self, southern: bool) -> Company:
        brand = self.chance.choice(words.BRAND_HEADS) + self.chance.choice(words.BRAND_TAILS)
        industry = self._industry()
        branch = self.chance.choice(words.BRANCHES[industry])
        half = len(words.PLACES) // 2
        places = words.PLACES[half:] if southern else words.PLACES[:half]
        province, city, district, code = self.chance.choice(places)
        form = self.chance.choice(("有限公司", "有限公司", "股份有限公司", "（集团）有限公司"))
        address = {
            "country": "中国",
            "province": province,
            "city": city,
            "district": district,
            "street": f"{self.chance.choice(words.STREETS)}路 {self.chance.randint(1, 899)} 号",
            "postal_code": code,
        }
        domain = "".join(lazy_pinyin(brand)) + "-" + "".join(part[0] for part in lazy_pinyin(branch))
        name = f"{city.removesuffix('市')}{brand}{branch}{form}"
        return Company(name, brand + branch, industry, f"{domain}.example.com", address, True)

    def _english_company(self) -> Company:
        brand = self.chance.choice(_HEADS) + self.chance.choice(_TAILS)
        industry = self._industry()
        branch = self.chance.choice(words.ENGLISH_BRANCHES[industry])
        country, region, city, code = self.chance.choice(words.ENGLISH_PLACES)
        address = {
            "country": country,
            "province": region,
            "city": city,
            "street": f"{self.chance.randint(1, 480)} {self.chance.choice(words.ENGLISH_STREETS)}",
            "postal_code": code,
        }
        domain = f"{brand}-{branch}.example.com".lower().replace(" ", "-")
        name = f"{brand} {branch} {self.chance.choice(words.ENGLISH_FORMS)}"
        return Company(name, f"{brand} {branch}", industry, domain, address, False)


def some(chance: Random, probability: float, value: Any) -> Any:
    """A value with some probability, else None."""
    return value if chance.random() < probability else None
