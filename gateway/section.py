"""What every section of the configuration is made with, and the section of alerts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_MailAddress = Annotated[str, Field(pattern=r"^[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,255}$")]


class Section(BaseModel):
    """A table of the file: unknown keys are errors, and what stands below a key documents it."""

    # Deferred: what is only part of another is not built for itself (here and elsewhere that saves 3 MB).
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class AlertsSection(Section):
    """`[alerts]`: who is told that something needs a person. Webhooks are in any case (`alert.raised`)."""

    mail_to: tuple[_MailAddress, ...] = ()
    """Who gets letters by e-mail."""
    mail_from: _MailAddress = "schoolgate@localhost.localdomain"
    """Who they are from."""
    smtp_host: str | None = None
    """The server that takes them. Without it there are none."""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    """587 with `starttls`, 465 with `tls`, 25 for a server that asks for neither."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """How the server is spoken to. With `none`, no user: a password is never sent in the open."""
    smtp_authorities: Path | None = None
    """Certificates (PEM) to trust beside those of the system, for a server of your own."""
    smtp_user: str | None = None
    """The user, where the server asks for one."""
    smtp_password_file: Path | None = None
    """A file with the password. A credential `schoolgate.smtp` goes before it."""
    sms_to: tuple[Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")], ...] = ()
    """Technicians' numbers, which get a text from a modem that is well; ten in a day at most."""
    after_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 10
    """How long a modem may be away."""
    remind_hours: Annotated[float, Field(ge=1, le=24 * 30)] = 24
    """When it is told again, as long as it lasts."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.mail_to and self.smtp_host is None:
            raise ValueError("mail_to needs smtp_host")
        if self.smtp_user is not None and self.smtp_security == "none":
            raise ValueError("smtp_user needs smtp_security starttls or tls: the password would be readable")
        return self
