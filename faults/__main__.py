"""`make faults`: break parts of the running product, and tell what came of it in `docs/reliability.md`.

`ONLY="F1 F3"` tries some; what the others gave the last time stays in the page.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from faults import disk, edge, jobs, keeping, processes, servers, soak, sockets  # noqa: F401 - they declare the faults
from faults.report import Result, write
from faults.trial import FAULTS, Fault, LeftOutError, Trial


def tried(one: Fault, kind: str, options: argparse.Namespace) -> Result:
    """Try one fault on one shape."""
    folder = Path(tempfile.mkdtemp(prefix="lianxi-fault-"))
    # The product's processes need not be ours alone to enter it: nginx's are somebody else's.
    folder.chmod(0o755)
    trial = Trial(kind, folder, options.hours * 3_600 or options.seconds or one.seconds, options.rows, options.sockets)
    began, left_out = time.monotonic(), ""
    try:
        one.run(trial)
    except LeftOutError as reason:
        left_out = str(reason)
    except Exception as error:
        trial.missed.append(f"{type(error).__name__}: {error}")
        traceback.print_exc()
    if trial.missed and options.keep:
        print(f"  its logs: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return Result.of(one, trial, time.monotonic() - began, left_out)


def main() -> int:
    """Try all faults, or some; the exit code tells whether all criteria held."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="FAULT", help=f"some of {' '.join(FAULTS)}")
    parser.add_argument("--seconds", type=float, default=0, help="of load")
    parser.add_argument("--hours", type=float, default=0, help="of load, in place of seconds")
    parser.add_argument("--rows", type=int, default=100_000, help="of the interrupted import")
    parser.add_argument("--sockets", type=int, default=1_000, help="connected at once")
    parser.add_argument("--shape", choices=("big", "embedded"), help="one shape only")
    parser.add_argument("--keep", action="store_true", help="keep the logs of what did not hold")
    parser.add_argument("--trial", action="store_true", help="write no page")
    options = parser.parse_args()
    if unknown := set(options.only) - FAULTS.keys():
        parser.error(f"unknown: {' '.join(sorted(unknown))}")
    # Whoever ends us by it wants our processes gone too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    is_good = True
    for name, one in FAULTS.items():
        if name not in options.only if options.only else one.is_alone:
            continue
        for kind in one.shapes:
            if options.shape not in (None, kind):
                continue
            print(f"{name} ({kind}): {one.title} ...", flush=True)
            result = tried(one, kind, options)
            print(f"  {result.said()}", flush=True)
            is_good = is_good and not result.missed
            if not options.trial:
                write(result)
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
