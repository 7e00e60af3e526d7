"""The verifiers that receivers copy, in Python and JavaScript, tried with messages that were really sent."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config import ROOT

from ..cast import Cast
from ..conftest import ON_CI
from .conftest import Carrying, hooked
from .receiver import Message, Receiver

FOLDER = ROOT / "examples" / "webhooks"

Verify = Callable[[str, dict[str, str], bytes], str]


@pytest.fixture(params=["python", "javascript"])
def verify(request: pytest.FixtureRequest, tmp_path: Path) -> Verify:
    """A verifier as a program of its own: what it says of a request."""
    if request.param == "python":
        command = [sys.executable, "-S", "-E", str(FOLDER / "verify.py")]
    else:
        local = ROOT / ".node" / "bin" / "node"
        node = str(local) if local.exists() else shutil.which("node")
        if node is None:
            assert not ON_CI, "node is missing"
            pytest.skip("node is not installed")
        command = [node, str(FOLDER / "verify.js")]

    def run(secret: str, headers: dict[str, str], body: bytes) -> str:
        (tmp_path / "headers.json").write_text(json.dumps(headers))
        (tmp_path / "body.bin").write_bytes(body)
        request_files = [str(tmp_path / "headers.json"), str(tmp_path / "body.bin")]
        done = subprocess.run([*command, secret, *request_files], capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is bool(done.stdout), done.stderr
        return done.stdout.strip() or done.stderr.strip()

    return run


@pytest.fixture
def sent(cast: Cast, carrying: Carrying, receiver: Receiver) -> tuple[str, Message]:
    """A secret and a message that arrived."""
    webhook = hooked(cast, receiver)
    cast.alice.made("/customers", {"name": "One"})
    carrying.until(lambda: receiver.taken)
    carrying.settled()
    return webhook["secret"], receiver.taken[0]


def test_what_is_genuine_is_taken_and_nothing_else(sent: tuple[str, Message], verify: Verify) -> None:
    secret, message = sent
    headers = dict(message.headers)
    assert verify(secret, headers, message.raw) == f"customer.created {message.body['data']['id']}"
    signature = headers["webhook-signature"]
    both = {**headers, "webhook-signature": f"v1,AAAA v2,x {signature}"}
    assert verify(secret, both, message.raw).startswith("customer.created")
    for altered, body in (
        (headers, message.raw.replace(b"created", b"deleted")),
        ({**headers, "webhook-id": "msg_other"}, message.raw),
        ({**headers, "webhook-timestamp": str(message.stamp + 1)}, message.raw),
        ({**headers, "webhook-signature": signature.replace("v1,", "v2,")}, message.raw),
        ({**headers, "webhook-signature": "v1,"}, message.raw),
        ({**headers, "webhook-signature": "v1,中"}, message.raw),
    ):
        assert verify(secret, altered, body) == "refused: no signature fits"
    other = "whsec_" + "A" * 43 + "="
    assert verify(other, headers, message.raw) == "refused: no signature fits"
    for missing in ("webhook-id", "webhook-timestamp"):
        less = {name: value for name, value in headers.items() if name != missing}
        assert verify(secret, less, message.raw) == "refused: headers are missing"
    for skew in (-310, 310):
        late = {**headers, "webhook-timestamp": str(message.stamp + skew)}
        assert verify(secret, late, message.raw) == "refused: too old, or from the future"
