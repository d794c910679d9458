"""reactor.guard.identity: which policy is the guard, and whose it is."""

import pytest

from reactor.errors import Permanent
from reactor.guard.identity import Guard, Standing
from tests.fakes.account import ACCOUNT
from tests.fakes.harness import settings

GIVEN_ARN = "arn:aws:iam::123456789012:policy/team/Guard"


@pytest.mark.parametrize(
    ("partition", "arn"),
    [
        ("aws", "arn:aws:iam::123456789012:policy/MfaReactorGuard"),
        ("aws-cn", "arn:aws-cn:iam::123456789012:policy/MfaReactorGuard"),
        ("aws-us-gov", "arn:aws-us-gov:iam::123456789012:policy/MfaReactorGuard"),
    ],
)
def test_named(partition: str, arn: str) -> None:
    """A guard named by its name stands in the account, in its partition."""
    assert Guard.of(settings(), partition=partition, account=ACCOUNT) == Guard(arn, given=False)


def test_given() -> None:
    """A guard named by its ARN is that, and is someone else's to keep."""
    guard = Guard.of(settings(guard_policy=GIVEN_ARN), partition="aws", account=ACCOUNT)
    assert guard == Guard(GIVEN_ARN, given=True)
    assert guard.name == "Guard"


@pytest.mark.parametrize(
    ("given", "tags", "standing"),
    [
        pytest.param(False, None, Standing.MISSING, id="nothing there"),
        pytest.param(False, {"mfa-reactor": "guard"}, Standing.OURS, id="our tag"),
        pytest.param(
            False, {"mfa-reactor": "guard", "x": "y"}, Standing.OURS, id="our tag among others"
        ),
        pytest.param(False, {}, Standing.FOREIGN, id="no tag"),
        pytest.param(False, {"mfa-reactor": "Guard"}, Standing.FOREIGN, id="another value"),
        pytest.param(False, {"MFA-reactor": "guard"}, Standing.FOREIGN, id="another key"),
        pytest.param(True, None, Standing.MISSING, id="given: nothing there"),
        pytest.param(True, {}, Standing.GIVEN, id="given: whatever its tags"),
        pytest.param(True, {"mfa-reactor": "guard"}, Standing.GIVEN, id="given: even ours"),
    ],
)
def test_standing(tags: dict[str, str] | None, standing: Standing, *, given: bool) -> None:
    """A guard is ours by its tag only; a given one need only be there."""
    assert Guard(GIVEN_ARN, given=given).standing(tags) is standing


@pytest.mark.parametrize(
    ("given", "standing", "says"),
    [
        pytest.param(False, Standing.FOREIGN, "guard apply --adopt", id="foreign: how to adopt it"),
        pytest.param(True, Standing.MISSING, "create it", id="given and missing"),
        pytest.param(False, Standing.MISSING, None, id="missing: the keeper makes it"),
        pytest.param(False, Standing.OURS, None, id="ours"),
        pytest.param(True, Standing.GIVEN, None, id="given"),
    ],
)
def test_refusal(standing: Standing, says: str | None, *, given: bool) -> None:
    """What cannot be put on anybody is refused for good, with the way out."""
    refusal = Guard(GIVEN_ARN, given=given).refusal(standing)
    if says is None:
        assert refusal is None
    else:
        assert isinstance(refusal, Permanent)
        assert GIVEN_ARN in str(refusal)
        assert says in refusal.remedy
