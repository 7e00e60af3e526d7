"""The example client against the product as it is served, with a few invented rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from ..running import Running, running
from .script import run

ACCOUNTS = """\
account,sector,year_established,revenue,employees,office_location,subsidiary_of
青禾分厂,软件,2011,1.5,30,中国,青禾集团
青禾集团,软件,1998,120.25,900,中国,
"Marl & Sons, Ltd",tehcnology,1987,0.4,12,United Kingdom,
"""
PRODUCTS = "product,series,sales_price\nTide One,Tide,550\nTide/Pro 专业版,Tide,4821\n"
TEAMS = """\
sales_agent,manager,regional_office
Olive Marsh,Ida Fell,North
林若溪,Ida Fell,North
Rupert Dale,Hugh Combe,South
"""
HEADING = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
DEALS = (
    "A1,Olive Marsh,Tide One,青禾集团,Won,2024-01-10,2024-02-20,520\n"
    "A2,林若溪,TidePro,青禾分厂,Engaging,2024-03-01,,\n"
    "A3,Rupert Dale,Tide One,,Prospecting,,,\n"
    'A4,Rupert Dale,Tide One,"Marl & Sons, Ltd",Lost,2024-03-01,2024-03-05,0\n'
)
MAPPED = ("--map-product", "TidePro=Tide/Pro 专业版", "--map-sector", "tehcnology=technology", "--source", "erp one")


def write(folder: Path, deals: str = DEALS) -> Path:
    (folder / "accounts.csv").write_text("\ufeff" + ACCOUNTS, "utf-8")
    (folder / "products.csv").write_text(PRODUCTS, "utf-8")
    (folder / "sales_teams.csv").write_text(TEAMS, "utf-8")
    (folder / "sales_pipeline_2024.csv").write_text(HEADING + deals, "utf-8")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("served")) as served:
        yield served


def records(server: Running, token: str, path: str) -> list[dict[str, Any]]:
    status, answer = server.call("GET", f"{path}{'&' if '?' in path else '?'}per_page=200", token=token)
    assert status == 200, answer
    return list(answer["data"])


def test_a_folder_is_loaded_kept_in_step_and_otherwise_left_alone(server: Running, tmp_path: Path) -> None:
    folder = write(tmp_path)
    refused = run(folder, server.url)
    assert refused.code == 1
    assert "sales_pipeline: product 'TidePro' is unknown (1 rows); map it: --map-product" in refused.err
    token = server.sign_in()
    mine = "external_source=erp%20one"
    assert records(server, token, f"/teams?{mine}") == []

    first = run(folder, server.url, *MAPPED)
    assert first.code == 0, first
    assert "deals      4 created" in first.out
    teams = {one["name"]: one for one in records(server, token, f"/teams?{mine}")}
    assert teams["Ida Fell"]["parent"]["name"] == "North"
    assert teams["Ida Fell"]["manager"]["name"] == "Ida Fell"
    users = {one["name"]: one for one in records(server, token, f"/users?{mine}")}
    assert (users["林若溪"]["role"], users["林若溪"]["team_id"]) == ("sales", teams["Ida Fell"]["id"])
    assert (users["Hugh Combe"]["role"], users["Hugh Combe"]["email"]) == ("manager", "hugh.combe@example.com")
    assert not users["Olive Marsh"]["has_password"]
    customers = {one["name"]: one for one in records(server, token, "/customers")}
    branch = customers["青禾分厂"]
    assert (branch["parent"]["name"], branch["annual_revenue"], branch["owner_id"]) == ("青禾集团", "1500000.00", None)
    assert customers["Marl & Sons, Ltd"]["industry"] == "technology"
    deals = {one["external_id"]: one for one in records(server, token, "/deals")}
    assert {key: (one["state"], one["amount"], one["opened_on"], one["closed_on"]) for key, one in deals.items()} == {
        "A1": ("won", "520.00", "2024-01-10", "2024-02-20"),
        "A2": ("open", "4821.00", "2024-03-01", None),
        "A3": ("open", "550.00", None, None),
        "A4": ("lost", "0.00", "2024-03-01", "2024-03-05"),
    }
    assert (deals["A3"]["customer"], deals["A2"]["owner"]["name"]) == (None, "林若溪")
    assert deals["A2"]["lines"][0]["product"]["name"] == "Tide/Pro 专业版"

    second = run(folder, server.url, *MAPPED)
    assert (second.code, second.changesets) == (0, 0), second
    assert "deals      4 unchanged" in second.out

    # What people do meanwhile to fields that the files do not know stays.
    server.call("POST", f"/customers/{branch['id']}/claim", {}, token)
    moved = (
        DEALS.replace("Engaging,2024-03-01,,", "Won,2024-03-01,2024-04-02,4700")
        .replace("Prospecting,,,", "Engaging,2024-04-01,,")
        .replace("Lost,2024-03-01,2024-03-05,0", "Engaging,2024-03-01,,")
    )
    write(folder, moved)
    third = run(folder, server.url, *MAPPED)
    assert third.code == 0, third
    deals = {one["external_id"]: one for one in records(server, token, "/deals")}
    assert {key: (one["stage"]["name"], one["amount"], one["closed_on"]) for key, one in deals.items()} == {
        "A1": ("Won", "520.00", "2024-02-20"),
        "A2": ("Won", "4700.00", "2024-04-02"),
        "A3": ("Engaging", "550.00", None),
        "A4": ("Engaging", "550.00", None),
    }
    assert records(server, token, f"/customers?id={branch['id']}")[0]["owner_id"] is not None
    assert run(folder, server.url, *MAPPED).changesets == 0


def test_new_users_get_a_password_when_asked(server: Running, tmp_path: Path) -> None:
    folder = write(tmp_path, "")
    for name, text in (("accounts.csv", ACCOUNTS), ("products.csv", PRODUCTS)):
        (folder / name).write_text(text.partition("\n")[0], "utf-8")
    told = run(folder, server.url, *MAPPED[:-1], "another", "--mail-domain", "a.example.com", "--print-passwords")
    assert told.code == 0, told
    passwords = dict(line.split("\t") for line in told.out.splitlines() if "\t" in line)
    assert len(passwords) == 5
    assert server.sign_in("rupert.dale@a.example.com", passwords["rupert.dale@a.example.com"])


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (ACCOUNTS.replace("青禾集团\n", "无名公司\n"), "'青禾分厂' is said to belong to '无名公司', which is unknown"),
        (ACCOUNTS.replace("1998,120.25", "1998,plenty"), "accounts.csv: 青禾集团: 'plenty' is no number"),
        (ACCOUNTS.replace("900,中国,", "900,中国,青禾分厂"), "青禾分厂 belongs to 青禾集团 belongs to 青禾分厂"),
        (ACCOUNTS.replace("sector", "branch"), "lacks the columns sector"),
    ],
)
def test_wrong_files_are_refused_in_words(server: Running, tmp_path: Path, broken: str, told: str) -> None:
    folder = write(tmp_path)
    (folder / "accounts.csv").write_text(broken, "utf-8")
    refused = run(folder, server.url, *MAPPED)
    assert refused.code == 1
    assert told in refused.err
    assert "Traceback" not in refused.err


def test_a_wrong_password_is_told(server: Running, tmp_path: Path) -> None:
    refused = run(write(tmp_path), server.url, *MAPPED, password="not the password")
    assert refused.code == 1
    assert "the server answered 401 to POST /auth/login" in refused.err


class Moody(BaseHTTPRequestHandler):
    """A server that is busy, breaks the connection, forgets the token, and at last finds a fault."""

    asked: ClassVar[list[tuple[str, str]]] = []
    script: ClassVar[list[tuple[int, dict[str, str], Any]]] = []
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.answer()

    def do_PUT(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def log_message(self, *_args: Any) -> None:
        """Nothing on the terminal."""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path))
        status, headers, body = self.script.pop(0)
        if status == 0:
            self.close_connection = True
            return
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(raw))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


def test_it_waits_as_it_is_told_and_explains_what_is_refused(tmp_path: Path) -> None:
    wait = {"Retry-After": "0"}
    fault = {"pointer": "#/name", "code": "too_long", "detail": "At most 200 characters."}
    problem = {"title": "Not accepted", "detail": "One field is wrong.", "errors": [fault], "request_id": "r-1"}
    Moody.asked.clear()
    Moody.script[:] = [
        (429, wait, {}),
        (200, {}, {"access_token": "a"}),
        (429, wait, {}),
        (0, {}, None),
        (503, wait, {}),
        (401, {}, {}),
        (200, {}, {"access_token": "b"}),
        (201, {"X-Changeset-Id": "1"}, {"id": 1}),
        (422, {}, problem),
    ]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        refused = run(write(tmp_path), f"http://127.0.0.1:{server.server_address[1]}/crm", *MAPPED)
    finally:
        server.shutdown()
        server.server_close()
    login, north = ("POST", "/crm/api/v1/auth/login"), ("PUT", "/crm/api/v1/teams/external/erp%20one/office%3ANorth")
    south = ("PUT", "/crm/api/v1/teams/external/erp%20one/office%3ASouth")
    assert Moody.asked == [login, login, north, north, north, north, login, north, south]
    assert refused.code == 1
    assert "teams office:South: the server answered 422" in refused.err
    assert "Not accepted: One field is wrong." in refused.err
    assert "#/name: At most 200 characters." in refused.err
    assert "request r-1" in refused.err
