"""Calls made at the same time: what observers and runs ask for, and reactor.aws.account gives."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from reactor.errors import ReactorError, as_ours

Call = Callable[[], Any]
Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


class Gather(Protocol):
    """Makes calls at the same time and waits for all; an error is returned in its call's place."""

    def __call__(self, calls: Mapping[Key, Call], /) -> dict[Key, Any | ReactorError]:
        """Return each call's answer, or the ReactorError that it raised, under its key."""


class Stream(Protocol):
    """Makes any number of calls, a few at a time."""

    def __call__(
        self, calls: Iterable[tuple[Key, Call]], /
    ) -> Iterator[tuple[Key, Any | ReactorError]]:
        """Yield each call's key and answer, or the ReactorError that it raised, as they come.

        A call is drawn from `calls` only when there is room for it: whoever makes them up can still
        decide then.
        """


class Begun(Protocol):
    """A call under way."""

    def __call__(self, seconds: float | None = None, /) -> Any | ReactorError:  # noqa: ANN401
        """Return its answer, or the ReactorError that it raised, or OutOfTime.

        Unanswered is the OutOfTime of a call that may still do its work.

        Waits until the deadline; or as many seconds as it is given, for what is left to be done
        when the deadline is past.
        """


class Calling(Protocol):
    """The ways to have calls made."""

    @property
    def gather(self) -> Gather:
        """All at the same time."""

    @property
    def stream(self) -> Stream:
        """A few at a time."""

    def ahead(self, items: Iterable[Item]) -> Iterator[Item]:
        """Fetch the next item while the one before is worked on, the first one at once.

        What `items` raises is raised where the item would have come.
        """


def always() -> bool:
    """Say that there is time: at the command line, and wherever nobody counts it."""
    return True


def in_turn(calls: Iterable[tuple[Key, Call]], /) -> Iterator[tuple[Key, Any | ReactorError]]:
    """Make calls one after another: a Stream for one subject at a time."""
    for key, call in calls:
        yield key, settled(call)


def settled(call: Call) -> Any | ReactorError:  # noqa: ANN401 - any answer
    """Return a call's answer, or what it raised as an error of ours."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - it is returned, and ends in the subject's record
        return as_ours(error)


def answer_of(answer: Any) -> Any:  # noqa: ANN401 - each read has its own type
    """Return an answer, or raise the error that stands in its place."""
    if isinstance(answer, ReactorError):
        raise answer
    return answer
