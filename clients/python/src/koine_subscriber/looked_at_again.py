"""Refused versions that may turn out well without a new announcement."""

from dataclasses import dataclass

from koine_subscriber.events import Update

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 600.0


@dataclass
class _Waiting:
    update: Update
    due: float
    pause: float


class LookedAtAgain:
    """Each with growing pauses. For one thread; times are seconds of a clock that does not jump."""

    def __init__(self) -> None:
        self._versions: dict[int, _Waiting] = {}

    def note(self, update: Update, now: float) -> None:
        """Notes a version that was refused; one that is known goes on with its pauses."""
        self._versions.setdefault(update["version"], _Waiting(update, now + _FIRST_PAUSE, 2 * _FIRST_PAUSE))

    def due(self, now: float) -> list[Update]:
        """Those whose pause is over, which begins anew."""
        due = [waiting for waiting in self._versions.values() if waiting.due <= now]
        for waiting in due:
            waiting.due = now + waiting.pause
            waiting.pause = min(2 * waiting.pause, _LONGEST_PAUSE)
        return [waiting.update for waiting in due]

    def forget(self, version: int) -> None:
        self._versions.pop(version, None)

    def forget_up_to(self, version: int) -> None:
        """Forgets a version and all that are older."""
        self._versions = {number: waiting for number, waiting in self._versions.items() if number > version}
