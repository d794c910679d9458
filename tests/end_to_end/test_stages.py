"""What stops a start, what observing means, and other partitions."""

import json

import pytest

from reactor.roles.files import stale_files
from sandbox import DeploymentError, Sandbox, deploy
from tests.end_to_end.stage import PROJECT, Stage, deploy_into, staged


@pytest.mark.parametrize("stage_name", ["dev", "prod"])
def test_a_stage_observes_until_it_is_told_to_enforce(stage_name: str) -> None:
    """Both stages come observing: all is recorded, and no role could change anything."""
    with staged({}, stage=stage_name) as stage:
        stage.iam.create_user(UserName="watched")
        stage.settle()
        stage.sweep()
        assert stage.policies("watched") == set()
        for function in ("react", "sweep"):
            record = stage.records_of("watched", function)[0]
            assert record["mode"] == "observe"
            assert record["verdict"]["compliance"] == "NON_COMPLIANT"
            assert {each["outcome"] for each in record["actions"]} == {"skipped"}
        writes = [
            each
            for each in stage.sandbox.control.records()
            if "mfa-reactor" in json.dumps(each["userIdentity"])
        ]
        assert writes == []


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_it_runs_in_other_partitions(region: str, partition: str) -> None:
    """The guard's ARN and document are the partition's own."""
    with staged({"REACTOR_MODE": "enforce"}, region=region) as stage:
        stage.iam.create_user(UserName="mei")
        stage.settle()
        assert stage.is_guarded("mei")
        assert stage.guard == f"arn:{partition}:iam::{stage.sandbox.account}:policy/MfaReactorGuard"
        version = stage.iam.get_policy_version(PolicyArn=stage.guard, VersionId="v1")
        document = json.dumps(version["PolicyVersion"]["Document"])
        assert f"arn:{partition}:iam::" in document
        assert "arn:aws:" not in document


def test_a_region_without_iam_events_is_refused() -> None:
    """One line that names the right region, before anything is deployed."""
    with Sandbox.start() as sandbox, pytest.raises(DeploymentError) as failure:
        deploy_into(sandbox, {}, region="eu-central-1")
    last = str(failure.value).strip().splitlines()[-1]
    assert last.startswith("mfa-reactor: mfa-reactor cannot run in eu-central-1")
    assert "us-east-1" in last


def test_a_wrong_setting_stops_the_deployment_with_one_line() -> None:
    """The line names the setting, what it got and what it takes."""
    with Sandbox.start() as sandbox, pytest.raises(DeploymentError) as failure:
        deploy(sandbox, project=PROJECT, stage="prod", settings={"REACTOR_MODE": "on", "X": "y"})
    lines = str(failure.value).strip().splitlines()
    assert lines[1:] == ["mfa-reactor: REACTOR_MODE is 'on': it takes one of observe, enforce"]


def test_roles_that_do_not_fit_the_settings_stop_the_deployment() -> None:
    """Told to enforce with the roles of observe mode, nothing could be enforced: refused."""
    with Sandbox.start() as sandbox, pytest.raises(DeploymentError, match="roles --write"):
        deploy(sandbox, project=PROJECT, stage="prod", settings={"REACTOR_MODE": "enforce"})


def test_a_setting_that_is_broken_later_stops_the_start_with_one_line() -> None:
    """Somebody edits the function's environment: the log has the line, and no event is lost."""
    with staged({"REACTOR_MODE": "enforce"}) as stage:
        name = "mfa-reactor-prod-react"
        variables = stage.functions.get_function_configuration(FunctionName=name)["Environment"]
        broken = variables["Variables"] | {"REACTOR_SCOPE": "all"}
        stage.functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": broken}
        )
        stage.iam.create_user(UserName="late")
        stage.settle()
        lines = [each for each in stage.deployment.log_events("react") if "REACTOR_SCOPE" in each]
        assert lines[0].strip() == (
            "mfa-reactor: REACTOR_SCOPE is 'all': it takes one of everyone, without-mfa, console,"
            " privileged"
        )
        assert [each["ok"] for each in stage.attempts("react")] == [False, False, False]


def test_a_policy_of_the_guards_name_that_is_not_ours_is_refused() -> None:
    """Without our tag it is somebody else's: attached to nobody, and the record says what to do."""
    with Sandbox.start(retry_pauses_seconds=(0.1, 0.1)) as sandbox:
        iam = sandbox.client("iam")
        theirs = iam.create_policy(
            PolicyName="MfaReactorGuard",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
                }
            ),
        )["Policy"]["Arn"]
        stage = Stage(sandbox, deploy_into(sandbox, {"REACTOR_MODE": "enforce"}))
        stage.iam.create_user(UserName="lucky")
        stage.settle()
        assert stage.policies("lucky") == set()
        assert [each["ok"] for each in stage.attempts("react")] == [True]
        error = stage.records_of("lucky")[0]["errors"][0]
        assert error["kind"] == "permanent"
        assert theirs in error["what"]
        assert "mfa-reactor guard apply --adopt" in error["remedy"]
        answer, failure = stage.invoke("keeper", {})
        assert failure is None
        assert answer["in_order"] is False


def test_a_guard_kept_by_someone_else_is_attached_as_it_is() -> None:
    """REACTOR_GUARD_POLICY may name a policy by its ARN: then nothing is created."""
    with Sandbox.start() as sandbox:
        iam = sandbox.client("iam")
        arn = iam.create_policy(
            PolicyName="TheirGuard",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}],
                }
            ),
        )["Policy"]["Arn"]
        settings = {"REACTOR_MODE": "enforce", "REACTOR_GUARD_POLICY": arn}
        stage = Stage(sandbox, deploy_into(sandbox, settings))
        stage.iam.create_user(UserName="nell")
        stage.settle()
        assert stage.policies("nell") == {arn}


def test_the_projects_own_roles_fit_its_configuration() -> None:
    """What is committed under .chalice can be deployed as it is."""
    assert stale_files(PROJECT / ".chalice") == []
