"""reactor.inspection.checks and .findings: what each fact comes to, and when it is an alarm."""

from typing import Any

import pytest

from reactor.inspection import checks
from reactor.inspection.facts import (
    Concurrency,
    EventSettings,
    Parameter,
    Root,
    Rule,
    Stage,
    Target,
)
from reactor.inspection.findings import Finding, State, alarm_of, passed
from reactor.model import AlarmKind
from tests.fakes.inspection import LIST, STAGE, denied

ARN = "arn:aws:lambda:us-east-1:123456789012:function:mfa-reactor-prod-react"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:mfa-reactor-prod-undelivered"
TARGET = Target(ARN, QUEUE, whole=True)
FAILED = "arn:aws:sqs:us-east-1:123456789012:mfa-reactor-prod-failed"
EVENTS = EventSettings(FAILED)
# Queues that are not the stage's own: each part of an ARN can be another.
FOREIGN = (
    ("partition", "arn:aws", "arn:aws-cn"),
    ("region", "us-east-1", "us-west-2"),
    ("account", "123456789012", "999999999999"),
    ("stage", "prod", "dev"),
    ("service", "sqs", "sns"),
)
PATTERN = {"source": ["aws.iam"]}
OPERATE = "make deploy STAGE=prod, or mfa-reactor --stage prod operations apply"


def test_region() -> None:
    """IAM's events arrive in one region a partition."""
    assert checks.region(STAGE).ok
    assert checks.region(Stage("prod", "aws-cn", "cn-north-1", "1")).ok
    finding = checks.region(Stage("prod", "aws", "eu-west-1", "1"))
    assert finding.state is State.FAILED
    assert finding.remedy == "AWS_DEFAULT_REGION=us-east-1 chalice deploy --stage prod"


def test_a_stage_that_is_not_there() -> None:
    """It is said which, and where it was looked for."""
    finding = checks.deployed(STAGE)
    assert finding.what == "stage prod is not deployed in us-east-1 of account 123456789012"
    assert "chalice deploy --stage prod" in finding.remedy


