"""The questions about a document: which actions, on what, in which session of whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reactor.guard.identity import Guard
from reactor.holes.catalogue import Catalogue
from reactor.holes.policy import Policy
from reactor.holes.ports import Context
from reactor.holes.sessions import WITHOUT_MFA, Caller, Session, with_old_mfa
from reactor.holes.targets import Target, callers, matters, targets
from reactor.settings import Settings

_POLICY_KEY = "iam:PolicyARN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A document, and for whom it is judged.

    `guard` is the policy that the document is, or would be; `settings` say what the operator wants
    open; `hours` how long MFA counts, None for as long as the session; `context` has the values of
    further context keys.
    """

    policy: Policy
    guard: Guard
    settings: Settings
    partition: str
    account: str
    hours: int | None = None
    context: Context = field(default_factory=dict)

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The sessions without MFA, and with one that is too old."""
        return WITHOUT_MFA if self.hours is None else (*WITHOUT_MFA, with_old_mfa(self.hours))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Actions on resources of one kind, in one session of one caller."""

    session: Session
    caller: Caller
    actions: tuple[str, ...]
    targets: tuple[Target, ...]
    context: Context

    @property
    def known(self) -> frozenset[str]:
        """The context keys of which it is known what such a request has, or that it has none."""
        return frozenset(self.context) | self.session.absent | {_POLICY_KEY}


def questions(case: Case, asked: Catalogue) -> Iterator[Question]:
    """Yield all that is asked about a document."""
    for session in case.sessions:
        for caller in callers(case.partition, case.account):
            context = {**session.context(caller), **case.context}
            for kind, actions in asked.kinds.items():
                if not matters(caller, kind):
                    continue
                on = targets(kind, caller, case.guard, case.policy.excepted_resources)
                for some, more in _by_context(actions, asked, case.guard):
                    yield Question(
                        session=session,
                        caller=caller,
                        actions=some,
                        targets=on,
                        context={**context, **more},
                    )


def _by_context(
    actions: Sequence[str], asked: Catalogue, guard: Guard
) -> Iterator[tuple[tuple[str, ...], Context]]:
    """Yield actions with what their requests carry besides."""
    plain = tuple(each for each in actions if each not in asked.about_policies)
    attaching = tuple(each for each in actions if each in asked.about_policies)
    if plain:
        yield plain, {}
    if attaching:
        yield attaching, {_POLICY_KEY: guard.arn}
