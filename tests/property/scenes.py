"""Accounts and settings of every kind, as hypothesis draws them.

A `Scene` is data: it builds the same account as often as a test needs it. `expected` says, in other
words than the reactor's, what a user's policies must be once all is in order.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from reactor.guard.document import canonical
from reactor.model import Hint
from reactor.settings import Settings
from reactor.users.state import Device
from tests.fakes.account import (
    ACCOUNT,
    GUARD_ARN,
    INLINE_DOCUMENT,
    Account,
    IamUser,
    World,
)
from tests.fakes.clock import START
from tests.fakes.events import created, detached, removed
from tests.fakes.harness import Harness, settings

GIVEN_ARN = f"arn:aws:iam::{ACCOUNT}:policy/team/Guard"
LOOK_ALIKE = f"arn:aws:iam::{ACCOUNT}:policy/team/MfaReactorGuard"
MIGHTY, READER = f"arn:aws:iam::{ACCOUNT}:policy/a", f"arn:aws:iam::{ACCOUNT}:policy/b"
OTHERS = (MIGHTY, READER, LOOK_ALIKE)
DANGEROUS = "iam:*,sts:AssumeRole"


def _document(effect: str, *actions: str) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


# What the policies say, in scope `privileged`: some allow something dangerous, some deny it.
DOCUMENTS = {
    MIGHTY: _document("Allow", "s3:*", "IAM:Create*"),
    READER: _document("Allow", "s3:Get*", "sts:GetCallerIdentity"),
    LOOK_ALIKE: _document("Deny", "iam:*"),
}
OF_STAFF = _document("Allow", "sts:*")  # inline
NAMES = ("alice", "Bob", "svc-1", "CAROL", "dave", "eve", "svc", "mallory")
GROUPS = ("staff", "break-glass", "guarded")
OLD = START - timedelta(days=1)
SETTLED_SECONDS = 3600  # between what the scene sets up and what the test does


def serial_of(name: str, number: int = 0) -> str:
    """Return the serial of a user's virtual device."""
    return f"arn:aws:iam::{ACCOUNT}:mfa/{name}" + (f"-{number}" if number else "")


def other_serials(name: str) -> tuple[str, str]:
    """Return the serials of a user's hardware token and passkey, which no list of all has."""
    return f"GAKT{sum(map(ord, name)):08}", f"arn:aws:iam::{ACCOUNT}:u2f/user/{name}/key-ABCDEF"


@dataclass(frozen=True)
class Scene:
    """An account to be built, with the settings to look at it by.

    `guard` is what stands in the guard's place: ours, missing, or foreign (for a given guard: the
    policy, nothing, or the policy).
    """

    chosen: dict[str, str]
    users: tuple[IamUser, ...]
    guard: str
    listed: tuple[str, ...]

    @property
    def given(self) -> bool:
        """Whether someone else keeps the guard."""
        return "guard_policy" in self.chosen

    @property
    def guard_arn(self) -> str:
        """The guard's ARN."""
        return self.chosen.get("guard_policy", GUARD_ARN)

    @property
    def usable(self) -> bool:
        """Whether the guard may be put on anybody, created first where it is missing."""
        return self.guard != "missing" if self.given else self.guard != "foreign"

    def build(self, **more: str) -> Harness:
        """Return the account, all of it old enough to be seen by any read."""
        harness = Harness(self.settings(**more), exemptions=",".join(self.listed))
        self.furnish(harness.account)
        harness.clock.advance(SETTLED_SECONDS)
        return harness

    def settings(self, **more: str) -> Settings:
        """Return the settings to look at it by."""
        return settings(**{**self.chosen, **more})

    def furnish(self, account: Account) -> None:
        """Put all that there is into an account."""
        if self.guard != "missing":
            foreign = self.given or self.guard == "foreign"
            if foreign:
                account.put_policy(self.guard_arn, {}, canonical(DOCUMENTS[READER]))
            else:
                account.put_policy(self.guard_arn)
        for arn, document in DOCUMENTS.items():
            account.put_policy(arn, {}, canonical(document))
        for group in GROUPS:
            account.put_group(group)
        account.put_inline_documents("staff", {"crew": OF_STAFF})
        if self.guard != "missing":
            account.put_group("guarded", self.guard_arn)
        account.put_list(",".join(self.listed))
        for user in self.users:
            account.put_user(user.name, **{name: getattr(user, name) for name in _MEMBERS})

    def expected(self, user: IamUser, world: World) -> frozenset[str]:
        """Return the policies that this user must have once all is in order."""
        without = user.policies - {self.guard_arn}
        lift = self.chosen["lift"]
        if not self.usable or (self.guard == "missing" and self.given):
            return user.policies
        if self.exempts(user):
            return user.policies if lift == "never" else without
        if not self.must_carry(user):
            return without if lift == "compliant" else user.policies
        if world.carries(user.name, self.guard_arn):
            return user.policies
        return user.policies | {self.guard_arn}

    def must_carry(self, user: IamUser) -> bool:
        """Tell whether a user who is not exempt is in scope."""
        enrolled = bool(user.devices)
        return {
            "everyone": True,
            "without-mfa": not enrolled,
            "console": user.password and not enrolled,
            "privileged": is_dangerous(user) and not enrolled,
        }[self.chosen["scope"]]

    def exempts(self, user: IamUser) -> bool:
        """Tell whether the operator has excused a user, in any of the five ways."""
        listed = {entry.lower() for entry in self.listed}
        chosen = defaultdict(str, self.chosen)
        by_tag = {"": (), "userType:Service": ("userType", "service")}[chosen["exempt_tags"]]
        return any(
            (
                by_tag and any((key, value.lower()) == by_tag for key, value in user.tags),
                chosen["exempt_parameter"] and user.name.lower() in listed,
                chosen["exempt_parameter"] and user.arn.lower() in listed,
                chosen["exempt_names"] and user.name.lower().startswith("svc-"),
                chosen["exempt_paths"] and user.path.startswith("/service/"),
                chosen["exempt_groups"] and "break-glass" in user.groups,
            )
        )


