"""The credential report, had once: by whoever needs it more than once in a run."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from reactor.gathering import answer_of, settled

if TYPE_CHECKING:
    from reactor.errors import ReactorError
    from reactor.users.credentials import CredentialReport  # reads CSV, which few sweeps do


class ReportOnce:
    """reactor.users.ports.CredentialReports that asks one time, and says the same ever after.

    For one run, such as an invocation: a report that is refused, or was not there in time, is a
    hint that the run goes without, and not waited for again.
    """

    def __init__(self, ask: Callable[[], "CredentialReport | None"]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answers: list[CredentialReport | ReactorError | None] = []

    def credential_report(self) -> "CredentialReport | None":
        """Return the report, None when it was not there in time. Raises ReactorError."""
        with self._lock:  # who comes while it is asked for waits for the answer
            if not self._answers:
                self._answers.append(settled(self._ask))
        report: CredentialReport | None = answer_of(self._answers[0])
        return report
