"""What is read of users alike, one by one and in bulk: which questions, and the state they give."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from reactor.gathering import Call, answer_of
from reactor.guard.identity import Guard, Standing
from reactor.settings import Scope, Settings
from reactor.users.exemptions import parse_list
from reactor.users.ports import READS, Iam, UserDetail
from reactor.users.state import Presence, UserState

if TYPE_CHECKING:
    from reactor.users.policies import Kept

Answers = dict[str, Any]  # by read; a ReactorError stands in the place of its answer


def scope_reads(settings: Settings) -> tuple[str, ...]:
    """Return the reads about a user that only some scopes need."""
    if settings.scope is Scope.EVERYONE:
        return ()
    if settings.scope is Scope.CONSOLE:
        return ("devices_of", "has_password")
    return ("devices_of",)


@dataclass(frozen=True, slots=True)
class Common:
    """What is the same for every user of a run: the guard, its group, and the exemption list."""

    guarded_groups: frozenset[str]
    guard_standing: Standing
    group_standing: Standing
    listed_exempt: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reader:
    """Asks IAM of one account about users, and puts the answers together.

    `exemption_list` returns the text of the SSM parameter that the settings name; it is not called
    when they name none.
    """

    iam: Iam
    exemption_list: Callable[[], str]
    guard: Guard
    settings: Settings
    kept: "Kept" = field(default_factory=dict)  # what AWS's own policies say

    def calls(self, questions: Iterable[str], name: str) -> dict[str, Call]:
        """Return the calls that ask these questions about a user."""
        return {each: partial(getattr(self.iam, each), name) for each in questions}

    def common_calls(self) -> dict[str, Call]:
        """Return the calls whose answers serve every user."""
        calls: dict[str, Call] = {
            each: partial(getattr(self.iam, each), self.guard.arn)
            for each in ("groups_with", "policy")
        }
        calls["group_path"] = partial(self.iam.group_path, self.guard.group)
        if self.settings.exempt_parameter:
            calls["exemption_list"] = self.exemption_list
        return calls

    def common(self, answers: Answers) -> Common:
        """Put their answers together. Raises the ReactorError that stands in the place of one."""
        listed = frozenset[str]()
        if self.settings.exempt_parameter:
            listed = parse_list(answer_of(answers["exemption_list"]))
        policy = answer_of(answers["policy"])
        return Common(
            answer_of(answers["groups_with"]),
            self.guard.standing(None if policy is None else policy.tags),
            self.guard.group_standing(answer_of(answers["group_path"])),
            listed,
        )

    def state(self, detail: UserDetail, common: Common) -> UserState:
        """Return the state of a user that is there, but for what only its scope asks."""
        return UserState(
            name=detail.user.name,
            presence=Presence.EXISTS,
            guard=self.guard,
            guard_standing=common.guard_standing,
            arn=detail.user.arn,
            path=detail.user.path,
            created_at=detail.user.created_at,
            tags=detail.user.tags,
            groups=detail.groups,
            policies=detail.policies,
            guarded_groups=common.guarded_groups,
            group_standing=common.group_standing,
            listed_exempt=common.listed_exempt,
            inline=detail.inline,
            id=detail.user.id,
        )


def with_answers(state: UserState, answers: Answers) -> UserState:
    """Return a state with what its scope asked. Raises ReactorError when that was not answered."""
    return replace(
        state,
        devices=answer_of(answers.get("devices_of")),
        has_password=answer_of(answers.get("has_password")),
    )


def operations(answers: Iterable[str]) -> tuple[str, ...]:
    """Return the API operations that reads ask."""
    return _operations(tuple(answers))


@functools.lru_cache(maxsize=256)
def _operations(reads: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({READS[each] for each in reads}))  # for thousands of users alike
