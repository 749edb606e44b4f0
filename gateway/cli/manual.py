"""What is made from the code: the man page, shell completions, and docs/configuration.md.

`python -m gateway.cli.manual man|bash|zsh|fish|configuration` prints one of them.
"""

from __future__ import annotations

import ast
import inspect
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typer.main import get_command

from gateway.cli.app import app
from gateway.config import Config

Command = Any  # typer's own classes for commands are not public
_FILES: Final = {
    "/etc/schoolgate/schoolgate.toml": "the configuration",
    "/etc/schoolgate/policy.toml": "the organisation's policy",
    "/etc/schoolgate/schoolgate.keys": "the keys that open the store; of root, keep a copy elsewhere",
    "/etc/schoolgate/pins/": "the SIMs' PINs; of root",
    "/var/lib/schoolgate/": "the database",
    "/var/backups/schoolgate/": "backups",
}


def leaves(command: Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Command]]:
    """Yield every command that does something, with the words that lead to it."""
    for name, each in getattr(command, "commands", {}).items():
        if not each.hidden:
            yield from leaves(each, (*path, name)) if hasattr(each, "commands") else [((*path, name), each)]


def options(command: Command) -> Iterator[tuple[list[str], str, str]]:
    """Yield each option's spellings, what stands for its value, and its help."""
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.hidden:
            value = "" if parameter.is_flag else (parameter.metavar or parameter.name).upper()
            yield list(parameter.opts), value, (parameter.help or "").replace("\\[", "[")


def man() -> str:
    """Return the man page in roff."""
    lines = [
        ".TH SCHOOLGATE 1",
        ".SH NAME",
        "schoolgate \\- text messages for a school, checked against its policy",
    ]
    lines += [".SH SYNOPSIS", ".B schoolgate", ".I COMMAND", "[\\fIOPTIONS\\fR]", ".SH COMMANDS"]
    for path, command in leaves(get_command(app)):
        arguments = [p.metavar or p.name.upper() for p in command.params if p.param_type_name == "argument"]
        lines += [
            ".TP",
            ".B " + _roff(" ".join(["schoolgate", *path])) + " \\fR" + _roff(" ".join(arguments)),
        ]
        lines += [_roff(" ".join((command.help or "").split()))]
        for spellings, value, text in options(command):
            lines += [".br", _roff(f"{', '.join(spellings)} {value}".strip() + f": {text}")]
    lines += [".SH CONFIGURATION", "The keys of the configuration, by section:"]
    for section, name, _, _, meaning in settings():
        lines += [".TP", f".B {_roff(section)} {_roff(name)}", _roff(meaning)]
    lines += [".SH FILES"]
    for file, text in _FILES.items():
        lines += [".TP", ".I " + _roff(file), _roff(text)]
    lines += [".SH EXIT STATUS", _roff(app.info.epilog or "")]
    return "\n".join(lines) + "\n"


def bash() -> str:
    """Return a completion for bash: words of commands, then options and files."""
    cases = "\n".join(f"    '{path}') words='{' '.join(words)}' ;;" for path, words in _words().items())
    return f"""# bash completion for schoolgate
_schoolgate() {{
  local path='' word words
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in -*) ;; *) path="${{path:+$path }}$word" ;; esac
  done
  while :; do
    case $path in
{_indent(cases)}
      *) [[ $path == *' '* ]] || break; path=${{path% *}}; continue ;;
    esac
    break
  done
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
  [[ ${{#COMPREPLY[@]}} -eq 0 ]] && COMPREPLY=($(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -F _schoolgate schoolgate
"""


def zsh() -> str:
    """Return a completion for zsh, which can use the one for bash."""
    return "#compdef schoolgate\nautoload -U +X bashcompinit && bashcompinit\n" + bash()


def fish() -> str:
    """Return a completion for fish."""
    lines = ["# fish completion for schoolgate"]
    for path, words in _words().items():
        seen = (
            " ; and ".join(f"__fish_seen_subcommand_from {word}" for word in path.split())
            or "__fish_use_subcommand"
        )
        lines += [f"complete -c schoolgate -n '{seen}' -f -a '{' '.join(words)}'"]
    return "\n".join(lines) + "\n"


