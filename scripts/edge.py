"""nginx with the product's own ``nginx.conf``, outside of its container: another port and folders, the same rules."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from collections.abc import Sequence
from pathlib import Path

from scripts.system import on_path
from scripts.workspace import ROOT

MIME_TYPES = Path("/etc/nginx/mime.types")


def configure(
    folder: Path, *, listen: str, application: str, pages: Path, log: Path, site: Path | None = None
) -> Sequence[str]:
    """Write the configuration for one machine; gives the command that serves in the foreground.

    Args:
        folder: for nginx's own files.
        listen: address and port.
        application: the address of the application, an ``http://`` one.
        pages: the built pages.
        log: where each request is told of.
        site: the folder of what belongs to this installation, where there is one.

    Raises:
        FileNotFoundError: nginx is not installed.
    """
    program = on_path("nginx")
    if program is None:
        raise FileNotFoundError("nginx")
    text = (ROOT / "nginx.conf").read_text("utf-8")
    here = {
        "listen 8080;": f"listen {listen};",
        "root /srv/www;": f'root "{pages}";',
        "set $application http://app:5000;": f"set $application {application};",
        "access_log /dev/stdout lianxi;": f'access_log "{log}" lianxi;',
    }
    for old, new in here.items():
        if text.count(old) != 1:
            raise ValueError(f"nginx.conf: {old!r}")
        text = text.replace(old, new)
    if os.geteuid() == 0:
        # Started by root, its workers would become somebody who may not read a checkout in root's home.
        owner = pages.stat()
        text = f"user {pwd.getpwuid(owner.st_uid).pw_name} {grp.getgrgid(owner.st_gid).gr_name};\n{text}"
    (folder / "nginx.conf").write_text(text, "utf-8")
    shutil.copy(MIME_TYPES, folder / "mime.types")
    if site is not None and site.is_dir():
        (folder / "site.d").symlink_to(site.resolve())
    else:
        (folder / "site.d").mkdir(exist_ok=True)
    return [program, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
