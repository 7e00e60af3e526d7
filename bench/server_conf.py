"""Product and baseline are served alike, by the command line of the benchmark; the collector is spared in both."""

from __future__ import annotations

import gc
from typing import Any


def post_worker_init(_worker: Any) -> None:
    """As the product's own `gunicorn.conf.py` does."""
    gc.freeze()
