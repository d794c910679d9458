"""reactor.inspection.poll and .doctor: a whole inspection, on the fake."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from reactor.aws.account import CALLS_AT_ONCE
from reactor.errors import Permanent, ReactorError
from reactor.guard.identity import Guard, Standing
from reactor.inspection.doctor import examine, guard
from reactor.inspection.facts import (
    Evaluations,
    EventSource,
    Parameter,
    Role,
    Root,
    Rule,
    Secret,
)
from reactor.inspection.findings import Finding, State
from reactor.inspection.poll import inspect, polled
from reactor.inspection.ports import READS, InspectionReads, WiringReads, resource_of
from reactor.model import (
    AlarmKind,
    Cause,
    Compliance,
    Decision,
    Observation,
    Subject,
    SubjectKind,
    Trigger,
    TriggerKind,
    Verdict,
)
from reactor.names import Function
from reactor.reconcile import Settled
from reactor.settings import Mode
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.harness import Rounds, settings
from tests.fakes.inspection import (
    HUB,
    LIST,
    QUEUE_ARN,
    ROLE_POLICY,
    STAGE,
    TRAIL_ARN,
    TRUST,
    VARIABLES,
    FakeReads,
    a_config_rule,
    a_trail,
    denied,
    lets_config_in,
)

NOW = datetime(2024, 1, 1, tzinfo=UTC)
FUNCTIONS = [each.value for each in Function]
RULED = [each.value for each in Function if each.has_rule]


def look(
    reads: FakeReads,
    rounds: Rounds | None = None,
    patterns: Mapping[Function, Mapping[str, Any]] | None = None,
) -> tuple[Finding, ...]:
    """Inspect the fake."""
    gather = rounds or Rounds()
    return inspect(reads, gather, STAGE, exempt_parameter=LIST, patterns=patterns or {})


def not_ok(findings: tuple[Finding, ...]) -> dict[str, State]:
    """Return the checks that are not ok."""
    return {each.check: each.state for each in findings if not each.ok}


class TestInspect:
    """What each sweep polls."""

    def test_a_stage_in_good_order(self) -> None:
        """Every check has one finding, and no alarm is raised."""
        findings = look(FakeReads())
        assert [each.check for each in findings] == [
            "region",
            *(f"rule-{each}" for each in RULED),
            *(f"function-{each}" for each in FUNCTIONS),
            "trail",
            "exemption-list",
            "root",
        ]
        assert not_ok(findings) == {}
        alarms = polled(FakeReads(), Rounds(), STAGE, exempt_parameter=LIST, patterns={})
        assert alarms == ()

    def test_two_rounds(self) -> None:
        """A sweep waits for two answers, however much is asked; the first fits the pool."""
        rounds = Rounds()
        look(FakeReads(), rounds)
        assert len(rounds.sizes) == 2
        assert rounds.sizes[0] <= CALLS_AT_ONCE

    def test_without_an_exemption_list_none_is_read(self) -> None:
        """The setting is empty: there is nothing to read."""
        reads = FakeReads()
        findings = inspect(reads, Rounds(), STAGE, exempt_parameter="", patterns={})
        assert not_ok(findings) == {}
        assert "parameter" not in {read for read, _ in reads.asked}

    @pytest.mark.parametrize("read", READS)
    def test_each_read_that_fails_is_unknown(self, read: str) -> None:
        """The others are judged all the same, and an alarm says what is not known."""
        reads = FakeReads()
        reads.errors[read] = denied(READS[read])
        findings = look(reads)
        spoilt = not_ok(findings)
        assert spoilt
        assert set(spoilt.values()) == {State.UNKNOWN}
        alarms = polled(reads, Rounds(), STAGE, exempt_parameter=LIST, patterns={})
        assert {each.details["check"] for each in alarms} == set(spoilt)
        assert all(READS[read] in each.what for each in alarms)

    def test_a_pattern_is_compared_where_it_is_known(self) -> None:
        """A rule that listens to something else is as deaf as a disabled one."""
        reads = FakeReads()
        reads.rules["mfa-reactor-prod-react-event"] = Rule(enabled=True, pattern='{"a": ["b"]}')
        assert not_ok(look(reads)) == {}
        assert not_ok(look(reads, patterns={Function.REACT: {"a": ["b"]}})) == {}
        assert not_ok(look(reads, patterns={Function.REACT: {"a": ["c"]}})) == {
            "rule-react": State.FAILED
        }

    def test_a_stage_that_is_not_deployed_is_said_once(self) -> None:
        """Not once for each rule and function."""
        reads = FakeReads()
        reads.rules.clear()
        reads.reserved.clear()
        assert not_ok(look(reads)) == {"stage": State.FAILED}

    def test_a_stage_that_cannot_be_read_is_not_taken_for_one_that_is_not_deployed(self) -> None:
        """An error is no answer."""
        reads = FakeReads()
        reads.errors = {"rule": denied(), "concurrency": denied()}
        assert "stage" not in not_ok(look(reads))

    def test_a_function_that_is_gone(self) -> None:
        """The rest of the stage is there."""
        reads = FakeReads()
        del reads.reserved["mfa-reactor-prod-watch"]
        assert not_ok(look(reads)) == {"function-watch": State.FAILED}

    def test_trails_that_cannot_help_are_not_asked_about(self) -> None:
        """Only of those that could log IAM's writes is more to be known."""
        reads = FakeReads()
        reads.found_trails = [a_trail(multi_region=False, home_region="eu-west-1")]
        assert not_ok(look(reads)) == {"trail": State.FAILED}
        assert ("is_logging", TRAIL_ARN) not in reads.asked

    def test_alarms(self) -> None:
        """One for each check that is not ok, of the kind that it is."""
        reads = FakeReads()
        reads.switched_on[TRAIL_ARN] = False
        reads.root_user = Root(mfa=False, password=True, access_keys=False)
        alarms = polled(reads, Rounds(), STAGE, exempt_parameter=LIST, patterns={})
        assert [(each.kind, each.details["check"]) for each in alarms] == [
            (AlarmKind.REACTOR_IMPAIRED, "trail"),
            (AlarmKind.ROOT_WITHOUT_MFA, "root"),
        ]


