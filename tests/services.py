"""The product split into its services: the same program once for each, with the edge in front that knows them apart.

``python -m tests.services`` starts them for the journeys, with the job worker and the built pages, on the PostgreSQL
and the Redis that its environment names, and stays until SIGTERM. The database is made ready before: `flask prepare`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from config import ROOT, SERVICES
from scripts.edge import configure

from .servers import free_port, wait_until

SPLIT = ROOT / "examples" / "services" / "site.d" / "services.conf"
BIN = Path(sys.executable).parent
READY_SECONDS = 150
END_SECONDS = 40


@contextmanager
def running(command: Sequence[str | Path], env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process while the block lasts; what it says goes where we speak."""
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    assert process.poll() is None, f"a service ended with {process.returncode}"
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@contextmanager
def services(env: Mapping[str, str]) -> Iterator[dict[str, int]]:
    """All of them on one database, begun at the same time; gives the port of each when all of them answer."""
    with ExitStack() as stack:
        ports, processes = {service: free_port() for service in SERVICES}, {}
        for service, port in ports.items():
            own = {**env, "LIANXI_SERVICES": service, "HOST": "127.0.0.1", "PORT": str(port), "PROXY_HOPS": "1"}
            processes[service] = stack.enter_context(running([BIN / "gunicorn", "app:create_app()"], own))
        for service, process in processes.items():
            wait_until(lambda process=process, port=ports[service]: _answers(process, port), READY_SECONDS)  # type: ignore[misc]
        try:
            yield ports
        finally:
            # All at once: each takes its seconds.
            for process in processes.values():
                process.terminate()


def site(ports: Mapping[str, int]) -> dict[str, str]:
    """The file of ``site.d`` that tells nginx of them, with their addresses on this machine."""
    text = SPLIT.read_text("utf-8")
    for service, port in ports.items():
        text = text.replace(f"http://{service}-service:5000", f"http://127.0.0.1:{port}")
    return {SPLIT.name: text}


def main() -> int:
    """Serve at HOST and PORT until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    env = {**os.environ, "WORKER_CLASS": "gevent", "LIANXI_PREPARED": "1"}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lianxi-services-")))
        # nginx's processes need not be ours alone to enter it.
        folder.chmod(0o755)
        ports = stack.enter_context(services(env))
        stack.enter_context(running([BIN / "flask", "--app", "app", "worker"], env))
        own = folder / "own"
        own.mkdir()
        for name, lines in site(ports).items():
            (own / name).write_text(lines, "utf-8")
        edge = configure(
            folder,
            listen=f"{env['HOST']}:{env['PORT']}",
            application=f"http://127.0.0.1:{ports['auth']}",
            pages=ROOT / "frontend" / "dist",
            log=folder / "access.log",
            site=own,
        )
        stack.enter_context(running(edge, env)).wait()
    return 1


if __name__ == "__main__":
    sys.exit(main())
