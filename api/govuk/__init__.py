"""The API of GOV.UK Notify for text messages, on the same policy.

Its clients work unchanged with another base URL and key.

What it cannot say in Notify's words (clauses, holds) is in the sentences of its errors; the rest is /v1.
"""

from api.govuk.routes import GOVUK_ROUTES, add_routes

__all__ = ["GOVUK_ROUTES", "add_routes"]
