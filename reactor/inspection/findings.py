"""What a check comes to, and the alarm that a sweep raises for it."""

from dataclasses import dataclass
from enum import StrEnum

from reactor.errors import ReactorError, shorten
from reactor.model import Alarm, AlarmKind

ROOT = "root"  # the check of the root user: its failure is an alarm of a kind of its own


class State(StrEnum):
    """What is known of what was checked."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"  # it could not be read, which is never taken for ok


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result: what is so, in a sentence, and what to do when it is not ok.

    `standing`: unknown, and nobody in this account can make it known. A person should see it, but
    an alarm at every sweep would help nobody.
    """

    check: str
    state: State
    what: str
    remedy: str = ""
    standing: bool = False

    @property
    def ok(self) -> bool:
        """Whether it was read, and is in order."""
        return self.state is State.OK

    def describe(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {
            "check": self.check,
            "state": self.state.value,
            "what": self.what,
            "remedy": self.remedy,
        }


def passed(check: str, what: str) -> Finding:
    """Return the finding of a check that is in order."""
    return Finding(check, State.OK, what)


def failed(check: str, what: str, remedy: str) -> Finding:
    """Return the finding of a check that is not in order."""
    return Finding(check, State.FAILED, what, remedy)


def unread(check: str, subject: str, error: ReactorError) -> Finding:
    """Return the finding of a check whose facts could not be read."""
    what = f"{subject} could not be read: {shorten(error)}"
    return Finding(check, State.UNKNOWN, what, error.remedy)


def alarm_of(finding: Finding) -> Alarm | None:
    """Return the alarm that a finding of a sweep raises, None when there is nothing to raise."""
    if finding.ok or finding.standing:
        return None
    return as_alarm(finding)


def as_alarm(finding: Finding) -> Alarm:
    """Return a finding as an alarm."""
    details = {"check": finding.check, "state": finding.state.value}
    # Unknown is not "without MFA": what is impaired then is the look at root.
    without_mfa = finding.check == ROOT and finding.state is State.FAILED
    kind = AlarmKind.ROOT_WITHOUT_MFA if without_mfa else AlarmKind.REACTOR_IMPAIRED
    return Alarm(kind, finding.what, finding.remedy, details)
