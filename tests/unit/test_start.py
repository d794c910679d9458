"""reactor.start: what refuses the start. What the handlers do runs end to end elsewhere."""

import json
from pathlib import Path

import pytest

from reactor.handlers.functions import own_roles
from reactor.names import Function, stage_of
from reactor.reconcile import enforce, observe_only
from reactor.runtime import executor_of
from reactor.settings import Mode
from reactor.start import start, start_or_exit

HERE = {"AWS_REGION": "us-east-1"}


def test_executor() -> None:
    """Only the mode `enforce` carries anything out."""
    assert executor_of(Mode.ENFORCE) is enforce
    assert executor_of(Mode.OBSERVE) is observe_only
    assert len(Mode) == 2


@pytest.mark.parametrize("stage", ["dev", "a-b"])
def test_own_roles(stage: str) -> None:
    """A stage's roles have its functions' names, and lead back to the stage."""
    roles = own_roles(stage)
    assert f"mfa-reactor-{stage}-react" in roles
    assert len(roles) == len(Function)
    assert {stage_of(role) for role in roles} == {stage}


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        pytest.param(
            {**HERE, "REACTOR_MODE": "on"},
            "mfa-reactor: REACTOR_MODE is 'on': it takes one of observe, enforce",
            id="a wrong setting",
        ),
        pytest.param(
            {**HERE, "REACTOR_MOD": "observe"},
            "mfa-reactor: REACTOR_MOD is not a setting of mfa-reactor: did you mean REACTOR_MODE?",
            id="an unknown setting",
        ),
        pytest.param(
            {**HERE, "REACTOR_CONFIG_RULES": ",".join(f"{'r' * 100}{n:03}" for n in range(20))},
            "mfa-reactor: REACTOR_CONFIG_RULES is too long: the pattern of the rule that listens"
            " would have 2,381 characters, and EventBridge takes 2,048; name fewer, or have one"
            " stage for some and another for the others",
            id="more rules of AWS Config than a pattern holds",
        ),
        pytest.param(
            {**HERE, "REACTOR_NOTICE_TOPIC": "arn:aws:sns:eu-west-1:123456789012:mfa"},
            "mfa-reactor: REACTOR_NOTICE_TOPIC is in eu-west-1: SNS takes messages in a topic's"
            " region only, and mfa-reactor is in us-east-1; name a topic there",
            id="a topic in another region",
        ),
        pytest.param(
            {"AWS_REGION": "eu-west-1"},
            "mfa-reactor: mfa-reactor cannot run in eu-west-1: IAM events arrive in us-east-1"
            " only. Deploy it there: AWS_DEFAULT_REGION=us-east-1 chalice deploy --stage STAGE",
            id="a region without IAM events",
        ),
    ],
)
def test_refused_start(environment: dict[str, str], line: str, tmp_path: Path) -> None:
    """The process ends with the one line that helps."""
    with pytest.raises(SystemExit) as caught:
        start_or_exit(tmp_path, environment)
    assert caught.value.code == line


def test_stale_roles_refuse_the_deployment(tmp_path: Path) -> None:
    """Policy files that do not fit the settings are named, where it is deployed from only."""
    (tmp_path / ".chalice").mkdir()
    functions = {each: {"iam_policy_file": f"policy-dev-{each}.json"} for each in Function}
    config = {"stages": {"dev": {"lambda_functions": functions}}}
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(config))
    with pytest.raises(SystemExit, match=r"policy-dev-react\.json, .* roles --write"):
        start_or_exit(tmp_path, HERE)


def test_a_profile_that_is_not_there_stops_the_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, with what to do: no traceback of boto3's."""
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(SystemExit, match=r"^mfa-reactor: .*no-such-profile.*; sign in again"):
        start_or_exit(tmp_path, HERE)


def test_start() -> None:
    """Started with good settings it has them, in the region it was told."""
    reactor = start({**HERE, "REACTOR_MODE": "enforce"})
    assert (reactor.settings.mode, reactor.session.region) == (Mode.ENFORCE, "us-east-1")
