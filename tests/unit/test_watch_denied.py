"""reactor.watch on calls that IAM denied: which of them were aimed at the guard."""

from typing import Any

import pytest

from reactor.guard.identity import Guard
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.calls import ADMIN, denied, function, happened, kinds, role, seen, user

ALLOWED_BY_NONE = " because no identity-based policy allows the iam:Any action"
BY_THE_GUARD = f" with an explicit deny in an identity-based policy: {GUARD_ARN}"
WHYS = ("", ALLOWED_BY_NONE, BY_THE_GUARD)
OTHER = f"policy arn:aws:iam::{ACCOUNT}:policy/Other"


@pytest.mark.parametrize("why", WHYS)
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("CreatePolicyVersion", f"policy {GUARD_ARN}"),
        ("SetDefaultPolicyVersion", f"policy {GUARD_ARN} version v2"),
        ("DeletePolicyVersion", f"policy {GUARD_ARN} version v1"),
        ("DeletePolicy", f"policy {GUARD_ARN}"),
        ("DeletePolicy", GUARD_ARN),
        ("UntagPolicy", f"policy {GUARD_ARN}"),
        ("CreatePolicy", "policy MfaReactorGuard"),
    ],
)
def test_aimed_at_the_guard(action: str, resource: str, why: str) -> None:
    """A denied call whose message names the guard as its resource is an attempt at it."""
    (alarm,) = seen(denied(action, resource, why)).alarms
    assert alarm.kind == "denied-at-guard"
    assert alarm.details == {"policy": GUARD_ARN, "certain": True, "resource": resource}


@pytest.mark.parametrize("why", WHYS)
@pytest.mark.parametrize(
    ("action", "resource"),
    [("DetachUserPolicy", "user alice"), ("DetachGroupPolicy", "group people")],
)
def test_maybe_aimed_at_the_guard(action: str, resource: str, why: str) -> None:
    """Where the message cannot name the policy, the alarm says that it is not certain."""
    (alarm,) = seen(denied(action, resource, why)).alarms
    assert alarm.details == {"policy": GUARD_ARN, "certain": False, "resource": resource}
    assert f"was denied {action} on {resource}, maybe to take the guard off" in alarm.what


@pytest.mark.parametrize("why", WHYS)
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("CreatePolicyVersion", OTHER),
        ("CreatePolicyVersion", f"policy {GUARD_ARN}2"),
        ("SetDefaultPolicyVersion", f"{OTHER} version v2"),
        ("CreatePolicy", "policy Other"),
        ("AttachUserPolicy", "user alice"),
        ("CreateAccessKey", "user alice"),
        ("GetPolicy", f"policy {GUARD_ARN}"),
    ],
)
def test_not_aimed_at_the_guard(action: str, resource: str, why: str) -> None:
    """What the guard denies, and its ARN at the message's end, is no attempt at the guard."""
    for by in (ADMIN, user(), user(mfa=False)):
        assert kinds(denied(action, resource, why, by)) == []


@pytest.mark.parametrize("message", ["", "Access denied", None])
def test_without_a_resource(message: str | None) -> None:
    """A message that names no resource cannot clear a call that may be about the guard."""
    payload = happened("iam", "DeletePolicy", error=("AccessDenied", message or ""))
    if message is None:
        del payload["detail"]["errorMessage"]
    (alarm,) = seen(payload).alarms
    assert alarm.details == {"policy": GUARD_ARN, "certain": False, "resource": None}
    assert alarm.what.endswith("was denied DeletePolicy maybe at the guard")


def test_new_policy_beside_a_given_guard() -> None:
    """A policy of a given guard's name is none of ours to keep."""
    given = Guard(GUARD_ARN, given=True)
    assert kinds(denied("CreatePolicy", "policy MfaReactorGuard", ""), guard=given) == []
    assert kinds(denied("DeletePolicy", f"policy {GUARD_ARN}", ""), guard=given) != []


def test_other_errors() -> None:
    """A call that failed otherwise was allowed, and changed nothing."""
    failed: Any = ("NoSuchEntity", f"Policy {GUARD_ARN} was not found")
    assert kinds(happened("iam", "DeletePolicy", error=failed, PolicyArn=GUARD_ARN)) == []


def test_who_is_denied() -> None:
    """Our own functions report that themselves; a trusted role has no business with the guard."""
    payload = ("DetachUserPolicy", "user alice", ALLOWED_BY_NONE)
    assert seen(denied(*payload, by=function("react"))).ignored == "our own function react"
    assert kinds(denied(*payload, by=role("deployer"))) == ["denied-at-guard"]
    assert kinds(denied(*payload, by=function("react", "dev"))) == ["denied-at-guard"]
