"""Tells Consul of this process as long as it runs: `python -m discovery`, which gunicorn starts beside itself.

Consul is never waited for. While its agent is away this is tried again, and an agent that has forgotten us, such as a
new one, is told anew. What ends without a farewell is forgotten by Consul after a while.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

from consul import Check, Consul

import logs
from config import Settings, settings_from

SECONDS_BETWEEN = 10.0
PATIENCE_SECONDS = 2.0
FORGOTTEN_AFTER = "10m"
_log = logging.getLogger("lianxi.discovery")


def instances(settings: Settings, address: str) -> Mapping[str, str]:
    """The names of the services that this process answers for, by their ids of their own."""
    return {f"{service}-service-{address}-{settings.port}": f"{service}-service" for service in settings.services}


class Presence:
    """What the agent knows of this process.

    Args:
        settings: with the address of the agent.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        url = urlsplit(settings.consul_url)
        self._agent = (url.hostname or "", url.port or (443 if url.scheme == "https" else 8500))
        self._consul = Consul(
            *self._agent, token=settings.consul_token or None, scheme=url.scheme, connections_timeout=PATIENCE_SECONDS
        )
        # It is asked directly, whatever proxy the environment names.
        self._consul.http.session.trust_env = False
        self._told: set[str] = set()
        self._is_away = False

    def keep(self) -> bool:
        """Have the agent know of every service here.

        Returns:
            Whether it does; it is logged once when it is away, and when it is back.
        """
        try:
            address = self._address()
            known = self._consul.agent.services()
            for instance, name in instances(self._settings, address).items():
                if instance not in known:
                    self._register(instance, name, address)
                self._told.add(instance)
        except Exception as error:
            if not self._is_away:
                _log.warning("Consul does not answer (%s); it is tried again.", type(error).__name__)
            self._is_away = True
            return False
        if self._is_away:
            _log.warning("Consul knows of this process again.")
        self._is_away = False
        return True

    def leave(self) -> None:
        """Have the agent forget every service here."""
        for instance in sorted(self._told):
            try:
                self._consul.agent.service.deregister(instance)
            except Exception as error:
                _log.warning("Consul was not told of the end of %s (%s).", instance, type(error).__name__)

    def _register(self, instance: str, name: str, address: str) -> None:
        host = f"[{address}]" if ":" in address else address
        check = Check.http(
            f"http://{host}:{self._settings.port}/health", "10s", timeout="3s", deregister=FORGOTTEN_AFTER
        )
        self._consul.agent.service.register(name, instance, address, self._settings.port, tags=["http"], check=check)

    def _address(self) -> str:
        if self._settings.service_address:
            return self._settings.service_address
        with socket.create_connection(self._agent, PATIENCE_SECONDS) as connection:
            return str(connection.getsockname()[0])


def main() -> None:
    """Be known until told to end, or until who started this has ended."""
    settings = settings_from()
    logs.configure(settings.log_format, settings.log_level)
    parent, ended = os.getppid(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    presence = Presence(settings)
    while os.getppid() == parent:
        presence.keep()
        if ended.wait(SECONDS_BETWEEN):
            break
    presence.leave()


if __name__ == "__main__":
    main()
