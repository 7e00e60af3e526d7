"""Traces and error reports for services outside, by configuration only: else nothing of it is imported, nothing sent.

What leaves goes through the same redaction as the log; bodies, queries and values of statements never do.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module

from flask import Flask

from config import ConfigurationError, Settings

SPAN: list[Callable[[str, dict[str, str | int]], AbstractContextManager[None]]] = []
"""Makes a span of a block by its name and attributes; filled by `otel.py` where traces are wanted."""


def span(name: str, **attributes: str | int) -> AbstractContextManager[None]:
    """Have a block appear in traces, where there are any."""
    return SPAN[0](name, attributes) if SPAN else nullcontext()


def register(app: Flask, settings: Settings) -> None:
    """Begin what is configured.

    Raises:
        ConfigurationError: its packages are not installed.
    """
    wanted = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": (settings.otlp_endpoint, "otel"),
        "SENTRY_DSN": (settings.sentry_dsn, "sentry"),
    }
    for variable, (value, module) in wanted.items():
        if value:
            try:
                begin = import_module(f".{module}", __package__).begin
            except ImportError as error:
                raise ConfigurationError(
                    f"{variable} needs further packages: pip install -r requirements-tracing.txt"
                ) from error
            begin(app, settings)
