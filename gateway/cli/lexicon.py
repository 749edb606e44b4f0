"""`schoolgate lexicon`: the organisation's own words, changed by two people (2.2, 5.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.exits import Exit, Stop
from gateway.cli.options import ConfigOption, JsonOption, KeyFileOption, connected
from gateway.cli.output import listing, print_json, say, when

app = typer.Typer(
    help="The organisation's own words, beside the shipped ones (2.2, 5.3).", no_args_is_help=True
)


@app.command()
def show(config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False) -> None:
    """Print the document that is in force: change a copy of it, and propose that."""
    found = connected(config, key_file).get("/v1/lexicon")
    if as_json:
        print_json(found)
    elif found["version"]:
        say(found["document"].rstrip("\n"))
    else:
        say("# None yet: texts are judged by the shipped words alone.")


@app.command()
def propose(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML: glossary, [tone], [content.THEME].")],
    config: ConfigOption = None,
    key_file: KeyFileOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Propose a whole new document; it is in force once another person approves it."""
    try:
        document = file.read_text(encoding="utf-8")
    except ValueError as exc:
        raise Stop(Exit.USAGE, f"{file}: {exc}; it must be TOML in UTF-8") from exc
    made = connected(config, key_file).post("/v1/lexicon", {"document": document})
    if as_json:
        print_json(made)
    else:
        say(f"Version {made['version']} is proposed. A second person decides: schoolgate approval list")


@app.command()
def history(
    config: ConfigOption = None, key_file: KeyFileOption = None, *, as_json: JsonOption = False
) -> None:
    """List every version, newest first."""
    page = connected(config, key_file).get("/v1/lexicon/history")
    if as_json:
        print_json(page)
        return
    rows = (
        (v["version"], v["status"], v["author"], v["approver"], when(v["published_at"]), when(v["ended_at"]))
        for v in page["items"]
    )
    listing("Own words", ("version", "status", "author", "approver", "from", "until"), rows)
