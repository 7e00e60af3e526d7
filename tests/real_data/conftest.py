"""The data of others lie beside the product and are not shipped with it: on CI they may not lack."""

from __future__ import annotations

import pytest

from ..conftest import FIXTURES, ON_CI


@pytest.fixture(autouse=True)
def _shipped() -> None:
    if not FIXTURES.is_dir():
        if ON_CI:
            pytest.fail(f"{FIXTURES} is missing")
        pytest.skip(f"{FIXTURES} is not shipped with the product")
