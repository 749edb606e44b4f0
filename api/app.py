"""The application: the route table, one middleware for errors, no global state."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CollectorRegistry

from api.govuk import add_routes
from api.limits import LEFT, Limits
from api.metrics import Meters
from api.problems import REQUEST_ID, SPOKEN, problems
from api.route import IDENT, LARGE, bound
from api.routes import ROUTES
from gateway.config import KannelSection
from gateway.model import Clock
from gateway.usecases import UseCases


def build_app(
    use_cases: UseCases,
    *,
    registry: CollectorRegistry,
    clock: Clock,
    per_minute: int,
    kannel: KannelSection | None = None,
) -> web.Application:
    """Return the API as an application; metrics go to `registry`, which must be fresh.

    `per_minute`: how many requests one key may make; `kannel`: whether and how its address is answered.
    """
    app = web.Application(middlewares=[problems(clock)], client_max_size=LARGE)
    app[SPOKEN] = set()
    meters, limits = Meters(registry), Limits(per_minute)
    for route in ROUTES:
        path = route.path.replace("{id}", f"{{id:{IDENT}}}")
        handler = bound(route, use_cases, meters, limits, clock)
        app.router.add_route(route.method, path, handler)
        if route.method == "GET":
            app.router.add_route("HEAD", path, handler)
    add_routes(app, use_cases, meters, limits, clock)
    if kannel is not None and kannel.enabled:
        from api.kannel import add_route  # only where it is wanted

        add_route(app, kannel, use_cases, meters, limits, clock)
    app.on_response_prepare.append(_headers)

    async def close(_app: web.Application) -> None:
        use_cases.events.close()

    app.on_shutdown.append(close)
    return app


async def _headers(request: web.Request, response: web.StreamResponse) -> None:
    if isinstance(response, web.HTTPExpectationFailed):  # no middleware sees it, and it repeats the header
        response.body = b""
        response.headers["Content-Length"] = "0"
    if REQUEST_ID in request:
        response.headers["X-Request-Id"] = request[REQUEST_ID]
    response.headers.update(request.get(LEFT, {}))
    response.headers.popall("Server", None)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
