"""``make run`` and its kin: prepare what is missing, then serve in the foreground until somebody ends it.

Usage: ``python3 -m scripts.start run|prod|demo|demo-clear|dev|prepare|bench|faults|soak|fuzz``
"""

from __future__ import annotations

import argparse
import errno
import http.client
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from scripts import edge, environment, frontend, system
from scripts.console import Progress, line, step
from scripts.processes import POLL_SECONDS, Interrupted, Servers, run_shown
from scripts.words import say
from scripts.workspace import CannotStartError, Workspace, guarded

READY_WITHIN_SECONDS = 60


def port_of(text: str) -> int:
    """The port that ``PORT`` asks for.

    Raises:
        CannotStartError: it is no port.
    """
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535:
        return int(text)
    raise CannotStartError(say("port_wrong", text=text))


def check_port(host: str, port: int, goal: str, variable: str = "PORT") -> None:
    """Refuse a port that somebody else has, before minutes are spent on preparing.

    Args:
        host: the address to listen on.
        port: the port to listen on.
        goal: of make, to repeat it with another port.
        variable: that chooses the port.

    Raises:
        CannotStartError: with the line to type instead.
    """
    other = port + 1 if port < 65_535 else 5000
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStartError(
                say("port_taken", host=host, port=port, goal=goal, variable=variable, other=other)
            ) from error
        reason = error.strerror or str(error)
        raise CannotStartError(say("port_refused", host=host, port=port, goal=goal, reason=reason)) from error


def reachable(host: str) -> str:
    """The address under which a server that listens on ``host`` is reached from this machine."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is what we translate


def address(host: str, port: int) -> str:
    """What to type into a browser."""
    name = reachable(host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def answers(host: str, port: int) -> bool:
    """Whether the product answers there."""
    connection = http.client.HTTPConnection(reachable(host), port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@dataclass(frozen=True)
class Server:
    """A program that the start runs.

    Attributes:
        command: program and arguments.
        folder: to run in.
        more: variables that it alone is told.
        in_front: it hands requests to the others, and ends before them.
    """

    command: Sequence[str]
    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)
    in_front: bool = False


class Start:
    """One start of the product from this checkout."""

    def __init__(self, workspace: Workspace, goal: str) -> None:
        self.workspace = workspace
        self.goal = goal
        self.host = workspace.env.get("HOST") or "127.0.0.1"
        self.port = port_of(workspace.env.get("PORT") or "5000")

    def prepare(self, *, kind: str = environment.RUNTIME, pages: Callable[[Workspace], None]) -> None:
        """Bring what is missing: Python packages, and what ``pages`` asks for."""
        first = not (self.workspace.root / ".venv").exists()
        line(say("first" if first else "again"))
        with self.workspace.alone():
            environment.ensure_packages(self.workspace, kind)
            pages(self.workspace)

    def flask(self, key: str, *arguments: str) -> str:
        """Run one of the product's own commands as a step; gives what it wrote."""
        with step(key) as progress:
            flask = (self.workspace.python, "-m", "flask", "--app", "app")
            return self.workspace.run(key, *flask, *arguments, progress=progress)

    def bring_data_up_to_date(self) -> None:
        """Migrate the database, make the secrets and the first admin where there are none, and show its sign-in."""
        self.make_data_folder()
        if told := self.flask("data", "prepare").strip("\n"):
            line(told)
        self.workspace.env["LIANXI_PREPARED"] = "1"

    def make_data_folder(self) -> None:
        """Customers' data are for the eyes of whoever runs the product, on a machine of several people too."""
        folder = self.workspace.root / (self.workspace.env.get("DATA_DIR") or "instance")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def gunicorn(self, *options: str) -> list[str]:
        """The command of the product's server; ``gunicorn.conf.py`` holds the rest."""
        bind = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        fixed = ["--bind", bind, "--workers", "1", "--log-level", "warning"]
        return [str(self.workspace.python), "-m", "gunicorn", *fixed, *options, "app:create_app()"]

    @property
    def worker(self) -> list[str]:
        """The command of what does jobs beside the server: a long import must not make requests wait."""
        return [str(self.workspace.python), "-m", "flask", "--app", "app", "worker"]

    def serve_product(self) -> int:
        """Serve the product on its port, with its worker."""
        root = self.workspace.root
        return self.serve(
            [Server(self.gunicorn(), root), Server(self.worker, root)], say("ready", url=address(self.host, self.port))
        )

    def serve(self, wanted: Sequence[Server], ready: str) -> int:
        """Run servers until somebody ends us, which is a success, or one ends by itself, which is none.

        Raises:
            CannotStartError: a server ended by itself, or none answers.
        """
        servers = Servers(self.workspace.ending)
        try:
            with step("serve") as progress:
                for one in wanted:
                    env = {**self.workspace.env, **one.more}
                    servers.start(one.command, one.folder, env, in_front=one.in_front)
                self._wait_until_ready(servers, progress)
            line(ready)
            raise CannotStartError(say("server_ended", code=servers.wait()))
        except Interrupted:
            line(say("stopping"))
            servers.stop()
            line(say("stopped"))
            return 0
        finally:
            servers.stop()

    def _wait_until_ready(self, servers: Servers, progress: Progress) -> None:
        began = time.monotonic()
        while not answers(self.host, self.port):
            if (code := servers.ended()) is not None:
                raise CannotStartError(say("server_ended", code=code))
            if time.monotonic() - began > READY_WITHIN_SECONDS:
                raise CannotStartError(say("server_silent", seconds=READY_WITHIN_SECONDS))
            self.workspace.ending.heed()
            progress.tick()
            time.sleep(POLL_SECONDS)


