"""Calls made at the same time: what observers ask for, and reactor.aws.account gives."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol, TypeVar

from reactor.errors import ReactorError

Call = Callable[[], Any]
Key = TypeVar("Key", bound=Hashable)


class Gather(Protocol):
    """Makes calls at the same time and waits for all; an error is returned in its call's place."""

    def __call__(self, calls: Mapping[Key, Call], /) -> dict[Key, Any | ReactorError]:
        """Return each call's answer, or the ReactorError that it raised, under its key."""


def answer_of(answer: Any) -> Any:  # noqa: ANN401 - each read has its own type
    """Return an answer, or raise the error that stands in its place."""
    if isinstance(answer, ReactorError):
        raise answer
    return answer
