"""Starting, building and testing the product, with Python's standard library alone.

This file, before any other, runs on every Python 3: a machine with an old one is told what to do instead of being
shown a syntax error. So it is written in what all of them understand.
"""

import os
import sys

OLDEST_PYTHON = (3, 11)


def old_python_message(version: "tuple[int, ...]", language: str) -> str:
    """What a person with an older Python is told.

    Args:
        version: major and minor version of that Python.
        language: the terminal's language, such as ``zh_CN.UTF-8``.
    """
    found = ".".join(str(part) for part in version)
    advice = "sudo apt-get install -y python3.11 python3.11-venv && make run PYTHON=python3.11"
    if language.lower().startswith("zh"):
        return f"联系 CRM 需要 Python 3.11 或更新的版本，这里的是 {found}。例如在 Ubuntu 22.04 上：\n  {advice}"
    return f"Lianxi CRM needs Python 3.11 or newer; this one is {found}. On Ubuntu 22.04, for example:\n  {advice}"


if sys.version_info[:2] < OLDEST_PYTHON:
    sys.exit(old_python_message(sys.version_info[:2], os.environ.get("LC_ALL") or os.environ.get("LANG") or ""))
