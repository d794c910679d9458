"""Whom to change first, and whom to ask first, where there may be no room or time for all.

Policies' documents and the credential report tell. Both are hints here: without them the order is
coarser, and the sweep goes on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from reactor.errors import ReactorError
from reactor.gathering import Gather
from reactor.model import Observation
from reactor.users.ports import CredentialReports, GroupDetail, Iam
from reactor.users.state import UserState
from reactor.users.urgency import Carrier, keys


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranks observations of users, for reactor.reconcile.Brake.

    `groups` are the account's, by name, as a look at everybody has left them.
    """

    iam: Iam
    reports: CredentialReports
    gather: Gather
    groups: Mapping[str, GroupDetail]

    def __call__(self, seen: Sequence[Observation[Any]]) -> list[int]:
        """Return a number for each, the higher the sooner. Never raises ReactorError."""
        users = [each.state for each in seen if isinstance(each.state, UserState)]
        if len(users) != len(seen):
            raise TypeError("who has a plan was read")
        wanted = frozenset(self._carried(users))
        answers = self.gather(
            {
                "documents": partial(self._documents, wanted),
                "report": self.reports.credential_report,
            }
        )
        known = {k: None if isinstance(v, ReactorError) else v for k, v in answers.items()}
        return keys(users, self.groups, known["documents"] or {}, known["report"])

    def to_ask(self, users: Sequence[UserState]) -> list[UserState]:
        """Return users in the order in which to ask for their devices. Never raises ReactorError.

        First who had none when the report was made, and could do something: with a password, then
        with keys. Whom the report does not know is asked as if it had both.
        """
        report = self.gather({"": self.reports.credential_report})[""]
        if report is None or isinstance(report, ReactorError):
            return list(users)

        def enrolled_and_harmless(user: UserState) -> tuple[bool, bool, int]:
            has = report.of(user.arn, user.created_at)
            return (has.mfa, not has.password, -has.active_keys) if has else (False, False, -2)

        return sorted(users, key=enrolled_and_harmless)

    def _carried(self, users: Sequence[UserState]) -> Iterator[str]:
        carriers: tuple[Carrier, ...] = (*users, *self.groups.values())
        for each in carriers:
            yield from each.policies

    def _documents(self, wanted: frozenset[str]) -> dict[str, object]:
        """Return the documents of policies that somebody carries; there may be thousands more."""
        return {arn: each for arn, each in self.iam.managed_documents() if arn in wanted}
