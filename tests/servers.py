"""Real servers for tests: a private PostgreSQL and a private Redis on free ports, gone when the test run is.

Nothing of the machine's own servers is touched: each has a folder of its own under the temporary directory. A watcher
process ends the server and removes the folder even when the test run itself is killed.

``python -m tests.servers [postgresql] [redis]`` starts them for other programs, prints one ``NAME=URL`` a line and
stays until SIGTERM.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

START_SECONDS = 60
STOP_SECONDS = 30
UNPRIVILEGED = ("postgres", "nobody")
PACKAGES = {"postgresql": "postgresql", "redis": "redis-server", "nginx": "nginx", "pgbouncer": "pgbouncer"}
_WATCHER = (
    'cat >/dev/null; kill -"$1" "$2" 2>/dev/null; while kill -0 "$2" 2>/dev/null; do sleep 0.1; done; rm -rf "$3"'
)


class ServerMissingError(RuntimeError):
    """A server is not installed on this machine."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not installed: apt-get install {PACKAGES[name]}")


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a port of the loopback address."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Return as soon as a condition holds; fail when it does not within some seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not come about within {seconds} s"
        time.sleep(0.02)


def postgresql_binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres`` with the newest version; Debian keeps them off the path."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if not folders and on_path:
        return Path(on_path).resolve().parent
    return max(folders, key=lambda path: int(path.parent.name), default=None)


def pgbouncer_program() -> str | None:
    """The pooler; Debian keeps it off the path."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def missing() -> list[str]:
    """The names of the servers that tests want and this machine lacks."""
    found = {
        "postgresql": postgresql_binaries() is not None,
        "redis": shutil.which("redis-server") is not None,
        "nginx": shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None,
        "pgbouncer": pgbouncer_program() is not None,
    }
    return [name for name, is_there in found.items() if not is_there]


def unprivileged_user() -> pwd.struct_passwd | None:
    """Whom to run PostgreSQL as, which refuses root: somebody who owns nothing here; None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError(f"none of the users {', '.join(UNPRIVILEGED)} is there to run PostgreSQL as")


