"""S3 of one account as its guardrail sees it (reactor.buckets.ports.S3), in memory.

As strict as S3 where the guardrail relies on it: another account's bucket is refused, a bucket
whose ACLs are disabled takes none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from reactor.buckets.guardrail import Buckets
from reactor.buckets.observe import Observer
from reactor.buckets.ports import Bucket, Refused
from reactor.buckets.state import OWNER_ENFORCED, Acl, Block, Grant
from reactor.errors import ReactorError
from reactor.model import Cause, Hint, Subject, SubjectKind, Trigger, TriggerKind
from reactor.reconcile import Brake, Pace, Run, enforce, observe_only, reconcile
from reactor.settings import Mode, Settings
from tests.fakes.account import ACCOUNT
from tests.fakes.clock import START, FakeClock
from tests.fakes.harness import Recorder, Rounds, settings

OWNER = "0a" * 32
PARTNER = "ab" * 32
HOME = "us-east-1"
OWN = Grant(OWNER, "FULL_CONTROL")
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
PUBLIC = Grant(ALL_USERS, "READ", to_group=True)
AUTHENTICATED = Grant(
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers", "WRITE_ACP", to_group=True
)
LOGS = Grant("http://acs.amazonaws.com/groups/s3/LogDelivery", "WRITE", to_group=True)
NAMED = Grant(PARTNER, "READ")
NO_BLOCK = Block()


@dataclass(frozen=True, slots=True)
class Stored:
    """A bucket as S3 keeps it."""

    grants: tuple[Grant, ...] = (OWN,)
    ownership: str = "ObjectWriter"
    block: Block = NO_BLOCK
    tags: tuple[tuple[str, str], ...] = ()
    policy_is_public: bool = False
    region: str = HOME
    account: str = ACCOUNT


@dataclass
class FakeS3:
    """The buckets of the world, by name, and what is asked and set.

    `failing` has the error of each read that fails. `unlisted` are buckets of ours that the list
    does not show yet; `shown` is what the next looks at an ACL show instead of what is. `meanwhile`
    is called before a write, as another writer who is a moment faster; `afterwards` is called after
    it.
    """

    world: dict[str, Stored] = field(default_factory=dict)
    whole_account: Block = NO_BLOCK
    failing: dict[str, ReactorError] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    unlisted: set[str] = field(default_factory=set)
    shown: list[Stored] = field(default_factory=list)
    meanwhile: Callable[[], object] | None = None
    afterwards: Callable[[], object] | None = None

    def acl(self, bucket: Bucket) -> Acl | None:
        """Return a bucket's ACL."""
        found = self._ask("acl", bucket)
        if self.shown:
            found = self.shown.pop(0)
        return None if found is None else Acl(OWNER, found.grants)

    def ownership(self, bucket: Bucket) -> str:
        """Return its ObjectOwnership."""
        found = self._ask("ownership", bucket)
        return "" if found is None else found.ownership

    def block(self, bucket: Bucket) -> Block:
        """Return its own public access block."""
        found = self._ask("block", bucket)
        return Block() if found is None else found.block

    def tags(self, bucket: Bucket) -> tuple[tuple[str, str], ...]:
        """Return its tags."""
        found = self._ask("tags", bucket)
        return () if found is None else found.tags

    def policy_is_public(self, bucket: Bucket) -> bool:
        """Tell whether its policy is public."""
        found = self._ask("policy_is_public", bucket)
        return found is not None and found.policy_is_public

    def account_block(self) -> Block:
        """Return the account's public access block."""
        self._note("account_block", "")
        return self.whole_account

    def find(self, name: str) -> Bucket | None:
        """Return the account's bucket of this name."""
        self._note("find", name)
        return next((each for each in self._ours() if each.name == name), None)

    def buckets(self) -> Iterator[Bucket]:
        """Yield the account's buckets."""
        self._note("buckets", "")
        yield from self._ours()

    def set_private(self, bucket: Bucket, acl: Acl) -> bool:
        """Give a bucket an ACL."""
        if self.meanwhile is not None:
            self.meanwhile()
        found = self.world.get(bucket.name)
        if found is None or found.ownership == OWNER_ENFORCED:
            return False
        self._refuse_elsewhere(found, bucket)
        grants = (OWN,) if acl.is_private else acl.grants
        self.world[bucket.name] = replace(found, grants=grants)
        self.written.append(bucket.name)
        if self.afterwards is not None:
            self.afterwards()
        return True

    def change(self, name: str, **members: object) -> None:
        """Change a bucket, as anybody may."""
        self.world[name] = replace(self.world.get(name, Stored()), **members)  # type: ignore[arg-type]

    def _ask(self, read: str, bucket: Bucket) -> Stored | None:
        self._note(read, bucket.name)
        found = self.world.get(bucket.name)
        if found is not None:
            self._refuse_elsewhere(found, bucket)
        return found

    def _note(self, read: str, about: str) -> None:
        self.asked.append((read, about))
        if read in self.failing:
            raise self.failing[read]

    def _refuse_elsewhere(self, found: Stored, bucket: Bucket) -> None:
        if found.account != ACCOUNT:
            raise Refused("AccessDenied", remedy="nothing")
        if found.region != bucket.region:
            raise Refused("PermanentRedirect", remedy="nothing")

    def _ours(self) -> Iterator[Bucket]:
        for name, found in sorted(self.world.items()):
            if found.account == ACCOUNT and name not in self.unlisted:
                yield Bucket(name, found.region)


class BucketHarness:
    """An account's S3, the guardrail on it, and what it recorded."""

    def __init__(self, chosen: Settings | None = None, **world: Stored) -> None:
        self.settings = settings(buckets="true") if chosen is None else chosen
        self.s3 = FakeS3({name.replace("_", "-"): stored for name, stored in world.items()})
        self.clock = FakeClock()
        self.recorder = Recorder()
        self.has_time: Callable[[], bool] = lambda: True
        self.done: frozenset[str] = frozenset()
        self.rounds = Rounds()

    def react(self, cause: Cause) -> Run:
        """Reconcile a cause."""
        observer = Observer(self.s3, self.rounds, HOME, self.has_time, self.done)
        return reconcile(
            cause,
            Buckets(observer, self.s3, self.settings),
            execute=enforce if self.settings.mode is Mode.ENFORCE else observe_only,
            clock=self.clock,
            brake=Brake(self.settings.max_remediations),
            pace=Pace(),
            record=self.recorder,
        )


def about_bucket(name: str, *hints: Hint, region: str | None = HOME) -> Cause:
    """Return a cause that names one bucket."""
    subject = Subject(SubjectKind.BUCKET, ACCOUNT, name=name, region=region)
    return Cause(Trigger(TriggerKind.S3_EVENT, START), subject, hints)


def about_several_buckets(*names: str) -> Cause:
    """Return a cause that stands for some buckets."""
    subject = Subject(SubjectKind.SEVERAL_BUCKETS, ACCOUNT, ids=frozenset(names))
    return Cause(Trigger(TriggerKind.COMPLIANCE, START), subject)


def about_every_bucket(*hints: Hint) -> Cause:
    """Return a cause that stands for all of the account's buckets."""
    subject = Subject(SubjectKind.EVERY_BUCKET, ACCOUNT)
    return Cause(Trigger(TriggerKind.S3_EVENT, START), subject, hints)
