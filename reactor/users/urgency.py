"""Whom to mend first, when a sweep may not change all who need it. Pure.

Allowed to do most (`breadth`), then a password, then active keys; among equals, by name. It is an
order and no judgement: who waits is told, and the next sweep goes on.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reactor.users.breadth import NOT_KNOWN, Breadth, breadth, breadth_of_managed
from reactor.users.credentials import CredentialReport


class Carrier(Protocol):
    """What carries policies: a user, or a group."""

    @property
    def policies(self) -> frozenset[str]:
        """The ARNs attached to it."""

    @property
    def inline(self) -> Mapping[str, object]:
        """The documents of its inline policies, JSON values, by their names."""


class Candidate(Carrier, Protocol):
    """A user who may have to wait; reactor.users.state.UserState is one."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def arn(self) -> str:
        """Its ARN."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of its groups."""

    @property
    def created_at(self) -> datetime | None:
        """Since when it is there (UTC), None when that is not known."""


@dataclass(frozen=True, slots=True, order=True)
class Urgency:
    """How urgent a user is; the greater, the more."""

    breadth: Breadth
    password: bool
    active_keys: int
    known: bool = field(default=True, compare=False)  # what it says of the credentials

    def describe(self) -> str:
        """Return it in words."""
        if not self.known:
            return f"{self.breadth.meaning}; its credentials are not known"
        keys = {0: "no active key", 1: "1 active key"}
        password = "a password" if self.password else "no password"
        return (
            f"{self.breadth.meaning}; {password},"
            f" {keys.get(self.active_keys, f'{self.active_keys} active keys')}"
        )


def rank(
    candidates: Iterable[Candidate],
    groups: Mapping[str, Carrier],
    documents: Mapping[str, object],
    report: CredentialReport | None,
) -> list[tuple[str, Urgency]]:
    """Return the candidates' names, the most urgent first, each with how urgent it is.

    `groups` by name; `documents` of managed policies' default versions by ARN. A policy without a
    document is taken for what AWS's name for it says, else for one that writes something. Whom the
    report does not know is taken for one with a password and two keys. Each document is read once.
    """
    managed = functools.cache(lambda arn: breadth_of_managed(arn, documents))

    def carried(by: Carrier) -> Breadth:
        found = [*map(managed, by.policies), *map(breadth, by.inline.values())]
        return max(found, default=Breadth.NOTHING)

    of_group = {name: carried(each) for name, each in groups.items()}

    def urgency(user: Candidate) -> Urgency:
        # A group that is not there has been made meanwhile, and may carry anything.
        through = [of_group.get(name, NOT_KNOWN) for name in user.groups]
        widest = max(carried(user), *through, Breadth.NOTHING)
        has = None if report is None else report.of(user.arn, user.created_at)
        if has is None:
            return Urgency(widest, password=True, active_keys=2, known=False)
        return Urgency(widest, has.password, has.active_keys)

    ranked = [(each.name, urgency(each)) for each in candidates]
    ranked.sort(key=lambda each: (each[0].lower(), each[0]))
    ranked.sort(key=lambda each: each[1], reverse=True)  # keeps the order of equals
    return ranked


def keys(
    candidates: Sequence[Candidate],
    groups: Mapping[str, Carrier],
    documents: Mapping[str, object],
    report: CredentialReport | None,
) -> list[int]:
    """Return a number for each candidate, in their order: the higher, the sooner (`rank`).

    For reactor.reconcile.Brake.
    """
    places = {
        name: -place for place, (name, _) in enumerate(rank(candidates, groups, documents, report))
    }
    return [places[each.name] for each in candidates]
