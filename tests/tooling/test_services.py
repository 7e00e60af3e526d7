"""The product split into services: the same program five times, each with its own part, and the edge in front."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from app.routing import OPERATIONS, PREFIX
from app.services import PATHS, service_of
from config import SERVICES
from scripts.workspace import ROOT
from tests.conftest import make_database
from tests.services import SPLIT, services, site

from .edge import Answer, Edge, serving
from .test_gunicorn import ask, environment

ADMIN = {"email": "root@crm.example", "password": "correct horse battery"}


def test_each_path_has_one_service() -> None:
    parts = [part for some in PATHS.values() for part in some]
    assert len(parts) == len(set(parts))
    assert set(PATHS) == set(SERVICES)
    assert service_of("deals/1/move") == "deal"
    rules = [operation.rule.removeprefix(f"{PREFIX}/") for operation in OPERATIONS.values()]
    assert [rule for rule in rules if service_of(rule) is None] == [], "put it into app/services.py"


def test_the_edge_sends_each_path_where_it_is_answered() -> None:
    line = re.compile(r'/api/v1/\(([^)]*)\)\(/\|\$\)"\) \{\n +set \$application http://(\w+)-service:')
    told = line.findall(SPLIT.read_text("utf-8"))
    assert {service: tuple(parts.split("|")) for parts, service in told} == {
        service: parts for service, parts in PATHS.items() if service != "auth"
    }


def test_the_split_compose_file_starts_every_service() -> None:
    text = (ROOT / "docker-compose.services.yml").read_text("utf-8").replace("!override", "")
    services = yaml.safe_load(text)["services"]
    named = {name: one["environment"]["LIANXI_SERVICES"] for name, one in services.items() if "environment" in one}
    assert named == {f"{service}-service": service for service in SERVICES}


def test_the_manifests_of_kubernetes_probe_and_drain() -> None:
    parts = list(yaml.safe_load_all((ROOT / "examples" / "kubernetes" / "lianxi.yaml").read_text("utf-8")))
    apps = {one["metadata"]["name"]: one for one in parts if one["kind"] == "Deployment"}
    pod = apps["lianxi-app"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    drained = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    graceful = int(re.search(r"^graceful_timeout = (\d+)", (ROOT / "gunicorn.conf.py").read_text("utf-8"), re.M)[1])  # type: ignore[index]
    assert pod["terminationGracePeriodSeconds"] > drained + graceful
    assert {one["kind"] for one in parts} >= {"HorizontalPodAutoscaler", "PodDisruptionBudget", "Service"}


Split = tuple[Edge, dict[str, int]]


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory, postgres_url: str, redis_url: str) -> Iterator[Split]:
    """The five services on one database, and an edge that knows them apart."""
    folder = tmp_path_factory.mktemp("split")
    env = environment(
        DATA_DIR=str(folder / "data"),
        DATABASE_URL=make_database(postgres_url, "split"),
        REDIS_URL=redis_url,
        REDIS_CHANNEL="split",
        SECRET_KEY="a key that all five of them share, and long",
        LIANXI_ADMIN_EMAIL=ADMIN["email"],
        LIANXI_ADMIN_PASSWORD=ADMIN["password"],
        RATELIMIT_ENABLED="0",
    )
    with services(env) as ports, serving(folder / "edge", f"http://127.0.0.1:{ports['auth']}", site(ports)) as edge:
        yield edge, ports


def test_a_journey_goes_through_all_of_them(split: Split) -> None:
    edge, _ = split
    token = ""

    def call(method: str, path: str, body: Any = None) -> Any:
        headers = {"Content_Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        answer: Answer = edge.ask(f"{PREFIX}{path}", method, json.dumps(body).encode() if body else None, **headers)
        assert answer.status < 300, answer.body
        return json.loads(answer.body)

    token = call("POST", "/auth/login", ADMIN)["access_token"]
    start = call("GET", "/events")["meta"]["watermark"]
    customer = call("POST", "/customers", {"name": "华信科技有限公司"})
    call("POST", "/contacts", {"customer_id": customer["id"], "kind": "call", "subject": "报价"})
    call("POST", "/deals", {"customer_id": customer["id"], "name": "年度采购", "amount": "1200.50", "currency": "CNY"})
    assert [one["subject"] for one in call("GET", f"/contacts?customer_id={customer['id']}")["data"]] == ["报价"]
    assert [one["name"] for one in call("GET", f"/deals?customer_id={customer['id']}")["data"]] == ["年度采购"]
    assert call("GET", "/reports/summary")
    # The feed waits for transactions that were begun before, such as those of chores.
    deadline = time.monotonic() + 30
    while not {"customer", "contact", "deal"} <= {
        one["resource"] for one in call("GET", f"/events?after={start}")["data"]
    }:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert len(call("GET", "/openapi.json")["paths"]) > 100


def test_each_answers_for_its_own_part_alone(split: Split) -> None:
    _, ports = split
    for service, port in ports.items():
        assert ask(port, "/health")[0] == 200
        for other, parts in PATHS.items():
            status = ask(port, f"{PREFIX}/{parts[0]}")[0]
            assert (status != 404) == (service == other), (service, parts[0], status)
