"""The HTTP API: from requests to use cases and back. It knows neither the radio nor the database."""

from api.app import build_app
from api.server import CannotListen, serve

__all__ = ["CannotListen", "build_app", "serve"]
