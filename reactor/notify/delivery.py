"""Giving notices to channels: all at the same time, none waited for longer than there is.

What a channel could not be given is told in an alarm. The invocation fails, so that Lambda tries it
again, only if no channel has taken anything: nobody is told twice. Findings are nobody's messages:
to bring them twice does no harm.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reactor.errors import ReactorError, Transient, Unanswered, as_ours, shorten
from reactor.gathering import Begun, Call
from reactor.model import Alarm, AlarmKind
from reactor.notify.notices import Notice
from reactor.notify.reports import Stand
from reactor.triggers.records import mapping

FINDINGS = "security-hub"  # the channel that may be given the same again
MOST_NOTICES = 200  # of one payload; an honest one has a dozen


@dataclass(frozen=True, slots=True)
class Message:
    """What an invocation of `notify` brings, as far as it is understood."""

    notices: tuple[Notice, ...] = ()
    stand: Stand | None = None

    @classmethod
    def of(cls, payload: object) -> "Message":
        """Read it off a payload, which may be anything."""
        said = mapping(payload)
        listed = said.get("notices")
        some = listed[:MOST_NOTICES] if isinstance(listed, list) else []
        read = (Notice.of(each) for each in some)
        return cls(tuple(each for each in read if each is not None), Stand.of(said.get("stand")))


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of what a channel was given: `done` of `of` it took, as far as is known.

    `unsure`: it may have taken more.
    """

    of: int
    done: int
    error: ReactorError | None = None
    unsure: bool = False

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
