"""reactor.inspection.channels: whom `notify` tells, whether they are there."""

from collections.abc import Callable

import pytest

from reactor.errors import ReactorError
from reactor.inspection.channels import bus, security_hub, topic, webhook
from reactor.inspection.facts import Parameter, Secret, Stage
from reactor.inspection.findings import Finding, State
from tests.fakes.inspection import STAGE, denied

SSM, SECRET = "ssm:/mfa/slack", "secretsmanager:mfa/slack"
TOPIC = "arn:aws:sns:us-east-1:123456789012:notices"


@pytest.mark.parametrize(
    ("reference", "found", "state", "said"),
    [
        pytest.param(SSM, Parameter("SecureString"), State.OK, "/mfa/slack of", id="SecureString"),
        pytest.param(SECRET, Secret(being_deleted=False), State.OK, "is there", id="a secret"),
        pytest.param(
            SSM,
            None,
            State.FAILED,
            'aws ssm put-parameter --name /mfa/slack --type SecureString --value "$(cat)"',
            id="no parameter",
        ),
        pytest.param(SECRET, None, State.FAILED, "create-secret --name mfa/slack", id="no secret"),
        pytest.param(
            "ssm:arn:aws:ssm:us-east-1:123456789012:parameter/mfa/slack",
            None,
            State.FAILED,
            "aws ssm put-parameter --name /mfa/slack --type",
            id="no parameter, by its ARN",
        ),
        pytest.param(
            SSM, Parameter("String"), State.FAILED, "have Slack make another", id="in the open"
        ),
        pytest.param(
            SECRET,
            Secret(being_deleted=True),
            State.FAILED,
            "restore-secret --secret-id mfa/slack",
            id="being deleted",
        ),
        pytest.param(SSM, denied(), State.UNKNOWN, "allow some:Read", id="unreadable"),
    ],
)
def test_the_webhook(
    reference: str, found: Parameter | Secret | ReactorError | None, state: State, said: str
) -> None:
    """Its secret must be there, and not lie open."""
    finding = webhook(STAGE, reference, found)
    assert (finding.check, finding.state) == ("notice-webhook", state)
    assert said in finding.what + finding.remedy


Judge = Callable[[Stage, bool | ReactorError], Finding]


def _topic(stage: Stage, found: bool | ReactorError) -> Finding:
    return topic(stage, TOPIC, found)


def _bus(stage: Stage, found: bool | ReactorError) -> Finding:
    return bus(stage, "notices", found)


@pytest.mark.parametrize(
    ("judge", "check", "command"),
    [
        pytest.param(
            _topic,
            "notice-topic",
            "aws sns create-topic --name notices --region us-east-1, or correct",
            id="topic",
        ),
        pytest.param(
            _bus,
            "notice-bus",
            "aws events create-event-bus --name notices --region us-east-1, or correct",
            id="bus",
        ),
        pytest.param(
            security_hub,
            "security-hub",
            "aws securityhub enable-security-hub --region us-east-1, or REACTOR_SECURITY_HUB=false",
            id="hub",
        ),
    ],
)
def test_a_channel(judge: Judge, check: str, command: str) -> None:
    """There, missing with what makes it, or unknown."""
    there, missing, unread = (judge(STAGE, found) for found in (True, False, denied()))
    assert [each.check for each in (there, missing, unread)] == [check] * 3
    assert [each.state for each in (there, missing, unread)] == [
        State.OK,
        State.FAILED,
        State.UNKNOWN,
    ]
    assert missing.remedy.startswith(command)


def test_a_topic_elsewhere() -> None:
    """In another region SNS takes nothing for it here; in another account we make none."""
    elsewhere = topic(STAGE, TOPIC.replace("us-east-1", "eu-west-1"), found=True)
    assert elsewhere.state is State.FAILED
    assert "is in another region" in elsewhere.what
    foreign = topic(STAGE, TOPIC.replace("123456789012", "999999999999"), found=False)
    assert foreign.remedy.startswith("correct REACTOR_NOTICE_TOPIC")
