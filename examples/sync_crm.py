"""Load a folder of CSV files into Lianxi CRM through its REST API, and keep it in step by running this again.

Only Python's standard library is needed (3.11 or later). The folder holds the files of a seller as they come out of
another system:

    accounts.csv          account, sector, year_established, revenue, employees, office_location, subsidiary_of
    products.csv          product, series, sales_price
    sales_teams.csv       sales_agent, manager, regional_office
    sales_pipeline*.csv   opportunity_id, sales_agent, product, account, deal_stage, engage_date, close_date,
                          close_value

Typical use, with an account that may write users and load history (an administrator's), or with a token of one:

    export LIANXI_PASSWORD=...     (or LIANXI_TOKEN)
    python3 examples/sync_crm.py FOLDER --url http://127.0.0.1:5000 --email admin@example.com
        --map-product GTXPro="GTX Pro" --map-sector technolgy=technology

What becomes of it:

    regional offices   top teams; below each one a team for every manager
    managers, agents   users with the roles manager and sales; see --print-passwords
    sectors            values of the option list "industry"
    accounts           customers with their parents, in the public pool: the files name no owner for them
    deal stages        a pipeline with the stages Prospecting, Engaging, Won and Lost
    opportunities      deals of their agents with one product line; engage_date is opened_on, close_date is closed_on,
                       close_value is the line's price, or the list price where there is none yet. An opportunity
                       without an account becomes a deal without a customer.

Nothing is guessed: a name that the other files do not know, or a number that is none, stops the run before anything is
written. Names are mapped by hand with --map-product and --map-sector.

Every record is written by `PUT /{resource}/external/{source}/{id}`, which creates or updates it, so the script can be
stopped and started again at any time, and a second run over the same files changes nothing. What the files do not know
is set only when a record is created: owners of customers, so that whoever claims one keeps it, and addresses of users.
A deal that has been won, lost or has moved in the files since the last run goes the same way here, by the actions
`win`, `lose`, `reopen` and `move`.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import os
import secrets
import sys
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from email.message import Message
from pathlib import Path
from typing import Any

PREFIX = "/api/v1"
TRIES = 8
LONGEST_WAIT = 60.0
STAGES: tuple[dict[str, Any], ...] = (
    {"name": "Prospecting", "kind": "open", "win_probability": 0.2},
    {"name": "Engaging", "kind": "open", "win_probability": 0.5},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
)


class Refused(Exception):
    """The server said no, or the files cannot be right; the text says why and where."""


# ---- speaking to the server ------------------------------------------------------------------------------------------


@dataclass
class Answer:
    """What came back: the status, the parsed body, and the change set that the request made, if it changed anything."""

    status: int
    body: Any
    changeset: str | None


class Api:
    """A signed-in client that waits when it is asked to, tries again when a connection breaks, and signs in again.

    Args:
        url: of the server, such as `https://crm.example.com`.
        token: an access token; None where there are an e-mail address and a password.
        email: to sign in with.
        password: to sign in with.
    """

    def __init__(self, url: str, token: str | None, email: str | None, password: str | None) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused(f"{url!r} is no address of a server: http:// or https:// is expected")
        self.secure = parts.scheme == "https"
        self.host, self.port, self.base = parts.hostname, parts.port, parts.path.rstrip("/") + PREFIX
        self.token, self.email, self.password = token, email, password
        self.connection: http.client.HTTPConnection | None = None
        self.changesets: set[str] = set()

    def call(self, method: str, path: str, body: Any = None, where: str = "") -> Answer:
        """One request, repeated as long as that can help.

        Every request here may be sent twice: writing is by upsert, and what is not carries an idempotency key.

        Args:
            where: what the request is about, for messages.

        Raises:
            Refused: the server cannot be reached or refuses.
        """
        if self.token is None:
            self._sign_in()
        key = secrets.token_hex(16) if method == "POST" else None
        signed_in_again = False
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            try:
                status, headers, answer = self._send(method, path, body, key)
            except (OSError, http.client.HTTPException) as error:
                self._hang_up()
                if last:
                    raise Refused(f"{self.host} cannot be reached: {error}") from error
                time.sleep(min(0.3 * 2**attempt, LONGEST_WAIT))
                continue
            if (status in (429, 503) or (status == 409 and "Retry-After" in headers)) and not last:
                time.sleep(_seconds(headers.get("Retry-After")))
                continue
            if status == 401 and self.password is not None and not signed_in_again:
                # Access tokens live for minutes, large files take longer.
                signed_in_again = True
                self._sign_in()
                continue
            if status >= 400:
                raise Refused(_explain(method, path, where, status, answer))
            # A write that changed nothing has a change set without entries.
            changeset = headers.get("X-Changeset-Id") if headers.get("X-Changeset-Entries") != "0" else None
            if changeset is not None:
                self.changesets.add(changeset)
            return Answer(status, answer, changeset)
        raise AssertionError("the last attempt answers or raises")

    def each(self, path: str, **query: Any) -> Iterator[Any]:
        """Every record of a list, page after page."""
        pairs = {**query, "per_page": 200, "count": "none"}
        while True:
            page = self.call("GET", f"{path}?{urllib.parse.urlencode(pairs)}").body
            yield from page["data"]
            if page["meta"]["next_cursor"] is None:
                return
            pairs["cursor"] = page["meta"]["next_cursor"]

    def _sign_in(self) -> None:
        if not self.email or not self.password:
            raise Refused("a token, or an e-mail address and a password, are needed to sign in")
        self.token = None
        for _ in range(TRIES):
            status, headers, answer = self._send(
                "POST", "/auth/login", {"email": self.email, "password": self.password}, None
            )
            if status not in (429, 503):
                break
            time.sleep(_seconds(headers.get("Retry-After")))
        if status != 200:
            raise Refused(_explain("POST", "/auth/login", "", status, answer))
        self.token = str(answer["access_token"])

    def _send(self, method: str, path: str, body: Any, key: str | None) -> tuple[int, Message, Any]:
        if self.connection is None:
            kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
            self.connection = kind(self.host, self.port, timeout=60)
        headers = {"Accept-Language": "en", "Content-Type": "application/json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        self.connection.request(method, self.base + path, data, headers)
        response = self.connection.getresponse()
        raw = response.read()
        try:
            parsed = json.loads(raw) if raw else None
        except ValueError:
            parsed = None
        return response.status, response.headers, parsed

    def _hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _seconds(text: str | None) -> float:
    """How long `Retry-After` asks to wait."""
    return min(float(text), LONGEST_WAIT) if text and text.isascii() and text.isdigit() else 1.0


def _explain(method: str, path: str, where: str, status: int, problem: Any) -> str:
    """A problem document in words: every fault with the place where it is."""
    lines = [f"{where or path}: the server answered {status} to {method} {path}"]
    if isinstance(problem, dict):
        lines.append("  " + ": ".join(str(problem[name]) for name in ("title", "detail") if problem.get(name)))
        for fault in problem.get("errors") or []:
            at = fault.get("pointer") or fault.get("parameter") or "#"
            lines.append(f"  {at}: {fault.get('detail') or fault.get('code')}")
        if problem.get("request_id"):
            lines.append(f"  request {problem['request_id']}")
    return "\n".join(lines)


# ---- reading the files -----------------------------------------------------------------------------------------------


@dataclass
class Folder:
    """The rows of the files, checked: every name that a row uses is known, and parents stand before subsidiaries."""

    accounts: list[dict[str, str]]
    products: list[dict[str, str]]
    agents: list[dict[str, str]]
    deals: list[dict[str, str]]


def read_folder(folder: Path, products: Mapping[str, str], sectors: Mapping[str, str]) -> Folder:
    """Read all files and apply the mappings.

    Args:
        products: names in the pipeline's files to names in products.csv.
        sectors: names in accounts.csv to the names that they should have.

    Raises:
        Refused: a file or column is missing, or a name is unknown.
    """
    pipelines = sorted(folder.glob("sales_pipeline*.csv"))
    if not pipelines:
        raise Refused(f"{folder} holds no sales_pipeline*.csv")
    found = Folder(
        _rows(folder / "accounts.csv", "account sector revenue employees office_location subsidiary_of"),
        _rows(folder / "products.csv", "product series sales_price"),
        _rows(folder / "sales_teams.csv", "sales_agent manager regional_office"),
        [row for path in pipelines for row in _rows(path, "opportunity_id sales_agent product account deal_stage")],
    )
    for row in found.deals:
        row["product"] = products.get(row["product"], row["product"])
    for row in found.accounts:
        row["sector"] = sectors.get(row["sector"], row["sector"])
    _check_names(found)
    _check_numbers(found)
    found.accounts = _parents_first({row["account"]: row for row in found.accounts})
    return found


def _rows(path: Path, columns: str) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in columns.split() if name not in (reader.fieldnames or ())]
            if missing:
                raise Refused(f"{path} lacks the columns {', '.join(missing)}")
            return [{name: (text or "").strip() for name, text in row.items() if name} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refused(f"{path} cannot be read: {error}") from error


def _check_names(found: Folder) -> None:
    """Refuse names that no other file knows, all at once."""
    accounts = {row["account"] for row in found.accounts}
    known = {
        "product": {row["product"] for row in found.products},
        "account": accounts | {""},
        "sales_agent": {row["sales_agent"] for row in found.agents},
        "deal_stage": {stage["name"] for stage in STAGES},
    }
    hints = {"product": '; map it: --map-product "{name}=NAME IN products.csv"'}
    faults = [
        f"sales_pipeline: {column} {name!r} is unknown ({count} rows)" + hints.get(column, "").format(name=name)
        for column, names in known.items()
        for name, count in sorted(Counter(row[column] for row in found.deals if row[column] not in names).items())
    ]
    faults += [
        f"accounts: {row['account']!r} is said to belong to {row['subsidiary_of']!r}, which is unknown"
        for row in found.accounts
        if row["subsidiary_of"] and row["subsidiary_of"] not in accounts
    ]
    if faults:
        raise Refused("\n".join(faults))


def _check_numbers(found: Folder) -> None:
    """Refuse what should be a number and is none, before anything is written."""
    for row in found.accounts:
        for name in ("revenue", "employees"):
            decimal_text(row[name] or "0", f"accounts.csv: {row['account']}")
    for row in found.products:
        decimal_text(row["sales_price"], f"products.csv: {row['product']}")
    for row in found.deals:
        decimal_text(row.get("close_value") or "0", f"opportunity {row['opportunity_id']}")


def decimal_text(text: str, where: str, factor: int = 1) -> str:
    """A number of the files as the API takes it.

    Raises:
        Refused: it is none.
    """
    try:
        return f"{Decimal(text.replace(',', '')) * factor:f}"
    except InvalidOperation as error:
        raise Refused(f"{where}: {text!r} is no number") from error


# ---- keeping in step -------------------------------------------------------------------------------------------------


@dataclass
class Sync:
    """One run: what it is told, and the ids that it learns on the way.

    Attributes:
        source: the name of the other system: every record carries it as `external_source`.
        domain: of the users' e-mail addresses, which the files lack.
        passwords: whether new users get a password, which is then printed.
    """

    api: Api
    source: str
    currency: str
    pipeline: str
    domain: str
    passwords: bool
    ids: dict[str, dict[str, int]] = field(default_factory=dict)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    made: list[tuple[str, str]] = field(default_factory=list)

    def run(self, folder: Folder) -> None:
        """Bring everything into step, what is pointed at first."""
        self._teams_and_users(folder.agents)
        self._products(folder.products)
        self._industries(folder.accounts)
        self._customers(folder.accounts)
        self._deals(folder)

    # ---- who ------------------------------------------------------------------------------------------------------

    def _teams_and_users(self, agents: Sequence[dict[str, str]]) -> None:
        office_of = {row["manager"]: row["regional_office"] for row in agents}
        for office in _steps("offices", dict.fromkeys(office_of.values())):
            self._upsert("teams", f"office:{office}", {"name": office, "region": office})
        for manager, office in _steps("teams", office_of.items()):
            parent_id = self.ids["teams"][f"office:{office}"]
            self._upsert("teams", f"manager:{manager}", {"name": manager, "parent_id": parent_id, "region": office})
        people = [(manager, "manager", manager) for manager in office_of]
        people += [(row["sales_agent"], "sales", row["manager"]) for row in agents]
        there = {user["external_id"] for user in self.api.each("/users", external_source=self.source)}
        for name, role, manager in _steps("users", people):
            body: dict[str, Any] = {"name": name, "role": role, "team_id": self.ids["teams"][f"manager:{manager}"]}
            if name not in there:
                body["email"] = f"{'.'.join(name.lower().split())}@{self.domain}"
                if self.passwords:
                    body["password"] = secrets.token_urlsafe(12)
            self._upsert("users", name, body)
            if "password" in body:
                self.made.append((body["email"], body["password"]))
        for manager in office_of:
            self._upsert("teams", f"manager:{manager}", {"manager_id": self.ids["users"][manager]})

    # ---- what and to whom -----------------------------------------------------------------------------------------

    def _products(self, products: Sequence[dict[str, str]]) -> None:
        for row in _steps("products", products):
            name = row["product"]
            price = decimal_text(row["sales_price"], f"products.csv: {name}")
            values = {"code": name, "name": name, "series": row["series"], "price": price, "currency": self.currency}
            self._upsert("products", name, values)

    def _industries(self, accounts: Sequence[dict[str, str]]) -> None:
        """Sectors become values of the option list; those that are there already are left alone."""
        there = {option["value"] for option in self.api.each("/options", list="industry")}
        for sector in _steps("industries", sorted({row["sector"] for row in accounts if row["sector"]})):
            if sector in there:
                self._count("options", "unchanged")
                continue
            label = sector.capitalize()
            body = {"list": "industry", "value": sector, "label_en": label, "label_zh": label}
            self.api.call("POST", "/options", body, f"sector {sector}")
            self._count("options", "created")

    def _customers(self, accounts: Sequence[dict[str, str]]) -> None:
        there = {one["external_id"] for one in self.api.each("/customers", **self._mine("external_id"))}
        for row in _steps("customers", accounts):
            where = f"accounts.csv: {row['account']}"
            values: dict[str, Any] = {
                "name": row["account"],
                "kind": "company",
                "industry": row["sector"] or None,
                "address": {"country": row["office_location"] or None},
                "description": f"Established in {row['year_established']}." if row.get("year_established") else None,
                "parent_id": self.ids["customers"][row["subsidiary_of"]] if row["subsidiary_of"] else None,
            }
            if row["revenue"]:
                values["annual_revenue"] = decimal_text(row["revenue"], where, 1_000_000)
            if row["employees"]:
                values["employee_count"] = int(decimal_text(row["employees"], where))
            if row["account"] not in there:
                values["owner_id"] = None
            self._upsert("customers", row["account"], values)

    # ---- deals ----------------------------------------------------------------------------------------------------

    def _deals(self, folder: Folder) -> None:
        pipeline_id, stages = self._stages()
        prices = {row["product"]: row["sales_price"] for row in folder.products}
        fields = "id,external_id,stage_id,state,closed_on"
        there = {deal["external_id"]: deal for deal in self.api.each("/deals", **self._mine(fields))}
        for row in _steps("deals", folder.deals):
            key, where = row["opportunity_id"], f"opportunity {row['opportunity_id']}"
            goal = stages[row["deal_stage"]]
            values: dict[str, Any] = {
                "name": f"{row['product']}, {row['account'] or key}",
                "customer_id": self.ids["customers"][row["account"]] if row["account"] else None,
                "owner_id": self.ids["users"][row["sales_agent"]],
                "opened_on": row.get("engage_date") or None,
                "currency": self.currency,
                "lines": [
                    {
                        "product_id": self.ids["products"][row["product"]],
                        "quantity": "1",
                        "unit_price": decimal_text(row.get("close_value") or prices[row["product"]], where),
                    }
                ],
            }
            stored = there.get(key)
            if stored is None:
                values |= {"pipeline_id": pipeline_id, "stage_id": goal["id"], "closed_on": _closing(row)}
            self._upsert("deals", key, values)
            if stored is not None:
                self._follow(stored, goal, _closing(row), where)

    def _stages(self) -> tuple[int, dict[str, dict[str, Any]]]:
        """The pipeline by its name, made where it is missing, with its stages by theirs."""
        same = [one for one in self.api.each("/pipelines", name=self.pipeline) if one["name"] == self.pipeline]
        if same:
            found = same[0]
            self._count("pipelines", "unchanged")
        else:
            found = self.api.call("POST", "/pipelines", {"name": self.pipeline, "stages": STAGES}).body
            self._count("pipelines", "created")
        stages = {stage["name"]: stage for stage in found["stages"]}
        missing = [stage["name"] for stage in STAGES if stage["name"] not in stages]
        if missing:
            raise Refused(f"the pipeline {self.pipeline!r} lacks the stages {', '.join(missing)}: choose another name")
        return int(found["id"]), stages

    def _follow(self, stored: Mapping[str, Any], goal: Mapping[str, Any], closed_on: str | None, where: str) -> None:
        """Take a deal that is there already to the stage where the files have it."""
        if stored["stage_id"] == goal["id"] and stored["closed_on"] == closed_on:
            return
        path = f"/deals/{stored['id']}"
        if goal["kind"] == "won":
            self.api.call("POST", f"{path}/win", {"closed_on": closed_on}, where)
        elif goal["kind"] == "lost":
            lost = {"reason": "other", "note": "No reason in the files", "closed_on": closed_on}
            self.api.call("POST", f"{path}/lose", lost, where)
        elif stored["state"] != "open":
            self.api.call("POST", f"{path}/reopen", {"stage_id": goal["id"]}, where)
        else:
            self.api.call("POST", f"{path}/move", {"stage_id": goal["id"]}, where)
        self._count("deals", "moved")

    # ---- writing --------------------------------------------------------------------------------------------------

    def _mine(self, fields: str) -> dict[str, str]:
        return {"external_source": self.source, "fields": fields}

    def _upsert(self, resource: str, key: str, values: Mapping[str, Any]) -> None:
        source, quoted = (urllib.parse.quote(text, safe="") for text in (self.source, key))
        answer = self.api.call("PUT", f"/{resource}/external/{source}/{quoted}", values, f"{resource} {key}")
        self.ids.setdefault(resource, {})[key] = int(answer.body["id"])
        outcome = "created" if answer.status == 201 else "changed" if answer.changeset else "unchanged"
        self._count(resource, outcome)

    def _count(self, resource: str, outcome: str) -> None:
        self.counts.setdefault(resource, Counter())[outcome] += 1


def _closing(row: Mapping[str, str]) -> str | None:
    """The date on which an opportunity was closed; None while it is open."""
    return (row.get("close_date") or None) if row["deal_stage"] in ("Won", "Lost") else None


def _parents_first(accounts: Mapping[str, dict[str, str]]) -> list[dict[str, str]]:
    """Accounts in such an order that a parent stands before its subsidiaries.

    Raises:
        Refused: companies own each other in a circle.
    """
    ordered: dict[str, dict[str, str]] = {}

    def place(name: str, below: tuple[str, ...]) -> None:
        if name in below:
            raise Refused(f"accounts.csv: {' belongs to '.join([*below[below.index(name) :], name])}")
        parent = accounts[name]["subsidiary_of"]
        if parent:
            place(parent, (*below, name))
        ordered.setdefault(name, accounts[name])

    for name in accounts:
        place(name, ())
    return list(ordered.values())


def _steps(label: str, items: Any) -> Iterator[Any]:
    """The items one by one, with the progress on the terminal."""
    items = list(items)
    shown = 0.0
    for number, item in enumerate(items):
        if sys.stderr.isatty() and time.monotonic() - shown > 0.1:
            shown = time.monotonic()
            print(f"\r  {label}: {number} of {len(items)}", end="", file=sys.stderr, flush=True)
        yield item
    ending = "\r" if sys.stderr.isatty() else ""
    print(f"{ending}  {label}: {len(items)} of {len(items)}", file=sys.stderr, flush=True)


# ---- the command -----------------------------------------------------------------------------------------------------


def _pair(text: str) -> tuple[str, str]:
    old, sign, new = text.partition("=")
    if not sign or not old or not new:
        raise argparse.ArgumentTypeError(f"{text!r}: OLD=NEW is expected")
    return old, new


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], epilog="The head of this file says what becomes of the files."
    )
    parser.add_argument("folder", type=Path, help="the folder with the CSV files")
    parser.add_argument("--url", required=True, help="of the server, such as http://127.0.0.1:5000")
    parser.add_argument("--token", default=os.environ.get("LIANXI_TOKEN"), help="instead of signing in (LIANXI_TOKEN)")
    parser.add_argument("--email", help="to sign in with")
    parser.add_argument("--password", default=os.environ.get("LIANXI_PASSWORD"), help="better in LIANXI_PASSWORD")
    parser.add_argument("--source", default="maventech", help="name of the other system (%(default)s)")
    parser.add_argument("--currency", default="USD", help="of all amounts (%(default)s)")
    parser.add_argument("--pipeline", default="MavenTech", help="name of the sales pipeline (%(default)s)")
    parser.add_argument("--mail-domain", default="example.com", help="for the users' addresses (%(default)s)")
    parser.add_argument("--print-passwords", action="store_true", help="give new users a password and print it")
    parser.add_argument("--map-product", type=_pair, action="append", default=[], metavar="OLD=NEW")
    parser.add_argument("--map-sector", type=_pair, action="append", default=[], metavar="OLD=NEW")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; gives the exit code."""
    told = parse(arguments)
    try:
        folder = read_folder(told.folder, dict(told.map_product), dict(told.map_sector))
        api = Api(told.url, told.token, told.email, told.password)
        sync = Sync(api, told.source, told.currency, told.pipeline, told.mail_domain, told.print_passwords)
        try:
            sync.run(folder)
        finally:
            for email, password in sync.made:
                print(f"{email}\t{password}")
    except Refused as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next run goes on from here.", file=sys.stderr)
        return 130
    for resource, counts in sync.counts.items():
        print(f"{resource:<10} " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    print(f"change sets: {len(api.changesets)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
