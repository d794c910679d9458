"""reactor.guard.keeper on the fake: the guard is created once, tagged, and never taken over."""

import json

import pytest

from reactor.errors import Permanent, Transient, Unsettled
from reactor.guard.document import guard_document
from reactor.guard.keeper import CreatePolicy
from reactor.model import OutcomeStatus
from reactor.reconcile import Run
from reactor.users.actions import AttachGuard
from tests.fakes.account import ACCOUNT, GUARD_ARN, GUARD_TAGS
from tests.fakes.harness import Harness, settings
from tests.fakes.iam import Call

GIVEN_ARN = f"arn:aws:iam::{ACCOUNT}:policy/team/Guard"


def result(run: Run) -> tuple[str, list[str]]:
    """Return the rule that decided, and what became of the actions."""
    (settled,) = run.settled
    return settled.decision.verdict.rule, [each.status.value for each in settled.outcomes]


def test_missing_guard_is_created() -> None:
    """It is created with our tag and the generated document; a second look finds it in place."""
    harness = Harness()
    assert result(harness.keep()) == ("guard-missing", ["done"])
    policy = harness.account.world.policies[GUARD_ARN]
    assert policy.tags == GUARD_TAGS
    assert json.loads(policy.document) == guard_document("aws", ACCOUNT)
    assert result(harness.keep()) == ("guard-in-place", [])
    assert [call.method for call in harness.iam.writes] == ["create_policy"]


def test_observe_mode_creates_nothing() -> None:
    """What is missing stays missing, and is said."""
    harness = Harness(settings(mode="observe"))
    assert result(harness.keep()) == ("guard-missing", ["skipped"])
    assert harness.iam.writes == []


@pytest.mark.parametrize(
    "tags", [pytest.param({}, id="no tag"), pytest.param({"mfa-reactor": "x"}, id="another tag")]
)
def test_foreign_policy_is_refused(tags: dict[str, str]) -> None:
    """A policy of that name without our tag is left alone, with a word on how to adopt it."""
    harness = Harness()
    harness.account.put_policy(GUARD_ARN, tags)
    run = harness.keep()
    assert result(run) == ("guard-refused", [])
    (error,) = run.settled[0].errors
    assert isinstance(error, Permanent)
    assert "adopt it" in error.remedy
    assert harness.iam.writes == []
    run.raise_unsettled()


@pytest.mark.parametrize(
    ("there", "rule"),
    [
        pytest.param(True, "guard-in-place", id="there"),
        pytest.param(False, "guard-refused", id="missing"),
    ],
)
def test_given_guard_is_not_ours_to_make(rule: str, *, there: bool) -> None:
    """A guard named by its ARN is used as it is, or refused; never created."""
    harness = Harness(settings(guard_policy=GIVEN_ARN))
    if there:
        harness.account.put_policy(GIVEN_ARN, {})
    assert result(harness.keep()) == (rule, [])
    assert harness.iam.writes == []


@pytest.mark.parametrize(
    ("tags", "status", "error"),
    [
        pytest.param(GUARD_TAGS, "already so", None, id="by another keeper"),
        pytest.param({}, "failed", Permanent, id="by somebody else"),
    ],
)
def test_created_meanwhile(
    tags: dict[str, str], status: str, error: type[Permanent] | None
) -> None:
    """Who is faster decides: another keeper's guard will do, a foreign policy is refused."""
    harness = Harness()

    def be_faster(call: Call) -> None:
        if call.method == "create_policy":
            harness.account.put_policy(GUARD_ARN, tags)

    harness.iam.on_call = be_faster
    run = harness.keep()
    assert result(run) == ("guard-missing", [status])
    assert [type(each) for each in run.settled[0].errors] == ([] if error is None else [error])


def test_iam_disagrees_with_itself() -> None:
    """A guard that exists for CreatePolicy and not yet for GetPolicy is tried again."""
    harness = Harness()
    harness.clock.advance(60)
    harness.account.put_policy()
    harness.iam.staleness = lambda: 30
    run = harness.keep()
    assert result(run) == ("guard-missing", ["failed"])
    assert isinstance(run.settled[0].errors[0], Transient)
    with pytest.raises(Unsettled, match="that it does not"):
        run.raise_unsettled()
    harness.clock.advance(60)
    assert result(harness.keep()) == ("guard-in-place", [])


def test_unreadable_guard_is_not_missing() -> None:
    """A failing read creates nothing."""
    harness = Harness()
    harness.iam.fail("policy_tags")
    run = harness.keep()
    assert result(run) == ("not-read", [])
    assert harness.iam.writes == []
    with pytest.raises(Unsettled):
        run.raise_unsettled()


def test_action() -> None:
    """The action says what it is done to, keeps its document out of logs, and is the only one."""
    harness = Harness()
    action = CreatePolicy(harness.guard, "the document")
    assert action.describe() == {"policy": GUARD_ARN}
    assert "the document" not in repr(action)
    assert action.permissions == {"iam:CreatePolicy", "iam:TagPolicy"}
    assert harness.keeper.perform(action).status is OutcomeStatus.DONE
    with pytest.raises(TypeError, match="not an action of the keeper"):
        harness.keeper.perform(AttachGuard("alice", GUARD_ARN))


def test_state_for_the_record() -> None:
    """The record says what stands at the guard's ARN."""
    harness = Harness()
    harness.account.put_policy()
    (settled,) = harness.keep().settled
    state = settled.observation.state
    assert state is not None
    assert state.facts() == {"arn": GUARD_ARN, "standing": "ours"}
    assert settled.observation.reads == ("iam:GetPolicy",)
