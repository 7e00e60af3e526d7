"""The images and the compose file, as far as they can be read without an engine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from scripts.workspace import ROOT


def instructions(stage: str) -> list[str]:
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    found = [lines.splitlines() for lines in stages if re.match(rf"\S+ AS {stage}\n", lines)]
    assert len(found) == 1
    return found[0]


def test_what_the_images_copy_is_there_and_let_through() -> None:
    let_through = {
        line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")
    }
    for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines():
        if line.startswith("COPY ") and "--from=" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
                assert any(source == name or source.startswith(f"{name}/") for name in let_through), source


@pytest.mark.parametrize("stage", ["app", "web"])
def test_images_run_as_nobody_and_tell_their_health(stage: str) -> None:
    lines = instructions(stage)
    user = next(line for line in lines if line.startswith("USER "))
    assert re.fullmatch(r"USER [1-9]\d*:[1-9]\d*", user)
    assert any(line.startswith("HEALTHCHECK ") for line in lines)
    assert not any(re.search("(KEY|PASSWORD|SECRET|TOKEN)=", line) for line in lines)


def compose() -> dict[str, dict[str, dict[str, object]]]:
    loaded: dict[str, dict[str, dict[str, object]]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return loaded


def test_the_compose_file_names_every_part_and_every_volume() -> None:
    parts = compose()
    assert set(parts["services"]) == {"web", "app", "worker", "postgresql", "redis", "consul"}
    for name, service in parts["services"].items():
        volumes = service.get("volumes", [])
        assert isinstance(volumes, list)
        for volume in volumes:
            source = str(volume).split(":")[0]
            assert source.startswith("./") or source in parts["volumes"], f"{name}: {source}"
        image = str(service["image"])
        assert image.startswith("lianxi-") or re.search(r":\d", image), f"{image} names no version"


def test_no_secret_of_the_compose_file_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "PUBLIC_URL"):
        used = re.findall(rf"\$\{{{name}([^}}]*)\}}", text)
        assert used
        assert used[0].startswith(":?"), name
        assert not any(form.startswith(":-") for form in used), name


def test_only_the_edge_can_be_reached_from_outside() -> None:
    parts = compose()
    assert [name for name, service in parts["services"].items() if "ports" in service] == ["web"]
    assert parts["networks"]["inner"] == {"internal": True}
    assert [name for name, service in parts["services"].items() if "edge" in str(service["networks"])] == ["web"]


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    run = subprocess.run([hadolint, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, ""), run.stdout + run.stderr


class Merged(yaml.SafeLoader):
    """Reads what Compose says besides about merging a file into another one: `!override` and `!reset`."""


def _plain(loader: Merged, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return None


Merged.add_multi_constructor("!", _plain)


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker-compose.services.yml"])
def test_compose_files_are_as_their_specification_has_them(name: str) -> None:
    schema = files("check_jsonschema").joinpath("builtin_schemas", "vendor", "compose-spec.json").read_text("utf-8")
    loaded = yaml.load((ROOT / name).read_text("utf-8"), Merged)  # noqa: S506 - a safe loader
    faults = [
        f"{fault.json_path}: {fault.message}" for fault in Draft202012Validator(json.loads(schema)).iter_errors(loaded)
    ]
    assert faults == []
    next(iter(loaded["services"].values()))["imagee"] = "what the schema does not know"
    assert not Draft202012Validator(json.loads(schema)).is_valid(loaded)
