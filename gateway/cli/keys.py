"""`schoolgate key`: API keys, each acting for one person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.direct import user, with_access
from gateway.cli.options import ConfigOption, JsonOption, write_secret
from gateway.cli.output import listing, print_json, say, screen, when

if TYPE_CHECKING:
    from gateway.access import Access
    from gateway.records import KeyView

app = typer.Typer(help="API keys; each acts for a named person.", no_args_is_help=True)


@app.command()
def create(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="The person it acts for.")],
    label: Annotated[str, typer.Option(help="What it is for, such as 'office PC'.")],
    kind: Annotated[
        str, typer.Option(help="live reaches the radio, team only the guest list, test no radio.")
    ] = "live",
    scope: Annotated[list[str] | None, typer.Option(help="Only so much; several times.")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="Only for this; several times.")] = None,
    template: Annotated[list[str] | None, typer.Option(help="Only this one; several times.")] = None,
    networks: Annotated[
        list[str] | None, typer.Option("--from", help="Only from this network (10.1.0.0/16); several times.")
    ] = None,
    days: Annotated[int, typer.Option(help="How long it lasts.")] = 365,
    per_minute: Annotated[int | None, typer.Option(help="The most recipients in a minute.")] = None,
    daily: Annotated[int | None, typer.Option(help="The most recipients in a day.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write it to a new file that only you can read.")] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a key. It is shown this once, or written to --out."""
    from gateway.records import KeyKind

    async def work(access: Access) -> tuple[KeyView, str]:
        view, token = await access.create_key(
            handle,
            kind=KeyKind(kind),
            label=label,
            scopes=scope or None,
            purposes=purpose or None,
            templates=template or None,
            networks=networks or None,
            days=days,
            per_minute=per_minute,
            daily=daily,
            by=user(),
        )
        if out is not None:
            await _kept(access, view, out, token)
        return view, token

    if kind not in tuple(KeyKind):
        raise typer.BadParameter(f"is one of {', '.join(KeyKind)}", param_hint="--kind")
    view, token = with_access(config, work)
    _shown(view, token, out, as_json=as_json)


def _shown(view: KeyView, token: str, out: Path | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"key": view, "file": str(out)} if out else {"key": view, "token": token})
    elif out is not None:
        say(f"Key {view.id} for {view.handle}, until {when(view.expires_at)[:10]}, is in {out}.")
    else:
        say(f"Key {view.id} for {view.handle}, until {when(view.expires_at)[:10]}; it is not shown again:")
        screen().print(token, soft_wrap=True, markup=False)


async def _kept(access: Access, view: KeyView, out: Path, token: str) -> None:
    """Write the key to its file; a key that nobody has is revoked at once."""
    try:
        write_secret(out, token)
    except BaseException:
        await access.revoke_key(view.id, by=user())
        raise


@app.command("list")
def every(
    handle: Annotated[str | None, typer.Argument(metavar="[HANDLE]", help="Only this person's.")] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List keys; never their secrets."""
    keys = with_access(config, lambda access: access.keys(handle))
    if as_json:
        print_json({"items": keys})
        return
    rows = (
        (
            *(k.id, k.handle, k.kind, k.label, f"{len(k.scopes)} scopes"),
            *(", ".join(k.networks or ("anywhere",)), _caps(k), when(k.expires_at), when(k.revoked_at)),
        )
        for k in keys
    )
    listing("Keys", ("key", "person", "kind", "label", "may", "from", "at most", "expires", "revoked"), rows)


def _caps(key: KeyView) -> str:
    caps = ((key.per_minute, "a minute"), (key.daily, "a day"))
    return ", ".join(f"{most} {span}" for most, span in caps if most is not None) or "-"


@app.command()
def rotate(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its id, as `key list` shows it.")],
    overlap: Annotated[
        int, typer.Option(min=0, max=30, help="For how many days the old one still works.")
    ] = 7,
    out: Annotated[Path | None, typer.Option(help="Write it to a new file that only you can read.")] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make another key that may do the same; the old one ends after the overlap."""

    async def work(access: Access) -> tuple[KeyView, str]:
        view, token = await access.rotate_key(key, timedelta(days=overlap), by=user())
        if out is not None:
            await _kept(access, view, out, token)
        return view, token

    view, token = with_access(config, work)
    _shown(view, token, out, as_json=as_json)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its id, as `key list` shows it.")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Refuse a key from the next request on."""
    view = with_access(config, lambda access: access.revoke_key(key, by=user()))
    if as_json:
        print_json(view)
    else:
        say(f"Key {view.id} of {view.handle} is revoked since {when(view.revoked_at)}.")