class TestReads:
    """What the sweep's role is made from."""

    def test_every_read_of_a_sweep_is_declared(self) -> None:
        """And nothing else is."""
        reads = FakeReads()
        look(reads)
        assert {read for read, _ in reads.asked} == set(READS)
        ports = {name for name in vars(InspectionReads) if not name.startswith("_")}
        assert ports == set(READS)

    @pytest.mark.parametrize(
        ("read", "resource"),
        [
            ("trails", "*"),
            ("root", "*"),
            ("is_logging", "arn:*:cloudtrail:*:*:trail/*"),
            ("selectors", "arn:*:cloudtrail:*:*:trail/*"),
            ("rule", "arn:*:events:*:*:rule/mfa-reactor-prod-*"),
            ("targets", "arn:*:events:*:*:rule/mfa-reactor-prod-*"),
            ("concurrency", "arn:*:lambda:*:*:function:mfa-reactor-prod-*"),
            ("event_settings", "arn:*:lambda:*:*:function:mfa-reactor-prod-*"),
            ("parameter", "arn:*:ssm:*:*:parameter/mfa/exempt"),
        ],
    )
    def test_resources(self, read: str, resource: str) -> None:
        """As narrow as AWS knows them."""
        assert resource_of(read, "prod", LIST) == resource


def judged(
    compliance: Compliance = Compliance.COMPLIANT,
    *,
    standing: Standing = Standing.OURS,
    error: ReactorError | None = None,
    unread: ReactorError | None = None,
) -> Settled:
    """Return what a look at the guard came to."""
    subject = Subject(SubjectKind.GUARD, ACCOUNT, arn=GUARD_ARN)
    cause = Cause(Trigger(TriggerKind.OPERATOR, NOW), subject)
    state = None if unread else GuardLook(standing)
    decision = Decision(Verdict(compliance, "a-rule", ("a reason",)), error=error)
    return Settled(cause, Observation(subject, state, error=unread), decision, (), NOW)


