"""What the API offers about templates; a part of the table in `api.routes`."""

from __future__ import annotations

from typing import Any, Final

from api.approval_routes import DECIDING
from api.handlers import templates
from api.route import Route
from api.schema.base import Listing, Nothing
from api.schema.templates import NewTemplate, Preview, Template, TemplateFilter, Values
from gateway.records import Scope

TEMPLATE_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "GET", "/v1/templates", templates.templates, Scope.TEMPLATES_READ, TemplateFilter, Listing[Template]
    ),
    Route(
        "POST",
        "/v1/templates",
        templates.draft_template,
        Scope.TEMPLATES_WRITE,
        NewTemplate,
        Template,
        status=201,
        conditional=True,
    ),
    Route("GET", "/v1/templates/{id}", templates.template, Scope.TEMPLATES_READ, Nothing, Template),
    Route(
        "POST",
        "/v1/templates/{id}/preview",
        templates.preview_template,
        Scope.TEMPLATES_READ,
        Values,
        Preview,
    ),
    Route(
        "POST",
        "/v1/templates/{id}/approve",
        templates.approve_template,
        Scope.TEMPLATES_APPROVE,
        Nothing,
        Template,
        conditional=True,
        codes=("NOT_A_DRAFT", *DECIDING, "TEMPLATE_UNSOUND"),
    ),
    Route(
        "POST",
        "/v1/templates/{id}/retire",
        templates.retire_template,
        Scope.TEMPLATES_APPROVE,
        Nothing,
        Template,
        conditional=True,
    ),
)