class TestRule:
    """The rule that wakes a function."""

    @pytest.mark.parametrize(
        "rule",
        [
            pytest.param(Rule(enabled=True), id="without pattern"),
            pytest.param(Rule(enabled=True, pattern='{"source":  ["aws.iam"]}'), id="our pattern"),
        ],
    )
    def test_ok(self, rule: Rule) -> None:
        """Enabled, with its target and a queue; other targets do no harm."""
        other = Target("arn:aws:sns:us-east-1:123456789012:x", None, whole=False)
        pattern = PATTERN if rule.pattern else None
        finding = checks.rule(STAGE, "react", rule, (other, TARGET), pattern)
        assert (finding.check, finding.state, finding.remedy) == ("rule-react", State.OK, "")

    @pytest.mark.parametrize(
        ("rule", "targets", "what", "remedy"),
        [
            pytest.param(None, (), "there is no rule", "make deploy STAGE=prod", id="missing"),
            pytest.param(
                Rule(enabled=False),
                (TARGET,),
                "is disabled",
                "aws events enable-rule --name mfa-reactor-prod-react-event --region us-east-1",
                id="disabled",
            ),
            pytest.param(
                Rule(enabled=True, pattern='{"source": ["aws.s3"]}'),
                (TARGET,),
                "listens to other events",
                "make deploy STAGE=prod",
                id="another pattern",
            ),
            pytest.param(
                Rule(enabled=True, pattern="{"), (TARGET,), "other events", "make", id="no pattern"
            ),
            pytest.param(
                Rule(enabled=True, pattern=None),
                (TARGET,),
                "other events",
                "make",
                id="a schedule in the pattern's place",
            ),
            pytest.param(
                Rule(enabled=True, pattern='{"source": ["aws.iam"]}'),
                (Target(ARN + "x", QUEUE, whole=True),),
                "does not wake react",
                "make deploy STAGE=prod",
                id="another target",
            ),
            pytest.param(
                Rule(enabled=True, pattern='{"source": ["aws.iam"]}'),
                (Target(ARN, QUEUE, whole=False),),
                "does not pass events on",
                "make deploy STAGE=prod",
                id="a constant input",
            ),
            pytest.param(
                Rule(enabled=True, pattern='{"source": ["aws.iam"]}'),
                (Target(ARN, None, whole=True),),
                "has no queue",
                OPERATE,
                id="no queue",
            ),
            *(
                pytest.param(
                    Rule(enabled=True, pattern='{"source": ["aws.iam"]}'),
                    (Target(ARN, QUEUE.replace(ours, theirs), whole=True),),
                    "cannot deliver elsewhere: arn:",
                    OPERATE,
                    id=f"a queue of another {what}",
                )
                for what, ours, theirs in FOREIGN
            ),
        ],
    )
    def test_failed(
        self, rule: Rule | None, targets: tuple[Target, ...], what: str, remedy: str
    ) -> None:
        """Each way of losing events is named, with what mends it."""
        finding = checks.rule(STAGE, "react", rule, targets, PATTERN)
        assert finding.state is State.FAILED
        assert what in finding.what
        assert remedy in finding.remedy

    @pytest.mark.parametrize(
        ("rule", "targets"),
        [(denied(), (TARGET,)), (Rule(enabled=True), denied())],
        ids=["the rule", "its targets"],
    )
    def test_unknown(self, rule: Any, targets: Any) -> None:
        """What could not be read is never ok."""
        finding = checks.rule(STAGE, "react", rule, targets)
        assert finding.state is State.UNKNOWN
        assert "could not be read: some:Read failed" in finding.what

    @pytest.mark.parametrize(
        ("schedule", "what"),
        [
            pytest.param("rate(30 days)", "is rate(30 days), not rate(15 minutes)", id="another"),
            pytest.param(None, "is none, not rate(15 minutes)", id="a pattern in its place"),
        ],
    )
    def test_schedule(self, schedule: str | None, what: str) -> None:
        """A rule that goes off at other times than the settings say is not in order."""
        target = Target(STAGE.function_arn("mfa-reactor-prod-sweep"), QUEUE, whole=True)
        rule = Rule(enabled=True, pattern="{}", schedule=schedule)
        finding = checks.rule(STAGE, "sweep", rule, (target,), "rate(15 minutes)")
        assert (finding.state, finding.remedy) == (State.FAILED, "make deploy STAGE=prod")
        assert what in finding.what
        kept = Rule(enabled=True, schedule="rate(15 minutes)")
        assert checks.rule(STAGE, "sweep", kept, (target,), "rate(15 minutes)").ok

    def test_disabled_is_told_though_the_targets_cannot_be_read(self) -> None:
        """What is known to be wrong is not hidden behind what is unknown."""
        assert checks.rule(STAGE, "react", Rule(enabled=False), denied()).state is State.FAILED


class TestFunction:
    """A function, and where it puts what it fails on."""

    @pytest.mark.parametrize("reserved", [None, 1, 100])
    def test_ok(self, reserved: int | None) -> None:
        """Reserved or not, as long as it is not 0."""
        assert checks.function(STAGE, "sweep", Concurrency(reserved), EVENTS).ok

    @pytest.mark.parametrize(
        ("concurrency", "events", "what", "remedy"),
        [
            pytest.param(None, None, "there is no function", "make deploy", id="missing"),
            pytest.param(
                Concurrency(0),
                EVENTS,
                "its reserved concurrency is 0",
                "delete-function-concurrency --function-name mfa-reactor-prod-sweep",
                id="throttled",
            ),
            pytest.param(
                Concurrency(None), None, "has no place for events", OPERATE, id="no settings"
            ),
            pytest.param(
                Concurrency(None),
                EventSettings(None),
                "has no place for events",
                OPERATE,
                id="no queue",
            ),
            *(
                pytest.param(
                    Concurrency(None),
                    EventSettings(FAILED.replace(ours, theirs)),
                    "that it fails on elsewhere: arn:",
                    OPERATE,
                    id=f"a queue of another {what}",
                )
                for what, ours, theirs in FOREIGN
            ),
            *(
                pytest.param(
                    Concurrency(None),
                    EventSettings(FAILED, retries, age),
                    "gives events up too soon",
                    OPERATE,
                    id=f"{retries} more tries, {age} seconds",
                )
                for retries, age in ((0, 21600), (1, 21600), (2, 60))
            ),
        ],
    )
    def test_failed(
        self, concurrency: Concurrency | None, events: EventSettings | None, what: str, remedy: str
    ) -> None:
        """Each is named, with what mends it."""
        finding = checks.function(STAGE, "sweep", concurrency, events)
        assert (finding.check, finding.state) == ("function-sweep", State.FAILED)
        assert what in finding.what
        assert remedy in finding.remedy

    @pytest.mark.parametrize(
        ("concurrency", "events"),
        [(denied(), EVENTS), (Concurrency(None), denied())],
        ids=["its concurrency", "its settings for events"],
    )
    def test_unknown(self, concurrency: Any, events: Any) -> None:
        """What could not be read is never ok."""
        finding = checks.function(STAGE, "sweep", concurrency, events)
        assert finding.state is State.UNKNOWN


