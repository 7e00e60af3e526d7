"""How far jobs got, told to those who asked for them, at most four times a second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic

from flask_socketio import SocketIO
from sqlalchemy import or_, select

from ..database import read_engine
from ..job.models import Job, Status
from ..job.schemas import COLUMNS, shown

_EVERY = 0.25
_LINGERS = timedelta(minutes=1)
_OPEN = (Status.QUEUED, Status.RUNNING)


class Jobs:
    """Tells the sockets of one process of the jobs of the people behind them."""

    def __init__(self, socketio: SocketIO) -> None:
        self.socketio = socketio
        self.told: dict[int, tuple[object, ...]] = {}
        self.looked = 0.0

    def tell(self) -> None:
        """Tell of what has changed since the last time; a job that has ended is told of once more."""
        if monotonic() - self.looked < _EVERY:
            return
        self.looked = monotonic()
        ended = Job.finished_at > datetime.now(UTC) - _LINGERS
        # However long the process was held up: whoever saw a job under way is told of its end.
        seen = Job.id.in_([job_id for job_id, (status, *_) in self.told.items() if status in _OPEN])
        query = select(Job.user_id, *COLUMNS).where(or_(Job.status.in_(_OPEN), ended, seen)).order_by(Job.id)
        with read_engine().connect() as connection:
            rows = connection.execute(query).all()
        found: dict[int, tuple[object, ...]] = {}
        for row in rows:
            found[row.id] = (row.status, row.done, row.total)
            if self.told.get(row.id) != found[row.id]:
                room = f"me:{row.user_id}"
                self.socketio.emit("job_progress", shown(row), to=room, ignore_queue=True)
        self.told = found
