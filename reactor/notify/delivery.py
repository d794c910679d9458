"""Giving notices to channels: all at the same time, none waited for longer than there is.

Where no channel has taken anything, the invocation fails, so that Lambda tries it again. Else what
a channel left over is handed on, for that channel alone: nobody is told twice for the sake of
another. What is lost all the same is told in an alarm. Findings are nobody's messages: to bring
them twice does no harm.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reactor.errors import ReactorError, Transient, Unanswered, as_ours, shorten
from reactor.gathering import Begun, Call
from reactor.model import Alarm, AlarmKind
from reactor.notify.notices import Notice
from reactor.notify.reports import Stand
from reactor.triggers.records import items, mapping

FINDINGS = "security-hub"  # the channel that may be given the same again
MOST_NOTICES = 200  # of one payload; an honest one has a dozen
# From an invocation to the next, each of which has told something. Lambda ends a chain of "about
# 16" as a loop (developer guide, recursive loop detection).
MOST_HANDED_ON = 8


@dataclass(frozen=True, slots=True)
class Message:
    """What an invocation of `notify` brings, as far as it is understood.

    Of what was handed on, `channels` are those that it is for, and `handed_on` is how often it was.
    """

    notices: tuple[Notice, ...] = ()
    stand: Stand | None = None
    said_stand: object = None  # as it came
    channels: frozenset[str] | None = None
    handed_on: int = 0

    @classmethod
    def of(cls, payload: object) -> "Message":
        """Read it off a payload, which may be anything."""
        said = mapping(payload)
        channels, stand = said.get("channels"), said.get("stand")
        read = (Notice.of(each) for each in items(said.get("notices"))[:MOST_NOTICES])
        return cls(
            tuple(each for each in read if each is not None),
            Stand.of(stand),
            stand,
            None
            if channels is None
            else frozenset(each for each in items(channels) if _is_text(each)),
            _times(said.get("handed_on")),
        )

    def rest(self, channel: str, positions: Iterable[int], run: str) -> dict[str, object]:
        """Return the payload that gives a channel what it left over, from this run of ours."""
        left: dict[str, object] = {"notices": [self.notices[each].describe() for each in positions]}
        if channel == FINDINGS:
            left = {"stand": self.said_stand}
        return {"asked_by": run, "channels": [channel], "handed_on": self.handed_on + 1, **left}


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of what a channel was given: `done` of `of` it took, as far as is known.

    `unsure`: it may have taken more. `left` are the positions of the notices that it did not take,
    where they are others than those after the ones done.
    """

    of: int
    done: int
    error: ReactorError | None = None
    unsure: bool = False
    left: Sequence[int] | None = None

    def describe(self) -> dict[str, object]:
        """Return it for the record."""
        error = None if self.error is None else shorten(self.error)
        return {"of": self.of, "delivered": self.done, "error": error}


Given = TypeVar("Given")
Begin = Callable[[Call], Begun]


def deliver(
    channels: Mapping[str, Callable[[], Delivered]],
    begin: Begin,
    seconds_left: Callable[[], float],
) -> dict[str, Delivered]:
    """Return what became of what each channel was given, by its name. Never raises."""
    begun = {name: begin(give) for name, give in channels.items()}
    return {name: _delivered(wait(max(0.0, seconds_left()))) for name, wait in begun.items()}


def alarms(delivered: Mapping[str, Delivered]) -> list[Alarm]:
    """Return an alarm for each channel that was not given all."""
    return [
        Alarm(
            AlarmKind.NOTICE_UNDELIVERED,
            f"{name} was not told: {shorten(each.error)}",
            each.error.remedy,
            {"channel": name, "lost": each.of - each.done, "of": each.of},
        )
        for name, each in delivered.items()
        if each.error is not None
    ]


def is_to_be_tried_again(delivered: Mapping[str, Delivered]) -> bool:
    """Tell whether another try may help, and can tell nobody twice."""
    messages = (each for name, each in delivered.items() if name != FINDINGS)
    nobody_told = all(not each.done and not each.unsure for each in messages)
    return nobody_told and any(isinstance(each.error, Transient) for each in delivered.values())


def left_over(delivered: Mapping[str, Delivered]) -> dict[str, Sequence[int]]:
    """Return which notices are to be handed on, by their positions, to which channels.

    None, where Lambda tries all of it again.
    """
    if is_to_be_tried_again(delivered):
        return {}
    return {
        name: range(each.done, each.of) if each.left is None else each.left
        for name, each in delivered.items()
        if isinstance(each.error, Transient) and not each.unsure
    }


def one_by_one(notices: Sequence[Given], give: Callable[[Given], None]) -> Delivered:
    """Give a channel one notice after another; after one that fails, no more are tried.

    Whoever did not take one is not asked for longer than that: others wait.
    """
    for done, notice in enumerate(notices):
        try:
            give(notice)
        except Exception as error:  # noqa: BLE001 - it is in the answer
            return Delivered(len(notices), done, as_ours(error))
    return Delivered(len(notices), len(notices))


def _delivered(answer: Delivered | ReactorError) -> Delivered:
    if isinstance(answer, ReactorError):
        return Delivered(0, 0, answer, unsure=isinstance(answer, Unanswered))
    return answer


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _times(said: object) -> int:
    """Return how often; as often as may be, where it is said to be more."""
    if not isinstance(said, int) or isinstance(said, bool):
        return 0
    return min(max(0, said), MOST_HANDED_ON)
