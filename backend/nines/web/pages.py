"""The built front end: static files, and `index.html` for every page it routes itself.

The whole build is a few megabytes and is kept in memory, so an answer waits for no disk
and no request can name a file that is not part of it.
"""

import base64
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_ENCODINGS = {"br": ".br", "gzip": ".gz"}  # Best first.
_INLINE_SCRIPT = re.compile(
    rb"<script(?![^>]*\bsrc\s*=)[^>]*>(.*?)</script", re.DOTALL | re.IGNORECASE
)
_REFUSED = re.compile(r";q=0(\.0*)?$")
_NOT_BUILT = """<!doctype html><html lang="ja"><meta charset="utf-8">
<title>Nines</title><h1>Nines</h1>
<p lang="ja">画面がまだビルドされていません。<code>make up</code> を実行するか、
<code>frontend</code> フォルダで <code>npm ci &amp;&amp; npm run build</code>
を実行して、このページを再読み込みしてください。</p>
<p lang="en">The front end has not been built yet. Run <code>make up</code>, or
<code>npm ci &amp;&amp; npm run build</code> in the folder <code>frontend</code>,
then load this page again.</p></html>"""


@dataclass(frozen=True)
class Asset:
    media_type: str
    etag: str
    bodies: Mapping[str, bytes]  # By encoding; "" is the file itself.
    forever: bool


@dataclass
class Pages:
    """An ASGI application. A new build is noticed by its `index.html`."""

    folder: Path
    _built: int = 0
    _assets: dict[str, Asset] = field(default_factory=dict)
    policy: str = ""

    def __post_init__(self) -> None:
        self._is_fresh()  # So that the first visitor need not wait for it.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        response = self.answer(scope["method"], scope["path"], headers)
        await response(scope, receive, send)

    def answer(self, method: str, path: str, headers: Headers) -> Response:
        if path.startswith("/api/"):
            nothing = {"error": "not_found", "detail": "There is nothing here."}
            return JSONResponse(nothing, 404)
        if method not in ("GET", "HEAD"):
            wrong = {"error": "method_not_allowed", "detail": "Pages are only read."}
            return JSONResponse(wrong, 405, {"Allow": "GET, HEAD"})
        if not self._is_fresh():
            return HTMLResponse(_NOT_BUILT, 503)
        asset = self._assets.get(path)
        if asset is None and "." in path.rpartition("/")[2]:
            return Response(f"No such file: {path}", 404, media_type="text/plain")
        return self._send(asset or self._assets["/index.html"], headers)

    def _send(self, asset: Asset, headers: Headers) -> Response:
        accepted = _accepted(headers.get("accept-encoding", "")) | {""}
        encoding = next(each for each in asset.bodies if each in accepted)
        shown = {
            "Cache-Control": _FOREVER if asset.forever else _ASK_AGAIN,
            "ETag": f'"{asset.etag}{encoding}"',
            "Vary": "Accept-Encoding",
        }
        if asset.media_type == "text/html":
            shown["Content-Security-Policy"] = self.policy
        if shown["ETag"] in re.split(r",\s*", headers.get("if-none-match", "")):
            return Response(status_code=304, headers=shown)
        if encoding:
            shown["Content-Encoding"] = encoding
        return Response(
            asset.bodies[encoding], headers=shown, media_type=asset.media_type
        )

    def _is_fresh(self) -> bool:
        """Read the folder again if it was built again; False if it is not built."""
        index = self.folder / "index.html"
        try:
            built = index.stat().st_mtime_ns
            if built != self._built:
                self._assets = _assets(self.folder)
                self.policy = content_security_policy(index.read_bytes())
                self._built = built
        except FileNotFoundError:
            self._built = 0
        return self._built > 0


def content_security_policy(page: bytes) -> str:
    """What `page` may do: run our files and exactly the scripts written into it.

    Styles may be inline because a terminal writes its own.
    """
    digests = [
        base64.b64encode(hashlib.sha256(script).digest()).decode()
        for script in _INLINE_SCRIPT.findall(page)
    ]
    scripts = " ".join(["'self'", *(f"'sha256-{each}'" for each in digests)])
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def _assets(folder: Path) -> dict[str, Asset]:
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix not in _ENCODINGS.values():
            path = "/" + file.relative_to(folder).as_posix()
            data = file.read_bytes()
            found[path] = Asset(
                media_type=_media_type(file),
                etag=hashlib.sha256(data).hexdigest()[:20],
                bodies=_encoded(file) | {"": data},
                forever=path.startswith("/_app/immutable/"),
            )
    found["/"] = found["/index.html"]
    return found


def _encoded(file: Path) -> dict[str, bytes]:
    beside = {
        name: file.with_name(file.name + suffix) for name, suffix in _ENCODINGS.items()
    }
    return {name: each.read_bytes() for name, each in beside.items() if each.is_file()}


def _media_type(file: Path) -> str:
    if file.suffix in (".js", ".mjs"):
        return "text/javascript"
    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _accepted(header: str) -> set[str]:
    parts = [each.replace(" ", "").lower() for each in header.split(",")]
    return {each.partition(";")[0] for each in parts if not _REFUSED.search(each)}
