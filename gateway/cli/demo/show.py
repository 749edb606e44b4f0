"""How the demo looks: each step says what it proves, and ticks only what was seen outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gateway.cli.exits import Stop
from gateway.cli.output import screen, shown
from gateway.cli.problems import ApiProblem


class Unproven(Exception):
    """What a step claims was not seen."""


@dataclass(slots=True)
class Step:
    """One step, and what was seen of it."""

    title: str
    claim: str
    saw: list[str] = field(default_factory=list)
    seconds: float = 0.0
    problem: str | None = None


@dataclass(slots=True)
class Show:
    """Prints the steps as they happen; `quiet` only keeps them."""

    quiet: bool
    steps: list[Step] = field(default_factory=list)

    @property
    def failed(self) -> Step | None:
        """The step that was not proven."""
        return next((step for step in self.steps if step.problem is not None), None)

    @contextmanager
    def step(self, title: str, claim: str) -> Iterator[None]:
        """Show a step; what was not seen, or a gateway that refuses or is gone, ends it as `Unproven`."""
        step = Step(title, claim)
        self.steps.append(step)
        self._print(f"\n[bold]{len(self.steps):2}  {title}[/]\n    [dim]{claim}[/]")
        began = time.monotonic()
        try:
            with self._waiting():
                yield
        except (Unproven, Stop, ApiProblem) as exc:
            step.problem = str(exc)
            self._print("    [bold red]✗[/]", step.problem)
            raise Unproven(step.problem) from exc
        finally:
            step.seconds = round(time.monotonic() - began, 2)

    def saw(self, what: str) -> None:
        """Tick something that was seen."""
        self.steps[-1].saw.append(what)
        self._print("    [green]✓[/]", what)

    def check(self, seen: object, what: str) -> None:
        """Tick `what` if it was seen; else the step is not proven."""
        if not seen:
            raise Unproven(f"this did not hold: {what}")
        self.saw(what)

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        if not self.quiet:
            screen().print(shown(sentence), soft_wrap=True)

    def _print(self, marked: str, *text: str) -> None:
        if not self.quiet:
            screen().print(marked, *map(shown, text), soft_wrap=True)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        if self.quiet or not screen().is_terminal:
            yield
            return
        with screen().status("    …", spinner="dots"):
            yield
