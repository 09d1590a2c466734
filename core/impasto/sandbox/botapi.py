"""The Bot API over HTTP: token, parameters, method, answer; every refused request is kept on record."""

from __future__ import annotations

import logging
import re
from typing import Any, Final

from aiohttp import web

from impasto.sandbox.errors import Refusal, Refused
from impasto.sandbox.methods import METHODS, Call
from impasto.sandbox.parameters import checked
from impasto.sandbox.reading import Body, read_body
from impasto.sandbox.trouble import DOWNLOAD, UNSURE, CarryOut, Troubles
from impasto.sandbox.world import World

log = logging.getLogger(__name__)

_TOKEN: Final = re.compile(r"\d{3,}:[\w-]{20,}")


class BotApi:
    """Answers /bot<token>/<method> and /file/bot<token>/<path>."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.refusals: list[Refusal] = []
        self.troubles = Troubles()
        self._unsure: set[str] = set()
        """Requests whose answers were lost: made again, they may be refused through no fault of the bot."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for the application."""
        return [
            web.route("*", "/bot{token}/{method}", self._call),
            web.get("/file/bot{token}/{path:.+}", self._download),
        ]

    def _check_token(self, request: web.Request) -> None:
        token = request.match_info["token"]
        if not _TOKEN.fullmatch(token):
            raise Refused(404, "Not Found")
        if token != self._world.token:
            raise Refused(401, "Unauthorized")

    async def _call(self, request: web.Request) -> web.StreamResponse:
        return await self._troubled(request.match_info["method"], request, lambda: self._answer(request))

    async def _download(self, request: web.Request) -> web.StreamResponse:
        return await self._troubled(DOWNLOAD, request, lambda: self._file(request))

    async def _troubled(self, method: str, request: web.Request, carry_out: CarryOut) -> web.StreamResponse:
        trouble = self.troubles.of(method)
        return await carry_out() if trouble is None else await trouble(request, carry_out)

    async def _answer(self, request: web.Request) -> web.Response:
        body = Body()
        try:
            self._check_token(request)
            body = await read_body(request, self._world.files.upload_bytes)
            if UNSURE in request:
                self._unsure.add(_same(request, body))
            return web.json_response({"ok": True, "result": await self._carried_out(request, body)})
        except Refused as refused:
            if not refused.blameless and _same(request, body) not in self._unsure:
                self._record(request.match_info["method"], body, refused)
            return web.json_response(refused.body(), status=refused.code)
        except ConnectionResetError:  # the bot was killed
            raise
        except Exception:
            log.exception("the sandbox failed in %s", request.match_info["method"])
            fault = Refused(500, "Internal Server Error")
            self._record(request.match_info["method"], body, fault)
            return web.json_response(fault.body(), status=fault.code)

    async def _carried_out(self, request: web.Request, body: Body) -> Any:
        method = METHODS.get(request.match_info["method"].lower())
        if method is None:
            raise Refused(404, "Not Found: method not found")
        uploads = dict(body.files)
        values = checked(method.name, body.values, uploads)
        return await method.handler(self._world, Call(values, uploads))

    def _record(self, method: str, body: Body, refused: Refused) -> None:
        names = sorted({*body.values, *(name for name, _ in body.files)})
        self.refusals.append(Refusal(method, tuple(names), refused.code, refused.description))
        log.warning("refused %s(%s): %s", method, ", ".join(names), refused.description)

    async def _file(self, request: web.Request) -> web.Response:
        try:
            self._check_token(request)
            stored = self._world.files.at(request.match_info["path"])
            if stored is None or self._world.files.is_local:
                raise Refused(404, "Not Found")
            self._world.files.downloadable(stored.file_id)
        except Refused as refused:
            return web.json_response(refused.body(), status=refused.code)
        return web.Response(body=stored.data, content_type="application/octet-stream")


def _same(request: web.Request, body: Body) -> str:
    """What a request has in common with itself when it is made again."""
    return repr((request.match_info["method"], sorted(body.values.items())))