class GuardLook:
    """What stands at the guard's ARN, as far as inspection looks."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing

    def facts(self) -> dict[str, object]:
        """Return nothing."""
        return {}


class TestGuard:
    """The guard, by the keeper's own judgement."""

    FOREIGN = Guard(GUARD_ARN, given=False).refusal(Standing.FOREIGN)

    @pytest.mark.parametrize(
        ("seen", "mode", "state", "said"),
        [
            pytest.param(judged(), Mode.ENFORCE, State.OK, "in place", id="in place"),
            pytest.param(
                judged(Compliance.NON_COMPLIANT),
                Mode.ENFORCE,
                State.FAILED,
                "aws lambda invoke --function-name mfa-reactor-prod-keeper",
                id="drifted",
            ),
            pytest.param(
                judged(Compliance.NON_COMPLIANT),
                Mode.OBSERVE,
                State.FAILED,
                "REACTOR_MODE=enforce",
                id="drifted, observing",
            ),
            pytest.param(
                judged(Compliance.NON_COMPLIANT, standing=Standing.MISSING),
                Mode.ENFORCE,
                State.FAILED,
                "aws lambda invoke",
                id="missing",
            ),
            pytest.param(
                judged(Compliance.NON_COMPLIANT, standing=Standing.MISSING),
                Mode.OBSERVE,
                State.OK,
                "in observe mode none is made",
                id="missing, observing",
            ),
            pytest.param(
                judged(Compliance.NON_COMPLIANT, standing=Standing.FOREIGN, error=FOREIGN),
                Mode.OBSERVE,
                State.FAILED,
                "guard apply --adopt",
                id="somebody else's",
            ),
            pytest.param(
                judged(Compliance.INSUFFICIENT_DATA, unread=denied("iam:GetPolicy")),
                Mode.ENFORCE,
                State.UNKNOWN,
                "allow iam:GetPolicy",
                id="unreadable",
            ),
            pytest.param(
                judged(Compliance.INSUFFICIENT_DATA, error=denied("judging")),
                Mode.ENFORCE,
                State.UNKNOWN,
                "allow judging",
                id="not judged",
            ),
            pytest.param(
                judged(Compliance.INSUFFICIENT_DATA),
                Mode.ENFORCE,
                State.UNKNOWN,
                "report this as a bug",
                id="not judged, nobody knows why",
            ),
        ],
    )
    def test_guard(self, seen: Settled, mode: Mode, state: State, said: str) -> None:
        """What the keeper finds wrong is failed, what it cannot judge is unknown."""
        finding = guard(STAGE, mode, seen)
        assert finding.state is state
        assert said in finding.what + finding.remedy


