"""Scope `privileged`, deployed: what a user may do decides, and whatever changes that is heard."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.end_to_end.stage import Stage, deploy_into, staged

PRIVILEGED = {
    "REACTOR_MODE": "enforce",
    "REACTOR_SCOPE": "privileged",
    "REACTOR_DANGEROUS_ACTIONS": "iam:Put*,ec2:TerminateInstances",
}
READS = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
WRITES = {"Sid": "Mighty", "Effect": "Allow", "Action": ["s3:*", "iam:P*"], "Resource": "*"}
DENIES = {"Effect": "Deny", "Action": ["iam:*", "ec2:*"], "Resource": "*"}


def document(*statements: object) -> str:
    """Return a policy's document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage in scope `privileged`."""
    with staged(PRIVILEGED) as stage:
        stage.new_user("mighty")
        stage.iam.put_user_policy(
            UserName="mighty", PolicyName="own", PolicyDocument=document(WRITES)
        )
        stage.settle()
        yield stage


def policy(stage: Stage, name: str, *statements: object) -> str:
    """Create a managed policy, and return its ARN."""
    made = stage.iam.create_policy(PolicyName=name, PolicyDocument=document(*statements))
    return str(made["Policy"]["Arn"])


def last(stage: Stage, user: str, function: str = "review") -> tuple[str, list[str]]:
    """Return the rule and the reasons of a function's last record of a user not guarded yet."""
    verdicts = [each["verdict"] for each in stage.records_of(user, function)]
    verdict = [each for each in verdicts if each["rule"] != "guarded"][-1]
    return verdict["rule"], verdict["reasons"]


def test_an_inline_policy(stage: Stage) -> None:
    """PutUserPolicy brings the guard; the record names policy, statement and pattern."""
    assert stage.is_guarded("mighty")
    rule, reasons = last(stage, "mighty")
    assert rule == "must-carry-guard"
    assert reasons[1] == "may do iam:Put*: policy own (inline), statement Mighty, allows iam:P*"


def test_an_attached_policy(stage: Stage) -> None:
    """One that allows nothing dangerous is left alone; one that does is answered."""
    user = stage.new_user("abel")
    stage.iam.attach_user_policy(UserName=user, PolicyArn=policy(stage, "abel-reads", READS))
    stage.settle()
    assert last(stage, user) == ("out-of-scope", ["may do nothing dangerous"])
    assert not stage.is_guarded(user)
    stage.iam.attach_user_policy(UserName=user, PolicyArn=policy(stage, "abel-writes", WRITES))
    stage.settle()
    assert stage.is_guarded(user)


def test_a_new_version(stage: Stage) -> None:
    """What a policy says from now on concerns its holders, and members of groups that hold it."""
    arn = policy(stage, "shared", READS)
    holder, member = stage.new_user("bea"), stage.new_user("bo")
    stage.iam.attach_user_policy(UserName=holder, PolicyArn=arn)
    stage.iam.create_group(GroupName="sharing")
    stage.iam.attach_group_policy(GroupName="sharing", PolicyArn=arn)
    stage.iam.add_user_to_group(GroupName="sharing", UserName=member)
    stage.settle()
    assert not stage.is_guarded(holder)
    version = stage.iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=document(WRITES), SetAsDefault=False
    )
    stage.settle()
    assert not stage.is_guarded(holder)
    stage.iam.set_default_policy_version(
        PolicyArn=arn, VersionId=version["PolicyVersion"]["VersionId"]
    )
    stage.settle()
    assert stage.is_guarded(holder)
    assert stage.is_guarded(member)


