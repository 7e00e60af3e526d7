"""The built SPA from our own origin: where nginx does not serve it, the application does."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, request, send_from_directory
from werkzeug.routing import PathConverter
from werkzeug.security import safe_join

from .errors import Problem, not_found
from .routing import PREFIX

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class _Page(PathConverter):
    """A path that is not the API's: there a wrong method is 405 and a wrong path 404."""

    regex = r"(?!api(?:/|$)|socket\.io(?:/|$))[^/].*?"


def register(app: Flask) -> None:
    """Serve `frontend/dist`: assets for ever, everything else falls back to the one page of the SPA."""
    dist: Path = app.config["LIANXI"].frontend_dist

    def page(name: str) -> Response:
        answer = send_from_directory(dist, name)
        answer.headers["Cache-Control"] = "no-cache"
        answer.headers["Content-Security-Policy"] = CSP
        return answer

    @app.get(f"{PREFIX}/docs")
    def docs() -> Response:
        """The browsable document of the API."""
        if not app.config["LIANXI"].openapi_public or not (dist / "docs" / "index.html").is_file():
            raise not_found()
        return page("docs/index.html")

    app.url_map.converters["page"] = _Page

    @app.get("/", defaults={"path": "index.html"})
    @app.get("/<page:path>")
    def spa(path: str) -> Response:
        """A file of the build, or the page that the SPA's router takes on from."""
        file = safe_join(str(dist), path)
        if file is None or any(part.startswith(".") for part in path.split("/")) or path.endswith(".map"):
            raise not_found()
        if Path(file).is_file():
            if not path.startswith("assets/"):
                return page(path)
            packed = _packed(dist, path)
            packed.headers["Cache-Control"] = "public, max-age=31536000, immutable"
            return packed
        if path.startswith("assets/") or "." in path.rsplit("/", 1)[-1]:
            raise not_found()
        if not (dist / "index.html").is_file():
            raise Problem(503, "no-pages", headers={"Retry-After": "60"})
        return page("index.html")


def _packed(dist: Path, path: str) -> Response:
    """The gzip twin that the build left beside an asset, for clients that take it."""
    if "gzip" in request.headers.get("Accept-Encoding", "") and (dist / f"{path}.gz").is_file():
        plain = send_from_directory(dist, path)
        answer = send_from_directory(dist, f"{path}.gz", mimetype=plain.mimetype)
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Vary"] = "Accept-Encoding"
        return answer
    return send_from_directory(dist, path)
