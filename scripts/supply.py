"""``make sbom`` and ``make audit``: what the product is made of, and what is known against it.

The list is CycloneDX 1.6, made from the lock files alone, so it needs no network. The audit asks the databases of PyPI
and npm; a machine that cannot reach them is told so and is no failure.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from scripts import environment, frontend
from scripts.console import line
from scripts.workspace import Workspace, guarded

AUDIT = "pip-audit==2.10.1"
UNREACHABLE = re.compile(
    r"Max retries|ConnectionError|NewConnectionError|ConnectTimeout|ReadTimeout|ServiceError|ENOTFOUND|ECONNREFUSED|"
    r"ETIMEDOUT|EAI_AGAIN|audit endpoint returned an error|ENOAUDIT"
)
"""What the tools say when nobody answers."""


def python_components(text: str) -> list[dict[str, Any]]:
    """The packages of a lock file of pip, with their hashes."""
    found = []
    for name, version, rest in re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)(.*(?:\n    --hash.*)*)", text, re.M
    ):
        hashes = [{"alg": "SHA-256", "content": one} for one in re.findall(r"sha256:([0-9a-f]{64})", rest)]
        purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
        found.append({"type": "library", "name": name, "version": version, "purl": purl, "hashes": hashes})
    return found


def node_components(lock: dict[str, Any]) -> list[dict[str, Any]]:
    """The packages of a lock file of npm that reach the browser, with their hashes."""
    found = []
    for path, one in lock["packages"].items():
        if not path or one.get("dev") or "version" not in one:
            continue
        name = path.rpartition("node_modules/")[2]
        kind, _, digest = str(one.get("integrity", "")).partition("-")
        hashes = [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}] if kind == "sha512" else []
        purl = f"pkg:npm/{quote(name, safe='/')}@{one['version']}"
        found.append({"type": "library", "name": name, "version": one["version"], "purl": purl, "hashes": hashes})
    return found


def sbom(workspace: Workspace) -> int:
    """Write ``artifacts/sbom.json``; gives the exit code."""
    locked = (workspace.root / environment.RUNTIME).read_text(encoding="utf-8")
    node = json.loads((workspace.frontend / "package-lock.json").read_text(encoding="utf-8"))
    components = [*python_components(locked), *node_components(node)]
    product = {"type": "application", "name": "lianxi"}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": product},
        "components": sorted(components, key=lambda one: str(one["purl"])),
    }
    target = workspace.root / "artifacts" / "sbom.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    line(f"{len(components)} packages: artifacts/sbom.json")
    return 0


def verdict(name: str, code: int, said: str) -> bool:
    """Whether a tool has found nothing, or could not ask; tells which."""
    if code and not UNREACHABLE.search(said):
        line(f"{name}:\n{said}")
        return False
    if code:
        line(f"{name}: not asked, because its database cannot be reached from this machine")
    elif unknown := said.count("could not be audited"):
        line(f"{name}: nothing found, but nobody could be asked about {unknown} packages")
    else:
        line(f"{name}: nothing is known against what is locked")
    return True


def audit(workspace: Workspace) -> int:
    """Ask what is known against the locked packages; gives the exit code."""
    with workspace.alone():
        environment.ensure_environment(workspace)
        frontend.ensure_node(workspace)
    folder = workspace.root / ".build" / "audit"
    env = workspace.env | {"PYTHONPATH": str(folder)}
    python = [str(workspace.python), "-m"]
    bring = [*python, "pip", "install", "--quiet", "--upgrade", "--target", str(folder), AUDIT]
    locked = ["-r", environment.RUNTIME, "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    steps = [
        ("pip-audit", [*python, "pip_audit", *locked], workspace.root),
        ("npm audit", ["npm", "audit", "--audit-level=high", "--omit=dev"], workspace.frontend),
    ]
    if subprocess.run(bring, cwd=workspace.root, env=workspace.env, capture_output=True, check=False).returncode:
        line("pip-audit: it could not be fetched")
        steps = steps[1:]
    good = True
    for name, command, where in steps:
        done = subprocess.run(command, cwd=where, env=env, capture_output=True, text=True, check=False)
        good = verdict(name, done.returncode, done.stdout + done.stderr) and good
    return int(not good)


COMMANDS = {"sbom": sbom, "audit": audit}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the commands; gives the exit code."""
    asked = list(sys.argv[1:] if arguments is None else arguments)
    if len(asked) != 1 or asked[0] not in COMMANDS:
        sys.stderr.write(f"usage: python3 -m scripts.supply {'|'.join(COMMANDS)}\n")
        return 2
    return guarded(COMMANDS[asked[0]])


if __name__ == "__main__":
    sys.exit(main())
