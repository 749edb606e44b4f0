"""What can be foreseen to go wrong, as sentences and an exit code: nobody is shown a traceback for it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Any

from gateway.cli.exits import Exit, Stop


class ApiProblem(Exception):
    """The daemon refused: the HTTP status, and its `application/problem+json`."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.problem = problem


def explained(error: BaseException) -> Stop | None:
    """Return how to end for `error`; None for what nobody foresaw, which is a bug of ours."""
    stops = [_one(leaf) for leaf in _leaves(error)]
    known = [stop for stop in stops if stop is not None]
    if not known or len(known) < len(stops):
        return None
    sentences = dict.fromkeys(sentence for stop in known for sentence in stop.sentences)
    return Stop(known[0].code, *sentences)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _one(error: BaseException) -> Stop | None:
    if isinstance(error, Stop):
        return error
    if isinstance(error, ApiProblem):
        return refusal(error)
    return _configuration(error) or _use_case(error) or _radio(error) or _system(error)


def _configuration(error: BaseException) -> Stop | None:
    from gateway.backup import BackupUnusable
    from gateway.config import ConfigError
    from gateway.store import KeyFileError, StoreDamaged
    from gateway.store.schema_version import SchemaTooNew
    from policy import PolicyFileError

    match error:
        case PolicyFileError():
            return Stop(Exit.CONFIGURATION, *(f"{error.path}: {problem}" for problem in error.problems))
        case ConfigError():
            return Stop(Exit.CONFIGURATION, *str(error).splitlines())
        case BackupUnusable():
            return Stop(Exit.FAILED, str(error))
        case KeyFileError() | SchemaTooNew() | StoreDamaged():
            return Stop(Exit.CONFIGURATION, str(error))
    return None


def _use_case(error: BaseException) -> Stop | None:
    from gateway.errors import Conflict, Invalid, NotAuthenticated, NotFound
    from gateway.store import SealBrokenError, StoreUnavailable

    match error:
        case Invalid():
            return Stop(Exit.USAGE, *(f"{fault.field}: {fault.message}" for fault in error.faults))
        case NotFound():
            return Stop(Exit.FAILED, str(error))
        case Conflict():
            return Stop(Exit.FAILED, f"{error} ({error.code})")
        case NotAuthenticated():
            return Stop(Exit.NOT_PERMITTED, f"{error} ({error.code})")
        case StoreUnavailable():
            return Stop(Exit.TEMPORARY, str(error))
        case SealBrokenError():
            return Stop(Exit.CONFIGURATION, f"{error}: is it the key file that belongs to this database?")
    return None


def _radio(error: BaseException) -> Stop | None:
    from gateway.modem.errors import CommandFailed, ModemGone, PortBusy, PortDenied

    match error:
        case PortBusy():
            return Stop(Exit.TEMPORARY, str(error))
        case PortDenied():
            return Stop(Exit.NOT_PERMITTED, str(error))
        case ModemGone() | CommandFailed():
            return Stop(Exit.FAILED, str(error))
    return None


def _system(error: BaseException) -> Stop | None:
    from api.server import CannotListen

    if isinstance(error, CannotListen):
        cause = error.__cause__
        taken = isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE
        return Stop(Exit.TEMPORARY if taken else Exit.CONFIGURATION, str(error))
    if not isinstance(error, OSError) or isinstance(error, BrokenPipeError):
        return None
    where = f"{error.filename}: " if error.filename else ""
    code = Exit.NOT_PERMITTED if isinstance(error, PermissionError) else Exit.FAILED
    return Stop(code, f"{where}{error.strerror or error}")


def refusal(error: ApiProblem) -> Stop:
    """Return the daemon's refusal in its own words, with each clause and code."""
    problem = error.problem
    reasons, faults = problem.get("reasons") or [], problem.get("errors") or []
    if reasons:
        return Stop(_code(error.status, reasons), *(sentence(reason) for reason in reasons))
    if faults:
        return Stop(Exit.USAGE, *(f"{fault.get('field')}: {fault.get('message')}" for fault in faults))
    what = str(problem.get("detail") or problem.get("title") or f"the daemon answered {error.status}")
    code = f" ({problem['code']})" if problem.get("code") else ""
    return Stop(_code(error.status, ()), what + code)


def sentence(reason: dict[str, Any]) -> str:
    """Return a reason of the policy as a sentence with its code and clause."""
    return f"{reason.get('message', '')} ({reason.get('code')}, clause {reason.get('clause')})"


def _code(status: int, reasons: list[dict[str, Any]] | tuple[()]) -> Exit:
    if status in (401, 403):
        return Exit.NOT_PERMITTED
    if status in (429, 503) or (reasons and all(reason.get("retry") for reason in reasons)):
        return Exit.TEMPORARY
    return Exit.FAILED