def run(workspace: Workspace) -> int:
    """The product on one port, with the data in ``DATA_DIR``."""
    start = Start(workspace, "run")
    check_port(start.host, start.port, start.goal)
    start.prepare(pages=frontend.ensure_build)
    start.bring_data_up_to_date()
    return start.serve_product()


_PROD = {"DATABASE_URL": ("PostgreSQL", 5432, ("postgresql", "postgres")), "REDIS_URL": ("Redis", 6379, ("redis",))}


def check_servers(env: Mapping[str, str]) -> None:
    """Refuse to start the big shape without the servers that it stands on.

    Raises:
        CannotStartError: a variable lacks or says something else, or nobody answers there.
    """
    for variable, (server, usual_port, schemes) in _PROD.items():
        url = urlsplit(env.get(variable, "").strip())
        if url.scheme.partition("+")[0] not in schemes:
            raise CannotStartError(say("prod_needs", variable=variable, server=server))
        if url.hostname is None:
            continue
        port = url.port or usual_port
        try:
            socket.create_connection((url.hostname, port), timeout=3).close()
        except OSError as error:
            told = {"host": url.hostname, "port": port, "reason": error.strerror or str(error)}
            raise CannotStartError(say("prod_away", variable=variable, server=server, **told)) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def prod(workspace: Workspace) -> int:
    """The big shape on this machine: what both images run, before a PostgreSQL and a Redis of the person's own."""
    start = Start(workspace, "prod")
    check_servers(workspace.env)
    check_port(start.host, start.port, start.goal)
    system.install(workspace, system.lacking([system.NGINX]))
    if system.lacking([system.NGINX]):
        raise CannotStartError("sudo apt-get install nginx")
    start.prepare(pages=frontend.ensure_build)
    for name, usual in {"WORKER_CLASS": "gevent", "WEB_CONCURRENCY": "4", "PROXY_HOPS": "1"}.items():
        workspace.env[name] = workspace.env.get(name) or usual
    # As in an image: gunicorn and flask are found on the path.
    workspace.env["PATH"] = f"{workspace.python.parent}:{workspace.env.get('PATH', '')}"
    start.bring_data_up_to_date()
    inner = str(_free_port())
    with tempfile.TemporaryDirectory(prefix="lianxi-nginx-") as folder:
        listen = f"[{start.host}]:{start.port}" if ":" in start.host else f"{start.host}:{start.port}"
        front = edge.configure(
            Path(folder),
            listen=listen,
            application=f"http://127.0.0.1:{inner}",
            pages=workspace.frontend / "dist",
            log=Path(folder) / "access.log",
            site=workspace.root / "site.d",
        )
        application = Server(
            [str(workspace.root / "scripts" / "container-start")],
            workspace.root,
            {"HOST": "127.0.0.1", "PORT": inner},
        )
        worker = Server(start.worker, workspace.root)
        nginx = Server(front, workspace.root, in_front=True)
        return start.serve([application, worker, nginx], say("ready", url=address(start.host, start.port)))


def _demo_only(workspace: Workspace) -> Path:
    """Point a workspace at the demo's own folder, away from every real database and queue."""
    folder = workspace.root / "instance-demo"
    for name in ("DATABASE_URL", "REDIS_URL", "LIANXI_ADMIN_EMAIL", "LIANXI_ADMIN_PASSWORD"):
        workspace.env.pop(name, None)
    workspace.env["DATA_DIR"] = str(folder)
    return folder


def demo(workspace: Workspace) -> int:
    """The product with a believable data set, apart from any real data."""
    _demo_only(workspace)
    start = Start(workspace, "demo")
    check_port(start.host, start.port, start.goal)
    start.prepare(pages=frontend.ensure_build)
    start.make_data_folder()
    start.flask("data", "db", "upgrade")
    line(start.flask("demo", "demo").strip())
    return start.serve_product()


