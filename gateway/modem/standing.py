"""What is known of one modem at this moment, how that has changed of late, and who wants to hear of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Unpack

from gateway.model import FLAPPING, Clock, ModemPhase, ModemState
from gateway.modem.facts import Facts

_SAMPLE: Final = timedelta(minutes=5)
_SAMPLES: Final = 288  # a day
_SPAN: Final = timedelta(hours=1)
_HOME: Final = {"home", "roaming"}


class Trend:
    """The signal of a day and the losses of the network of an hour, both bounded."""

    def __init__(self) -> None:
        """Begin without a past."""
        self._signals: deque[tuple[datetime, int]] = deque(maxlen=_SAMPLES)
        self._lost: deque[datetime] = deque(maxlen=_SAMPLES)

    def learn(self, before: ModemState, facts: Facts, now: datetime) -> None:
        """Add to `facts` what follows from them."""
        signal = facts.get("signal_dbm")
        if signal is not None and (not self._signals or now - self._signals[-1][0] >= _SAMPLE):
            self._signals.append((now, signal))
            facts["signals"] = tuple(self._signals)
        word = facts.get("registration")
        if word is not None and before.registration in _HOME and word not in _HOME | {"unknown"}:
            self._lost.append(now)
        while self._lost and now - self._lost[0] > _SPAN:
            self._lost.popleft()
        facts["network_losses"] = len(self._lost)


def flapping(state: ModemState) -> str:
    """Say that the network comes and goes; empty while it does not."""
    if state.network_losses < FLAPPING:
        return ""
    return f"the network was lost {state.network_losses} times within an hour: look at the antenna"


class Standing:
    """The state, and its listeners."""

    def __init__(self, state: ModemState, clock: Clock) -> None:
        """Begin with `state`."""
        self.state = state
        self._clock = clock
        self._trend = Trend()
        self._listeners: list[Callable[[ModemState], None]] = []

    @property
    def excuse(self) -> str:
        """Say why the modem cannot be used now."""
        if self.state.phase is ModemPhase.READY:  # between two looks: what it says of itself is old
            return "the modem takes nothing now"
        return self.state.detail or f"the modem is {self.state.phase.value}"

    def subscribe(self, listener: Callable[[ModemState], None]) -> Callable[[], None]:
        """Call `listener` with every new state, in the step of the change; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def report(self, **facts: Unpack[Facts]) -> None:
        """Make `facts` part of the state."""
        if "signal_dbm" in facts or "registration" in facts:
            self._trend.learn(self.state, facts, self._clock())
        if all(getattr(self.state, key) == value for key, value in facts.items()):
            return
        entered = facts.get("phase", self.state.phase) is not self.state.phase
        since = self._clock() if entered else self.state.since
        self.state = replace(self.state, since=since, **facts)
        for listener in tuple(self._listeners):
            listener(self.state)
