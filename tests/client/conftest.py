"""The client is tested against the real daemon, as the API is."""

from tests.api.conftest import api, furnished

__all__ = ["api", "furnished"]
