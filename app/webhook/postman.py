"""The postman: beside a worker's jobs, notes what happened and carries it to the receivers.

Every receiver has threads of its own to wait in, so that one that hangs keeps nobody else waiting.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from flask import Flask, current_app

import logs

from ..database import db
from ..job import queue
from ..tracing import span
from ..transaction import now, unit_of_work
from . import outbox
from .service import MOST

log = logging.getLogger("lianxi")

PAUSE = 1.0
"""How long to rest where there is nothing to do, in seconds."""


class Postman:
    """Carries the messages of one application, in one process of possibly several."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.nudged = Event()
        self.pool = ThreadPoolExecutor(MOST * outbox.IN_FLIGHT, thread_name_prefix="webhook")

    def run(self) -> None:
        """Carry until the worker ends; what is on its way then is seen to its end."""
        logs.begin()
        while not queue.is_ending():
            self.nudged.clear()
            try:
                with self.app.app_context():
                    has_more = self.round()
            except Exception:
                log.warning("webhooks wait, it is tried again", exc_info=True)
                has_more = False
            if not has_more:
                # The end of a delivery may make room for the next.
                self.nudged.wait(PAUSE)
        self.pool.shutdown()

    def round(self) -> bool:
        """Note what happened and hand out what is due; whether there is more to be noted."""
        has_more = False
        for place in outbox.places():
            has_more |= outbox.note(place)
        for webhook_id in outbox.ready():
            for parcel in outbox.claim(webhook_id):
                self.pool.submit(self._carry, parcel)
        return has_more

    def _carry(self, parcel: outbox.Parcel) -> None:
        with self.app.app_context():
            logs.begin(webhook_id=parcel.webhook_id, message_id=parcel.message_id)
            try:
                with span("webhook", webhook_id=parcel.webhook_id):
                    outcome = outbox.send(parcel)
                    with unit_of_work(source="job", at=now()) as unit:
                        outbox.settle(unit, parcel, outcome)
            except Exception:
                # It stays claimed for a minute and is then taken up again.
                log.exception("a delivery could not be settled")
            finally:
                db.session.remove()
                self.nudged.set()


def carry() -> None:
    """Carry messages until the worker ends."""
    Postman(current_app._get_current_object()).run()  # type: ignore[attr-defined]


queue.BESIDE.append(carry)
