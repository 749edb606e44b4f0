"""All commands together. What needs the daemon's code imports it when it runs, not before."""

from __future__ import annotations

from gateway.cli import (
    alerts,
    approvals,
    auditing,
    backups,
    batches,
    compliance,
    consents,
    contacts,
    doctor,
    doubts,
    escrow,
    groups,
    inbox,
    incidents,
    init,
    keys,
    lexicon,
    messages,
    modems,
    optouts,
    pdu,
    people,
    policy,
    sending,
    serve,
    sim,
    status,
    subjects,
    templates,
    violations,
)
from gateway.cli.commands import empty
from gateway.cli.demo import command as demo

app = empty()
serve.add_to(app)
init.add_to(app)
demo.add_to(app)
status.add_to(app)
doctor.add_to(app)
messages.add_to(app)
inbox.add_to(app)
backups.add_to(app)
compliance.add_to(app)
app.add_typer(escrow.app, name="escrow")
app.add_typer(batches.app, name="batch")
app.add_typer(people.app, name="person")
app.add_typer(keys.app, name="key")
app.add_typer(templates.app, name="template")
app.add_typer(approvals.app, name="approval")
app.add_typer(consents.app, name="consent")
app.add_typer(contacts.app, name="contact")
app.add_typer(groups.app, name="group")
app.add_typer(optouts.app, name="opt-out")
app.add_typer(doubts.app, name="doubt")
app.add_typer(auditing.app, name="audit")
app.add_typer(subjects.app, name="subject")
app.add_typer(incidents.app, name="incident")
app.add_typer(modems.app, name="modem")
app.add_typer(alerts.app, name="alert")
app.add_typer(sim.app, name="sim")
app.add_typer(pdu.app, name="pdu")
app.add_typer(lexicon.app, name="lexicon")
app.add_typer(policy.app, name="policy")
app.add_typer(sending.app, name="sending")
app.add_typer(violations.app, name="violation")
