"""The application: the route table, one middleware for errors, no global state."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CollectorRegistry

from api.metrics import Meters
from api.problems import problems
from api.route import IDENT, LARGE, bound
from api.routes import ROUTES
from gateway.model import Clock
from gateway.usecases import UseCases


def build_app(use_cases: UseCases, *, registry: CollectorRegistry, clock: Clock) -> web.Application:
    """Return the API as an application; metrics go to `registry`, which must be fresh."""
    app = web.Application(middlewares=[problems(clock)], client_max_size=LARGE)
    meters = Meters(registry)
    for route in ROUTES:
        path = route.path.replace("{id}", f"{{id:{IDENT}}}")
        handler = bound(route, use_cases, meters)
        app.router.add_route(route.method, path, handler)
        if route.method == "GET":
            app.router.add_route("HEAD", path, handler)
    app.on_response_prepare.append(_headers)
    return app


async def _headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