def _words() -> dict[str, list[str]]:
    """Return what may follow each sequence of words."""
    found: dict[str, list[str]] = {"": []}
    for path, command in leaves(get_command(app)):
        for length in range(len(path)):
            following = found.setdefault(" ".join(path[:length]), [])
            if path[length] not in following:
                following.append(path[length])
        found[" ".join(path)] = [spelling for spellings, _, _ in options(command) for spelling in spellings]
    return found


def settings() -> Iterator[tuple[str, str, str, str, str]]:
    """Yield section, key, type, default and meaning of every setting."""
    for section, field in Config.model_fields.items():
        repeated = get_origin(field.annotation) is tuple
        model = get_args(field.annotation)[0] if repeated else field.annotation
        assert isinstance(model, type)  # noqa: S101 - every section is a model
        assert issubclass(model, BaseModel)  # noqa: S101
        meanings = _meanings(model)
        for name, each in model.model_fields.items():
            title = f"[[{section}]]" if repeated else f"[{section}]"
            yield title, name, _type(each), _default(each), meanings.get(name, "")


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return what stands below each key in the source."""
    (defined,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(defined, ast.ClassDef)  # noqa: S101 - it is a model at the top of a module
    return {
        ast.unparse(key.target): " ".join(str(ast.literal_eval(below.value)).split())
        for key, below in pairwise(defined.body)
        if isinstance(key, ast.AnnAssign) and isinstance(below, ast.Expr)
    }


def configuration() -> str:
    """Return docs/configuration.md."""
    lines = [
        "# Configuration",
        "",
        "One TOML file. `make docs` makes this page from the settings, and a test compares them.",
        "An unknown key is an error that names its line. Relative paths are relative to the file.",
        "`schoolgate check-config` checks all of it. `systemctl reload schoolgate` takes up",
        "`[policy]` and the policy file; the rest needs a restart, and says so.",
    ]
    section = ""
    for title, name, kind, default, meaning in settings():
        if title != section:
            section = title
            lines += ["", f"## `{title}`", "", "| key | type | default | meaning |", "|---|---|---|---|"]
        lines.append(f"| `{name}` | {kind} | {default} | {meaning} |")
    return "\n".join(lines) + "\n"


def _type(field: FieldInfo) -> str:
    parts = [_limit(each) for each in field.metadata]
    return ", ".join([_name(field.annotation), *(part for part in parts if part)]).replace("|", "\\|")


def _name(kind: Any) -> str:  # noqa: ANN401 - a type
    plain = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}
    plain |= {IPv4Network: "network"}
    if kind in plain:
        return plain[kind]
    given = get_args(kind)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f"`{each}`" for each in given)
    if get_origin(kind) in (Union, types.UnionType):
        return _name(next(each for each in given if each is not type(None)))
    if get_origin(kind) is tuple:
        return f"list of {_name(given[0])}s"
    return _name(given[0]) if given else str(kind)


def _limit(rule: Any) -> str:  # noqa: ANN401 - pydantic's and annotated-types' rules
    words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    said = [
        f"{word} {getattr(rule, key):g}"
        for key, word in words.items()
        if getattr(rule, key, None) is not None
    ]
    pattern = getattr(rule, "pattern", None)
    return ", ".join(said + ([f"like `{pattern}`"] if pattern else []))


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "must be given"
    if field.default is None:
        return "none"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if isinstance(field.default, str | Path):
        return f'`"{field.default}"`'
    return f"`{list(field.default)}`" if isinstance(field.default, tuple) else f"`{field.default}`"


def _roff(text: str) -> str:
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    escaped = "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in plain)
    return "\\&" + escaped if escaped.startswith((".", "'")) else escaped


def _indent(text: str) -> str:
    return "\n".join("  " + line for line in text.splitlines())


MAKERS: Final[Mapping[str, Callable[[], str]]] = {
    "man": man, "bash": bash, "zsh": zsh, "fish": fish, "configuration": configuration,
}  # fmt: skip

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in MAKERS:
        sys.exit(f"usage: python -m gateway.cli.manual {'|'.join(MAKERS)}")
    sys.stdout.write(MAKERS[sys.argv[1]]())
