"""Makes the alerts of a gateway from its configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from gateway.alerts.mail import Postbox
from gateway.alerts.memory import Memory
from gateway.alerts.post import Post
from gateway.alerts.texting import Texting
from gateway.alerts.watchman import Alerts
from gateway.backed_up import faults, last
from gateway.bell import Bell
from gateway.config import Config
from gateway.model import Clock
from gateway.numbers import Identify
from gateway.own_texts import OwnTexts
from gateway.section import AlertsSection
from gateway.sender import Radio
from gateway.store import Database
from policy import PolicySettings


def alerts_of(
    config: Config,
    database: Database,
    texts: OwnTexts,
    settings: PolicySettings,
    radios: Sequence[Radio],
    bell: Bell,
    clock: Clock,
) -> Alerts:
    """Return what looks for trouble and tells people."""
    section, postbox = config.alerts, postbox_of(config.alerts)
    texting = None
    if section.sms_to:
        texting = Texting(database, texts, Identify(settings), bell, clock, section.sms_to)
    path, began = config.store.path, clock()
    return Alerts(
        gateway=config.gateway.name,
        database=database,
        settings=settings,
        radios=radios,
        clock=clock,
        memory=Memory.of(path),
        disk=path.parent,
        patience=timedelta(minutes=section.after_minutes),
        remind_after=timedelta(hours=section.remind_hours),
        post=None if postbox is None else Post.of(postbox, path, clock),
        texting=texting,
        backed_up=lambda: last(path) or began,  # as good as: nothing was there to back up before
        backup_fault=lambda: faults(path),
    )


def postbox_of(section: AlertsSection) -> Postbox | None:
    """Return the way for letters; None where nobody is to get any."""
    if section.smtp_host is None or not section.mail_to:
        return None
    return Postbox(
        host=section.smtp_host,
        port=section.smtp_port,
        security=section.smtp_security,
        sender=section.mail_from,
        recipients=section.mail_to,
        user=section.smtp_user,
        password_file=section.smtp_password_file,
        authorities=section.smtp_authorities,
    )