class TestExamine:
    """What `mfa-reactor doctor` prints."""

    @staticmethod
    def look(
        reads: FakeReads, given: Mapping[str, str] | None = None, rounds: Rounds | None = None
    ) -> tuple[Finding, ...]:
        """Examine the fake, whose guard is in place, under these settings and the list's."""
        return examine(
            reads,
            rounds or Rounds(),
            STAGE,
            settings=settings(exempt_parameter=LIST, **(given or {})),
            patterns={},
            wanted=dict.fromkeys(FUNCTIONS, ROLE_POLICY),
            variables=dict.fromkeys(FUNCTIONS, VARIABLES),
            look_at_guard=lambda: (judged(),),
        )

    def test_a_stage_in_good_order(self) -> None:
        """The checks of a sweep, the queues, the guard, settings, permissions and roles."""
        findings = self.look(FakeReads())
        assert not_ok(findings) == {}
        besides = [
            "queue-undelivered",
            "queue-failed",
            "guard",
            *(f"settings-{each}" for each in FUNCTIONS),
            *(f"permission-{each}" for each in RULED),
            *(f"role-{each}" for each in FUNCTIONS),
            "config-rules",
            "compliance-rules",
            "mappings",
            "queue-notifications-failed",
        ]
        assert [each.check for each in findings][-len(besides) :] == besides

    def test_failures_besides_the_polls(self) -> None:
        """Each is found, and the others are judged all the same."""
        reads = FakeReads()
        reads.queues["mfa-reactor-prod-failed"] = 2
        reads.roles["mfa-reactor-prod-keeper"] = Role("r", {}, (), TRUST)
        reads.errors["role", "mfa-reactor-prod-watch"] = Permanent("no", remedy="yes")
        reads.environments["mfa-reactor-prod-react"]["REACTOR_MODE"] = "observe"
        del reads.policies["mfa-reactor-prod-sweep"]
        assert not_ok(self.look(reads)) == {
            "queue-failed": State.FAILED,
            "settings-react": State.FAILED,
            "permission-sweep": State.FAILED,
            "role-keeper": State.FAILED,
            "role-watch": State.UNKNOWN,
        }

    WIRED = {  # noqa: RUF012 - settings
        "config_rules": "users",
        "notification_queues": f"{QUEUE_ARN}theirs",
        "slack_webhook": "secretsmanager:slack",
        "notice_topic": f"arn:aws:sns:us-east-1:{ACCOUNT}:notices",
        "notice_bus": "notices",
        "security_hub": "true",
    }
    CONNECTED = (
        *("config-rules", "permission-config", "recorder", "compliance-rules", "mappings"),
        *("notice-webhook", "notice-topic", "notice-bus", "security-hub"),
    )

    def test_what_is_connected_is_in_order(self) -> None:
        """All that the settings name is looked at, in two rounds more, and it is there."""
        reads, rounds = FakeReads(), Rounds()
        reads.rules_of_config = (a_config_rule(),)
        reads.policies["mfa-reactor-prod-config"] = lets_config_in(STAGE)
        reads.there = {
            *(self.WIRED[each] for each in ("notification_queues", "notice_topic", "notice_bus")),
            HUB,
        }
        queue = self.WIRED["notification_queues"]
        reads.sources = (EventSource("m", queue, heeds=True, enabled=True),)
        reads.secrets["slack"] = Secret(being_deleted=False)
        findings = self.look(reads, self.WIRED, rounds)
        assert not_ok(findings) == {}
        assert set(self.CONNECTED) <= {each.check for each in findings}
        assert len(rounds.sizes) == 4

    def test_what_is_not_connected(self) -> None:
        """Each is found, by a check of its own."""
        reads = FakeReads()
        reads.rules_of_config = (a_config_rule("others"),)
        reads.fared["others"] = Evaluations("others", "no", not_invoked=NOW)
        reads.on = frozenset()
        assert not_ok(self.look(reads, self.WIRED)) == dict.fromkeys(self.CONNECTED, State.FAILED)

    def test_what_may_not_be_asked_is_unknown(self) -> None:
        """It is never taken for missing, and never for in order."""
        reads = FakeReads()
        reads.rules_of_config = (a_config_rule(),)
        names = {name for name in vars(WiringReads) if not name.startswith("_")}
        reads.errors = dict.fromkeys(names - {"config_rules"}, denied())
        reads.errors["permissions", "mfa-reactor-prod-config"] = denied()
        reads.errors["event_sources"] = denied()
        unknown = {each: State.UNKNOWN for each in self.CONNECTED if each != "compliance-rules"}
        # Whether there must be one depends on the mappings.
        unknown["queue-notifications-failed"] = State.UNKNOWN
        assert not_ok(self.look(reads, self.WIRED)) == unknown

    def test_a_parameter_with_the_webhook_is_read_as_the_list_is(self) -> None:
        """Without decryption: what is asked is that it is there, and of which type."""
        reads = FakeReads()
        reads.parameters["/mfa/slack"] = Parameter("SecureString")
        findings = self.look(reads, {"slack_webhook": "ssm:/mfa/slack"})
        assert not_ok(findings) == {}
        assert ("parameter", "/mfa/slack") in reads.asked

    def test_of_a_stage_that_is_not_deployed_no_more_is_asked(self) -> None:
        """Its queues and roles are not there either."""
        reads = FakeReads()
        reads.rules.clear()
        reads.reserved.clear()
        assert not_ok(self.look(reads)) == {"stage": State.FAILED}
        assert {"role", "waiting", "variables", "permissions"} & {
            read for read, _ in reads.asked
        } == set()