class Server(ABC):
    """One private server: a context manager that can also be stopped, paused and started again in a test."""

    stop_signal: signal.Signals

    def __init__(self) -> None:
        self.port = 0
        self.folder = Path()
        self._owner: pwd.struct_passwd | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """How a client reaches the server."""

    @property
    def pid(self) -> int:
        """The process that serves."""
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        """Start, or start again with the same data at the same address; returns when it answers."""
        self.port = self.port or free_port()
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self._owner and self._owner.pw_uid,
                group=self._owner and self._owner.pw_gid,
                extra_groups=self._owner and [],
            )
        # Reading from us ends when we end, however that happens.
        watch = ["sh", "-c", _WATCHER, "sh", str(int(self.stop_signal)), str(self.pid), str(self.folder)]
        self._watcher = subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log_text = (self.folder / "server.log").read_text(errors="replace")
                raise RuntimeError(f"{type(self).__name__} did not start:\n{log_text[-2_000:]}")
            time.sleep(0.02)

    def stop(self, number: signal.Signals | None = None) -> None:
        """End the server and keep its data.

        Args:
            number: the signal to end it with; by default the one that cuts connections and closes in good order.
        """
        if self._process is None:
            return
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.wait()
            assert self._watcher.stdin is not None
            self._watcher.stdin.close()
        self._process.send_signal(number or self.stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def pause(self) -> None:
        """Hang: connections are accepted and never answered."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after a pause."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        """Signal the process and its children: PostgreSQL has one for each connection, which answers by itself."""
        for pid in (self.pid, *map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix=f"lianxi-{type(self).__name__.lower()}-"))
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def prepare(self) -> None:  # noqa: B027 - most servers need nothing
        """Make what must be there before the first start."""

    @abstractmethod
    def _command(self) -> Sequence[str | Path]: ...

    @abstractmethod
    def _answers(self) -> bool: ...


class PostgreSQL(Server):
    """A cluster of its own, in UTF-8 and UTC, tuned for tests: nothing is synced to the disk."""

    stop_signal = signal.SIGINT

    def __init__(self) -> None:
        super().__init__()
        binaries = postgresql_binaries()
        if binaries is None:
            raise ServerMissingError("postgresql")
        self._binaries = binaries
        self._owner = unprivileged_user()

    @property
    def url(self) -> str:
        """Of an administrator who may create databases."""
        return f"postgresql://lianxi@127.0.0.1:{self.port}/postgres"

    def prepare(self) -> None:
        """Make the cluster."""
        if self._owner is not None:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
        # "trust" is for whoever reaches the port on loopback of this machine while the tests run; the data are theirs.
        options = ["-U", "lianxi", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        self._make("initdb", "-D", str(self.folder / "data"), *options)

    def _make(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._binaries / program), *arguments],
            check=True,
            capture_output=True,
            cwd=self.folder,
            user=self._owner and self._owner.pw_uid,
            group=self._owner and self._owner.pw_gid,
            extra_groups=self._owner and [],
        )

    settings: ClassVar[Mapping[str, str]] = {
        "max_connections": "200",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "timezone": "UTC",
    }

    def _command(self) -> Sequence[str | Path]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            **self.settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._binaries / "postgres", "-D", self.folder / "data", *options]

    @property
    def pg_isready(self) -> Path:
        """The program that asks whether a server of this version answers."""
        return self._binaries / "pg_isready"

    def _answers(self) -> bool:
        probe = [str(self.pg_isready), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-d", "postgres"]
        return subprocess.run(probe, check=False).returncode == 0


class Primary(PostgreSQL):
    """A cluster that says truly up to where it has written: a standby is measured by that."""

    settings: ClassVar[Mapping[str, str]] = {**PostgreSQL.settings, "synchronous_commit": "on"}


class Standby(PostgreSQL):
    """A copy of a cluster that follows it; a read that stands in the way of what it replays is ended at once."""

    settings: ClassVar[Mapping[str, str]] = {**PostgreSQL.settings, "max_standby_streaming_delay": "0"}

    def __init__(self, primary: PostgreSQL) -> None:
        super().__init__()
        self._primary = primary

    def prepare(self) -> None:
        """Copy the cluster that is followed."""
        if self._owner is not None:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
        self._make(
            "pg_basebackup",
            *("--dbname", self._primary.url, "--pgdata", str(self.folder / "data")),
            *("--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
        )


class PgBouncer(Server):
    """A pooler in transaction mode in front of a cluster: few sessions of it, and another one for each transaction."""

    stop_signal = signal.SIGINT

    def __init__(self, cluster: PostgreSQL, sessions: int) -> None:
        super().__init__()
        program = pgbouncer_program()
        if program is None:
            raise ServerMissingError("pgbouncer")
        self._program, self._cluster, self._sessions = program, cluster, sessions
        self._owner = unprivileged_user()

    @property
    def url(self) -> str:
        """Of the administrator's database, through the pooler."""
        return f"postgresql://lianxi@127.0.0.1:{self.port}/postgres"

    def prepare(self) -> None:
        """Hand its folder to who may run it."""
        if self._owner is not None:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)

    def _command(self) -> Sequence[str | Path]:
        lines = [
            "[databases]",
            # Everybody is the user named here.
            f"* = host=127.0.0.1 port={self._cluster.port} user=lianxi",
            "[pgbouncer]",
            f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =",
            "auth_type = any\npool_mode = transaction",
            f"default_pool_size = {self._sessions}\nmax_client_conn = 200",
        ]
        (self.folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        return [self._program, self.folder / "pgbouncer.ini"]

    def _answers(self) -> bool:
        probe = [str(self._cluster.pg_isready), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-d", "postgres"]
        return subprocess.run(probe, check=False).returncode == 0


class Redis(Server):
    """A Redis that keeps nothing on the disk."""

    stop_signal = signal.SIGTERM

    def __init__(self) -> None:
        super().__init__()
        program = shutil.which("redis-server")
        if program is None:
            raise ServerMissingError("redis")
        self._program = program

    @property
    def url(self) -> str:
        """Of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def _command(self) -> Sequence[str | Path]:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        return [self._program, *options, "--dir", self.folder]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """A private PostgreSQL; gives the address of an administrator who may create databases."""
    with PostgreSQL() as server:
        yield server.url


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """A private Redis; gives its address."""
    with Redis() as server:
        yield server.url


def main(arguments: Sequence[str] | None = None) -> int:
    """Start servers for other programs until SIGTERM."""
    kinds: dict[str, type[PostgreSQL] | type[Redis]] = {"postgresql": PostgreSQL, "redis": Redis}
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="|".join(kinds), help="which ones; all by default")
    names = parser.parse_args(arguments).names or list(kinds)
    if unknown := set(names) - set(kinds):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    with contextlib.ExitStack() as stack:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        for name in names:
            server: Server = stack.enter_context(kinds[name]())
            sys.stdout.write(f"{name.upper()}_URL={server.url}\n")
            sys.stdout.flush()
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