def demo_clear(workspace: Workspace) -> int:
    """Remove the demo's folder with all that is in it."""
    folder = _demo_only(workspace)
    found = folder.exists()
    shutil.rmtree(folder, ignore_errors=True)
    line(say("cleared" if found else "nothing_to_clear"))
    return 0


def dev(workspace: Workspace) -> int:
    """Pages and server that reload when a file changes, for people who work on the product."""
    start = Start(workspace, "dev")
    pages_port = port_of(workspace.env.get("PAGES_PORT") or "5173")
    check_port(start.host, start.port, start.goal)
    check_port("127.0.0.1", pages_port, start.goal, "PAGES_PORT")
    start.prepare(kind=environment.DEVELOPMENT, pages=frontend.ensure_node_packages)
    start.bring_data_up_to_date()
    workspace.env["LIANXI_BACKEND"] = address(start.host, start.port)
    vite = ["--host", "127.0.0.1", "--port", str(pages_port), "--strictPort", "--clearScreen=false", "--logLevel=warn"]
    server = Server(start.gunicorn("--reload", "--log-level", "error"), workspace.root)
    worker = Server(start.worker, workspace.root)
    pages = Server(["npm", "run", "--silent", "dev", "--", *vite], workspace.frontend)
    return start.serve([server, worker, pages], say("dev_ready", url=address("127.0.0.1", pages_port)))


def prepare(workspace: Workspace) -> int:
    """Everything that development needs, and nothing started."""
    Start(workspace, "prepare").prepare(kind=environment.DEVELOPMENT, pages=frontend.ensure_build)
    return 0


def bench(workspace: Workspace) -> int:
    """Measure the product against a bare baseline; ``ARGS`` goes to ``python -m bench``."""
    system.install(workspace, system.lacking(system.BENCH_NEEDS))
    if missing := system.lacking(system.BENCH_NEEDS):
        raise CannotStartError(f"sudo apt-get install {' '.join(need.package for need in missing)}")
    with workspace.alone():
        environment.ensure_packages(workspace, environment.DEVELOPMENT)
    workspace.forget_personal_settings()
    command = [str(workspace.python), "-m", "bench", *workspace.env.get("ARGS", "").split()]
    return run_shown(command, cwd=workspace.root, env=workspace.env, ending=workspace.ending, limit=3_600)


def _tried(workspace: Workspace, *arguments: str) -> int:
    system.install(workspace, system.lacking(system.FAULT_NEEDS))
    if missing := system.lacking(system.FAULT_NEEDS):
        raise CannotStartError(f"sudo apt-get install {' '.join(need.package for need in missing)}")
    with workspace.alone():
        environment.ensure_packages(workspace, environment.DEVELOPMENT)
    workspace.forget_personal_settings()
    command = [str(workspace.python), "-m", "faults", *arguments, *workspace.env.get("ARGS", "").split()]
    return run_shown(command, cwd=workspace.root, env=workspace.env, ending=workspace.ending, limit=18_000)


def faults(workspace: Workspace) -> int:
    """Break parts of the running product under load; ``ONLY`` names faults, ``ARGS`` goes to ``python -m faults``."""
    return _tried(workspace, *workspace.env.get("ONLY", "").replace(",", " ").split())


def soak(workspace: Workspace) -> int:
    """Run the product for long under a light load; ``ARGS`` goes to ``python -m faults``."""
    return _tried(workspace, "F21", "--shape", "big")


def fuzz(workspace: Workspace) -> int:
    """Try the API as its document says, as each role; ``ARGS`` goes to ``python -m tests.hardening.fuzzing``."""
    with workspace.alone():
        environment.ensure_packages(workspace, environment.DEVELOPMENT)
    workspace.forget_personal_settings()
    command = [str(workspace.python), "-m", "tests.hardening.fuzzing", *workspace.env.get("ARGS", "").split()]
    return run_shown(command, cwd=workspace.root, env=workspace.env, ending=workspace.ending, limit=86_400)


COMMANDS: dict[str, Callable[[Workspace], int]] = {
    "run": run,
    "prod": prod,
    "demo": demo,
    "demo-clear": demo_clear,
    "dev": dev,
    "prepare": prepare,
    "bench": bench,
    "faults": faults,
    "soak": soak,
    "fuzz": fuzz,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; gives the exit code.

    An end by Ctrl-C or SIGTERM while serving is a success: that is how a server ends.
    """
    parser = argparse.ArgumentParser(prog="python3 -m scripts.start", description="Start Lianxi CRM.")
    parser.add_argument("command", choices=COMMANDS)
    command = parser.parse_args(arguments).command
    return guarded(COMMANDS[command])


if __name__ == "__main__":
    sys.exit(main())