def test_a_group(stage: Stage) -> None:
    """Who joins a group may do what it may; and what a group is given, its members may do."""
    stage.iam.create_group(GroupName="operators")
    stage.iam.put_group_policy(
        GroupName="operators", PolicyName="crew", PolicyDocument=document(WRITES)
    )
    stage.iam.create_group(GroupName="guests")
    joiner, guest = stage.new_user("cleo"), stage.new_user("carl")
    stage.iam.add_user_to_group(GroupName="guests", UserName=guest)
    stage.iam.add_user_to_group(GroupName="operators", UserName=joiner)
    stage.settle()
    assert stage.is_guarded(joiner)
    assert not stage.is_guarded(guest)
    assert "policy crew (through group operators)" in last(stage, joiner)[1][1]
    stage.iam.put_group_policy(
        GroupName="guests", PolicyName="crew", PolicyDocument=document(WRITES)
    )
    stage.settle()
    assert stage.is_guarded(guest)


def test_a_denial(stage: Stage) -> None:
    """What is denied for good is not allowed; when that is taken away, it is."""
    user = stage.new_user("dora")
    arn = policy(stage, "dora-denies", DENIES)
    stage.iam.attach_user_policy(UserName=user, PolicyArn=arn)
    stage.iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document(WRITES))
    stage.settle()
    assert not stage.is_guarded(user)
    stage.iam.detach_user_policy(UserName=user, PolicyArn=arn)
    stage.settle()
    assert stage.is_guarded(user)


def test_a_device(stage: Stage) -> None:
    """Who has one may be given anything; who loses it is guarded if it may do something."""
    mighty, harmless = stage.new_user("eli"), stage.new_user("emma")
    serials = {user: stage.give_device(user) for user in (mighty, harmless)}
    stage.iam.put_user_policy(UserName=mighty, PolicyName="own", PolicyDocument=document(WRITES))
    stage.settle()
    assert not stage.is_guarded(mighty)
    for user, serial in serials.items():
        stage.iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    stage.settle()
    assert stage.is_guarded(mighty)
    assert not stage.is_guarded(harmless)


def test_a_sweep(stage: Stage) -> None:
    """What no event brought is found; who may do nothing dangerous is asked nothing."""
    harmless, mighty = stage.new_user("finn"), stage.new_user("fay")
    stage.sandbox.control.lose_next_event("PutUserPolicy")
    stage.iam.put_user_policy(UserName=mighty, PolicyName="own", PolicyDocument=document(WRITES))
    stage.settle()
    assert not stage.is_guarded(mighty)
    stage.sandbox.control.clear_calls()
    stage.sweep()
    assert stage.is_guarded(mighty)
    assert not stage.is_guarded(harmless)
    made = [each for each in stage.sandbox.control.calls() if "sweep" in each["caller"]]
    calls = [each["action"] for each in made]
    assert calls.count("ListMFADevices") == 1


def test_stale_reads(stage: Stage) -> None:
    """An event that IAM does not show yet is looked at again, until it does."""
    user = stage.new_user("gil")
    arn = policy(stage, "gil-writes", WRITES)
    lag = 4.0
    time.sleep(lag)  # so that the user and the policy are shown
    stage.sandbox.control.set_staleness(lag)
    before = len(stage.attempts("review"))
    stage.iam.attach_user_policy(UserName=user, PolicyArn=arn)
    until = time.monotonic() + lag
    while len(stage.attempts("review")) == before and time.monotonic() < until:
        time.sleep(0.01)
    stage.sandbox.control.set_staleness(0)  # the tries that follow look at fresh reads
    stage.settle()
    assert not stage.attempts("review")[before]["ok"], "it was not tried again"
    assert stage.is_guarded(user)


def test_only_custom_policies(stage: Stage) -> None:
    """With REACTOR_ONLY_CUSTOM_POLICIES what AWS's own policies allow makes nobody privileged."""
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    deploy_into(stage.sandbox, PRIVILEGED | {"REACTOR_ONLY_CUSTOM_POLICIES": "true"})
    user = stage.new_user("hans")
    stage.iam.attach_user_policy(UserName=user, PolicyArn=arn)
    stage.settle()
    stage.sweep()
    assert not stage.is_guarded(user)
    deploy_into(stage.sandbox, PRIVILEGED)
    stage.sweep()
    assert stage.is_guarded(user)
    assert "policy AdministratorAccess (attached)" in last(stage, user, "sweep")[1][1]