def is_dangerous(user: IamUser) -> bool:
    """Tell whether a user may do one of DANGEROUS."""
    takes_roles = "staff" in user.groups
    writes_iam = MIGHTY in user.policies or DOCUMENTS[MIGHTY] in user.inline.values()
    denied = LOOK_ALIKE in user.policies or DOCUMENTS[LOOK_ALIKE] in user.inline.values()
    return takes_roles or (writes_iam and not denied)


_MEMBERS = (
    "path",
    "tags",
    "groups",
    "policies",
    "inline",
    "devices",
    "password",
    "keys",
    "ssh_keys",
    "service_credentials",
    "certificates",
)


@st.composite
def _users(draw: st.DrawFn, name: str, guard: str | None) -> IamUser:
    policies = draw(st.frozensets(st.sampled_from(OTHERS)))
    if guard is not None and draw(st.booleans()):
        policies |= {guard}
    statuses = st.lists(st.booleans(), max_size=2).map(tuple)
    virtual = tuple(serial_of(name, number) for number in range(draw(_FEW)))
    others = draw(st.sampled_from(((), (), *((each,) for each in other_serials(name)))))
    devices = tuple(Device(each, OLD) for each in virtual + others)
    return IamUser(
        name=name,
        path=draw(st.sampled_from(("/", "/service/", "/service/x/", "/services/"))),
        tags=draw(
            st.sampled_from(((), (("userType", "SERVICE"),), (("userType", "human"), ("a", "b"))))
        ),
        groups=draw(st.frozensets(st.sampled_from(GROUPS), max_size=2)),
        policies=policies,
        inline={f"own-{number}": draw(_INLINE) for number in range(draw(_FEW))},
        devices=devices,
        password=draw(st.booleans()),
        keys=draw(statuses),
        ssh_keys=draw(statuses) if draw(st.booleans()) else (),
    )


_FEW = st.integers(0, 2)
_INLINE = st.sampled_from([INLINE_DOCUMENT, *DOCUMENTS.values()])


@st.composite
def scenes(draw: st.DrawFn, *, min_users: int = 1, usable: bool = False) -> Scene:
    """Draw an account with a few users, and settings for it."""
    scope = draw(st.sampled_from(("everyone", "without-mfa", "console", "privileged")))
    lifts = ("never", "exempt") if scope == "everyone" else ("never", "exempt", "compliant")
    chosen = {
        "scope": scope,
        "dangerous_actions": DANGEROUS,
        "lift": draw(st.sampled_from(lifts)),
        "exempt_tags": draw(st.sampled_from(("", "userType:Service"))),
        "exempt_parameter": draw(st.sampled_from(("", "/mfa/exempt"))),
        "exempt_names": draw(st.sampled_from(("", "SVC-*"))),
        "exempt_paths": draw(st.sampled_from(("", "/service/"))),
        "exempt_groups": draw(st.sampled_from(("", "break-glass"))),
        "max_remediations": "0",
    }
    if draw(st.booleans()):
        chosen["guard_policy"] = GIVEN_ARN
    given = "guard_policy" in chosen
    standings = ["ours"] if usable and given else ["ours", "missing"]
    guard = draw(st.sampled_from(standings if usable else [*standings, "foreign"]))
    arn = chosen.get("guard_policy", GUARD_ARN) if guard != "missing" else None
    names = draw(st.lists(st.sampled_from(NAMES), min_size=min_users, max_size=6, unique=True))
    users = tuple(draw(_users(name, arn)) for name in names)
    entries = [entry for user in users for entry in (user.name.upper(), user.arn)]
    listed = draw(st.lists(st.sampled_from(entries), max_size=2)) if entries else []
    return Scene(chosen, users, guard, tuple(listed))


def with_credentials(scene: Scene) -> Scene:
    """Return the scene with a key for each user who has nothing to sign in or call with."""
    users = (
        user if user.has_credentials else replace(user, keys=(*user.keys, True))
        for user in scene.users
    )
    return replace(scene, users=tuple(users))


def hints(names: tuple[str, ...], arns: tuple[str, ...]) -> st.SearchStrategy[Hint]:
    """Draw any claim about anything at any time near the end of a scene's set-up."""
    now = START + timedelta(seconds=SETTLED_SECONDS)
    times = st.integers(-400, 100).map(lambda seconds: now + timedelta(seconds=seconds))
    serials = [serial_of(name, number) for name in names for number in range(3)]
    about: Any = st.one_of(
        st.tuples(st.just(created), st.sampled_from(names)),
        st.tuples(st.just(detached), st.sampled_from(arns)),
        st.tuples(st.just(removed), st.sampled_from(serials)),
    )
    return st.builds(lambda made, at: made[0](made[1], at), about, times)
