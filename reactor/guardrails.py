"""The guardrails there are: a row each, with which of AWS Config's resources it looks after.

AWS Config, and whoever notifies of compliance, know resources by type and id; a row turns them into
subjects, and puts its guardrail together for an invocation. What no row knows is not ours.

All of them are looked after when somebody notifies; a rule of ours judges those alone for which AWS
Config has none of its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reactor.buckets import resources as buckets
from reactor.model import Hint, Resource, Subject, SubjectKind
from reactor.reconcile import Guardrail, Settled
from reactor.settings import Settings
from reactor.users import resources as users

if TYPE_CHECKING:  # what reaches AWS; the command line explains offline
    from reactor.invocation import Invocation
    from reactor.runtime import LookAtAll

# Takes the resource and the account (12 digits); None where more of it must be known.
SubjectOf = Callable[[Resource, str], Subject | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One guardrail.

    `resource_type` is what it judges; `subjects` has, by type, how a resource leads to its
    subjects, those of that type among them. `together` makes one subject of many that have ids,
    where that is cheaper to read; it may be None. `id_of` is the id by which AWS Config knows what
    was settled, None for what is no resource of that type.

    `everything` stands for all its subjects; None where AWS Config is not told of them. `hints_of`
    are what a resource of AWS Config's claims of its subject.
    """

    resource_type: str
    subjects: Mapping[str, SubjectOf]
    id_of: Callable[[Settled], str | None]
    wanted: Callable[[Settings], bool]
    put_together: "Callable[[Invocation, LookAtAll], Guardrail]"
    together: Callable[[Sequence[Subject]], Subject] | None = None
    everything: SubjectKind | None = None
    hints_of: Callable[[Resource, Subject], tuple[Hint, ...]] = lambda _resource, _subject: ()


GUARDRAILS: tuple[Row, ...] = (
    Row(
        resource_type=users.USER_TYPE,
        subjects={users.USER_TYPE: users.user_of, users.POLICY_TYPE: users.holders_of},
        wanted=lambda _settings: True,
        put_together=lambda invocation, at_all: invocation.users(at_all),
        together=users.together,
        id_of=users.id_of,
        everything=SubjectKind.EVERY_USER,
        hints_of=users.hints_of,
    ),
    Row(  # AWS Config has rules of its own for buckets, which notify us
        resource_type=buckets.BUCKET_TYPE,
        subjects={buckets.BUCKET_TYPE: buckets.bucket_of},
        id_of=buckets.id_of,
        wanted=lambda settings: settings.buckets,
        put_together=lambda invocation, at_all: invocation.buckets(at_all.has_time),
        together=buckets.together,
    ),
)


def wanted(settings: Settings) -> tuple[Row, ...]:
    """Return the guardrails that the settings want."""
    return tuple(row for row in GUARDRAILS if row.wanted(settings))


def evaluated(settings: Settings) -> tuple[Row, ...]:
    """Return those among them that AWS Config is told of."""
    return tuple(row for row in wanted(settings) if row.everything is not None)


def of_type(resource_type: str, rows: Iterable[Row]) -> Row | None:
    """Return the guardrail that a type of resource leads to; None when it is none of these."""
    return next((row for row in rows if resource_type in row.subjects), None)
