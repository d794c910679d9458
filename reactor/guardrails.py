"""The guardrails there are: a row each, with which of AWS Config's resources it looks after.

AWS Config, and whoever notifies of compliance, know resources by type and id; a row turns them into
subjects, and puts its guardrail together for an invocation. What no row knows is not ours.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reactor.buckets import resources as buckets
from reactor.invocation import Invocation
from reactor.model import Hint, Resource, Subject, SubjectKind
from reactor.reconcile import Guardrail, Settled
from reactor.runtime import LookAtAll
from reactor.settings import Settings
from reactor.users import resources as users

# Takes the resource and the account (12 digits); None where more of it must be known.
SubjectOf = Callable[[Resource, str], Subject | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One guardrail.

    `resource_type` is what it judges; `subjects` has, by type, how a resource leads to its
    subjects, those of that type among them. `hints_of` are what a resource claims of its subject.
    `id_of` is the id by which AWS Config knows what was settled, None for what is no resource of
    that type. `everything` stands for all its subjects; None where AWS Config is not told of them.
    `together` makes one subject of many that have such ids, where that is cheaper to read; it may
    be None.
    """

    resource_type: str
    subjects: Mapping[str, SubjectOf]
    hints_of: Callable[[Resource, Subject], tuple[Hint, ...]]
    id_of: Callable[[Settled], str | None]
    everything: SubjectKind | None
    wanted: Callable[[Settings], bool]
    put_together: Callable[[Invocation, LookAtAll], Guardrail]
    together: Callable[[Sequence[Subject]], Subject] | None = None


GUARDRAILS: tuple[Row, ...] = (
    Row(
        resource_type=users.USER_TYPE,
        subjects={users.USER_TYPE: users.user_of, users.POLICY_TYPE: users.holders_of},
        hints_of=users.hints_of,
        id_of=users.id_of,
        everything=SubjectKind.EVERY_USER,
        wanted=lambda _settings: True,
        put_together=lambda invocation, at_all: invocation.users(at_all),
        together=users.together,
    ),
    Row(
        resource_type=buckets.BUCKET_TYPE,
        subjects={buckets.BUCKET_TYPE: buckets.bucket_of},
        hints_of=buckets.hints_of,
        id_of=buckets.id_of,
        everything=None,  # AWS Config has rules of its own for buckets, which notify us
        wanted=lambda settings: settings.buckets,
        put_together=lambda invocation, at_all: invocation.buckets(at_all.has_time),
        together=buckets.together,
    ),
)


def wanted(settings: Settings) -> tuple[Row, ...]:
    """Return the guardrails that the settings want."""
    return tuple(row for row in GUARDRAILS if row.wanted(settings))


def of_type(resource_type: str, settings: Settings) -> Row | None:
    """Return the guardrail that a type of resource leads to; None when it is none of ours."""
    return next((row for row in wanted(settings) if resource_type in row.subjects), None)
