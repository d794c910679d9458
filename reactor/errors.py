"""What can go wrong, in two kinds, because Lambda knows only two answers to an error.

`Transient`: trying again may help. The invocation raises, Lambda tries twice more and then hands
the event to the failure destination. Whatever is not known to be permanent is this.

`Permanent`: trying again cannot help. It is recorded and alarmed, the invocation goes on.

Each carries a remedy: the sentence that the person woken by it needs next.
"""

from typing import ClassVar

FOREIGN_TEXT_LIMIT = 300  # characters of a message that others wrote, as far as we repeat it


class ReactorError(Exception):
    """An error with a remedy. `str(error)` is one line without the remedy."""

    kind: ClassVar[str] = "transient"

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


class Transient(ReactorError):  # noqa: N818 - the design's word, and it reads as one in `raise`
    """May be settled by another try."""


class Throttled(Transient):
    """AWS lets no more of our calls in for now, and did not with all the tries of its client."""


class Permanent(ReactorError):  # noqa: N818
    """Cannot be settled by another try: someone must act."""

    kind: ClassVar[str] = "permanent"


class Unclear(Transient):
    """AWS had it, or may have had it, and no answer says what came of it."""


class OutOfTime(Transient):
    """Nobody has looked at it, or changed it, because the time was up."""

    def __init__(self, what: str = "there was no time left for it") -> None:
        super().__init__(
            what, remedy="a function tries it again; at the command line, run the command again"
        )


class Unanswered(OutOfTime, Unclear):
    """It was begun, and had not ended when the time was up."""

    def __init__(self) -> None:
        super().__init__("it was not answered in time: what came of it is not known")


class Unexpected(Transient):
    """Something that nobody foresaw. `__cause__` is the error itself, for the record."""


def as_ours(error: Exception) -> ReactorError:
    """Return an error of any kind as one of ours: what nobody foresaw is Transient, and loud."""
    if isinstance(error, ReactorError):
        return error
    ours = Unexpected(
        f"unexpected: {type(error).__name__}: {shorten(error)}",
        remedy="report this as a bug, with the traceback in the record",
    )
    ours.__cause__ = error
    return ours


class SettingError(Exception):
    """A setting is wrong. `str(error)` names the setting, what it got and what it takes."""


class WrongRegion(Exception):  # noqa: N818
    """The function stands where IAM events never arrive. `str(error)` names the right region."""


class Unsettled(Exception):  # noqa: N818
    """Raised at the end of a run some of whose subjects ended in a transient failure.

    It makes Lambda try the event again; the message has the counts and the first failure.
    """


def shorten(text: object, limit: int = FOREIGN_TEXT_LIMIT) -> str:
    """Return `text` as one line of at most `limit` characters, for logs and records."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