@pytest.mark.parametrize(
    ("name", "parameter", "state", "what"),
    [
        pytest.param("", None, State.OK, "no exemption list is named", id="none"),
        pytest.param(LIST, Parameter("StringList"), State.OK, "can be read", id="a list"),
        pytest.param(LIST, None, State.FAILED, "does not exist", id="missing"),
        pytest.param(LIST, Parameter("String"), State.FAILED, "is a String", id="no list"),
        pytest.param(LIST, denied(), State.UNKNOWN, "could not be read", id="unreadable"),
    ],
)
def test_exemption_list(name: str, parameter: Any, state: State, what: str) -> None:
    """A list that is named must be a list."""
    finding = checks.exemption_list(name, parameter)
    assert (finding.check, finding.state) == ("exemption-list", state)
    assert what in finding.what
    assert finding.ok or finding.remedy


@pytest.mark.parametrize(
    ("root", "state", "what"),
    [
        pytest.param((True, True, False), State.OK, "has MFA", id="MFA"),
        pytest.param(
            (True, True, True), State.OK, "delete them", id="MFA, and keys: a word on them"
        ),
        pytest.param((True, None, False), State.OK, "has MFA", id="MFA, password untold"),
        pytest.param((False, False, False), State.OK, "neither", id="centralised: no credentials"),
        pytest.param((False, True, False), State.FAILED, "a password and no MFA", id="a password"),
        pytest.param((False, False, True), State.FAILED, "has access keys and no", id="a key"),
        pytest.param((False, None, True), State.FAILED, "has access keys", id="a key, untold"),
        pytest.param((False, True, True), State.FAILED, "a password and access keys", id="both"),
        pytest.param((False, None, False), State.UNKNOWN, "does not say", id="untold"),
    ],
)
def test_root(root: tuple[bool, bool | None, bool], state: State, what: str) -> None:
    """Root must have MFA when it has anything to sign in or to call with."""
    mfa, password, access_keys = root
    finding = checks.root(Root(mfa=mfa, password=password, access_keys=access_keys))
    assert finding.state is state
    assert what in finding.what


class TestAlarm:
    """What a sweep raises."""

    def test_none_when_ok(self) -> None:
        """Nothing is to be looked at."""
        assert alarm_of(passed("trail", "all is well")) is None

    def test_none_for_what_nobody_can_settle(self) -> None:
        """An alarm at every sweep that cannot be ended would be ignored, and others with it."""
        finding = Finding("trail", State.UNKNOWN, "not shown", "ask", standing=True)
        assert alarm_of(finding) is None

    @pytest.mark.parametrize(
        ("finding", "kind"),
        [
            pytest.param(
                checks.root(Root(mfa=False, password=True, access_keys=False)),
                AlarmKind.ROOT_WITHOUT_MFA,
                id="root without MFA",
            ),
            pytest.param(checks.root(denied()), AlarmKind.REACTOR_IMPAIRED, id="root unknown"),
            pytest.param(checks.deployed(STAGE), AlarmKind.REACTOR_IMPAIRED, id="failed"),
        ],
    )
    def test_kinds(self, finding: Finding, kind: AlarmKind) -> None:
        """Root without MFA is an alarm of its own; not to know it is not."""
        alarm = alarm_of(finding)
        assert alarm is not None
        assert (alarm.kind, alarm.what, alarm.remedy) == (kind, finding.what, finding.remedy)
        assert alarm.details == {"check": finding.check, "state": finding.state.value}
