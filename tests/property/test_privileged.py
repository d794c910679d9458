"""Scope `privileged`: whoever is given more is guarded, however old the reads are."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactor.guard.document import canonical
from tests.fakes.account import ACCOUNT, INLINE_DOCUMENT
from tests.fakes.events import Envelope, event
from tests.fakes.harness import Harness, settings

P = f"arn:aws:iam::{ACCOUNT}:policy/"
MIGHTY, DENYING, SHARED = f"{P}mighty", f"{P}denying", f"{P}shared"
# Lambda's last try comes three minutes after the event: what IAM shows by then counts.
AGES = st.lists(st.integers(0, 170), min_size=1, max_size=30)


def document(action: str, effect: str = "Allow") -> dict[str, Any]:
    """A document of one statement."""
    return {"Statement": {"Effect": effect, "Action": action, "Resource": "*"}}


ALLOWING, DENIAL = document("iam:*"), document("iam:*", "Deny")


def account() -> Harness:
    """An account in which alice, of the group crew, may do nothing dangerous yet."""
    here = Harness(settings(scope="privileged", dangerous_actions="iam:Create*"))
    here.account.put_policy()
    for arn, said in ((MIGHTY, ALLOWING), (DENYING, DENIAL), (SHARED, INLINE_DOCUMENT)):
        here.account.put_policy(arn, {}, canonical(said))
    here.account.put_group("crew")
    here.account.put_group("mighty", MIGHTY)
    here.account.put_group("denied", DENYING)
    here.account.put_user("alice", password=True, groups=frozenset({"crew"}))
    return here


def changed(here: Harness, **members: Any) -> None:
    """Change alice."""
    here.account.change("alice", **members)


def with_group(here: Harness, *policies: str, **inline: object) -> None:
    """Change what the group crew carries."""
    here.account.put_group("crew", *policies)
    here.account.put_inline_documents("crew", inline)


def with_another_version(here: Harness) -> None:
    """Give alice a policy of which another version than the default allows everything."""
    changed(here, policies=frozenset({SHARED}))
    here.account.put_version(canonical(ALLOWING), SHARED, default=False)


CREW = frozenset({"crew"})
HOLDING = frozenset({MIGHTY})
OF_ALICE = {"userName": "alice"}
OF_CREW = {"groupName": "crew"}
# Of each event: what was before, what it does, and what its record says.
Step = Callable[[Harness], object]
GIVING: dict[str, tuple[Step, Step, dict[str, Any]]] = {
    "AttachUserPolicy": (
        lambda _: None,
        lambda here: changed(here, policies=HOLDING),
        OF_ALICE | {"policyArn": MIGHTY},
    ),
    "PutUserPolicy": (
        lambda here: changed(here, inline={"own": INLINE_DOCUMENT}),
        lambda here: changed(here, inline={"own": ALLOWING}),
        OF_ALICE | {"policyName": "own"},
    ),
    "DeleteUserPolicy": (
        lambda here: changed(here, policies=HOLDING, inline={"own": DENIAL}),
        lambda here: changed(here, inline={}),
        OF_ALICE | {"policyName": "own"},
    ),
    "DetachUserPolicy": (
        lambda here: changed(here, policies=HOLDING | {DENYING}),
        lambda here: changed(here, policies=HOLDING),
        OF_ALICE | {"policyArn": DENYING},
    ),
    "AddUserToGroup": (
        lambda _: None,
        lambda here: changed(here, groups=CREW | {"mighty"}),
        OF_ALICE | {"groupName": "mighty"},
    ),
    "RemoveUserFromGroup": (
        lambda here: changed(here, policies=HOLDING, groups=CREW | {"denied"}),
        lambda here: changed(here, groups=CREW),
        OF_ALICE | {"groupName": "denied"},
    ),
    "AttachGroupPolicy": (
        lambda _: None,
        lambda here: with_group(here, MIGHTY),
        OF_CREW | {"policyArn": MIGHTY},
    ),
    "DetachGroupPolicy": (
        lambda here: with_group(here, MIGHTY, DENYING),
        lambda here: with_group(here, MIGHTY),
        OF_CREW | {"policyArn": DENYING},
    ),
    "PutGroupPolicy": (
        lambda here: with_group(here, own=INLINE_DOCUMENT),
        lambda here: with_group(here, own=ALLOWING),
        OF_CREW | {"policyName": "own"},
    ),
    "DeleteGroupPolicy": (
        lambda here: with_group(here, MIGHTY, own=DENIAL),
        lambda here: with_group(here, MIGHTY),
        OF_CREW | {"policyName": "own"},
    ),
    "CreatePolicyVersion": (
        lambda here: changed(here, policies=frozenset({SHARED})),
        lambda here: here.account.put_version(canonical(ALLOWING), SHARED),
        {"policyArn": SHARED, "setAsDefault": True},
    ),
    "SetDefaultPolicyVersion": (
        with_another_version,
        lambda here: here.account.choose_version("v2", SHARED),
        {"policyArn": SHARED, "versionId": "v2"},
    ),
}


def happened(here: Harness, name: str) -> Envelope:
    """Let it happen, and return its event."""
    before, does, request = GIVING[name]
    before(here)
    here.clock.advance(3600)
    does(here)
    return event(name, request, at=here.clock())


@given(name=st.sampled_from(sorted(GIVING)), ages=AGES, late=st.integers(0, 5))
def test_whoever_is_given_more_is_guarded(name: str, ages: list[int], late: int) -> None:
    """Each read may show the account as it was up to three minutes ago; Lambda's tries see it."""
    here = account()
    envelope = happened(here, name)
    turns = iter(range(10_000))
    here.iam.staleness = lambda: float(ages[next(turns) % len(ages)])
    here.clock.advance(late)
    assert here.deliver_until_settled(envelope)
    assert here.carries_guard("alice")


@given(name=st.sampled_from(sorted(GIVING)))
def test_fresh_reads_need_no_second_look(name: str) -> None:
    """Whoever is found able to do something dangerous is guarded at once, and that is all."""
    here = account()
    for run in here.deliver(happened(here, name)):
        run.raise_unsettled()
    assert here.carries_guard("alice")
