"""Files that never change under one address: it has a hash of all of them in it, so browsers keep them for good."""

import gzip
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import FastAPI, Request, Response

from web.problems import Problem

_FOLDER: Final = Path(__file__).with_name("static")
_MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".json": "application/json"}
"""What is served; licences and notes that lie beside it are not."""


class _File(NamedTuple):
    media_type: str
    plain: bytes
    zipped: bytes


class StaticFiles:
    """The files of a folder as they were at the start."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in _MEDIA_TYPES)
        self._files = {path.relative_to(folder).as_posix(): _file(path) for path in paths}
        whole = sha256()
        for name, file in self._files.items():
            whole.update(f"{name}\0{len(file.plain)}\0".encode() + file.plain)
        self._base = f"/static/{whole.hexdigest()[:16]}"

    def __call__(self, name: str) -> str:
        """The address of a file. Raises KeyError for one that there is not."""
        if name not in self._files:
            raise KeyError(f"there is no static file {name!r}")
        return f"{self._base}/{name}"

    def add(self, app: FastAPI) -> None:
        """Add the route. Files are no secret: no token is needed."""

        async def static(request: Request) -> Response:
            file = self._files.get(request.path_params["name"])
            if file is None:
                raise Problem(HTTPStatus.NOT_FOUND, "http", "there is nothing at this path")
            headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
            if "gzip" not in request.headers.get("Accept-Encoding", ""):
                return Response(file.plain, headers=headers, media_type=file.media_type)
            headers["Content-Encoding"] = "gzip"
            return Response(file.zipped, headers=headers, media_type=file.media_type)

        app.add_api_route(f"{self._base}/{{name:path}}", static, name="static", include_in_schema=False)


def _file(path: Path) -> _File:
    plain = path.read_bytes()
    return _File(_MEDIA_TYPES[path.suffix], plain, gzip.compress(plain, 9, mtime=0))
