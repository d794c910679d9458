"""What is told of buckets, of notices of compliance, and of rules of AWS Config."""

import json
from dataclasses import replace

import pytest

from reactor.buckets.state import BucketState, Presence
from reactor.errors import Permanent
from reactor.model import (
    Alarm,
    AlarmKind,
    Cause,
    Compliance,
    ComplianceNotice,
    Resource,
    Trigger,
    TriggerKind,
)
from reactor.notify import slack
from reactor.notify.delivery import Message
from reactor.notify.digests import Told
from reactor.notify.notices import MOST_ITEMS, NoticeKind, Place
from reactor.notify.outbox import Outbox
from reactor.notify.reports import Standing
from reactor.reconcile import Run
from tests.fakes.account import ACCOUNT
from tests.fakes.buckets import (
    OWN,
    PUBLIC,
    BucketHarness,
    Stored,
    about_bucket,
    about_every_bucket,
)
from tests.fakes.clock import START, FakeClock
from tests.fakes.harness import settings
from tests.fakes.parts import changed, failing, observed

PLACE = Place("prod", "enforce", "request-1", ACCOUNT, "us-east-1")
BUCKET = "AWS::S3::Bucket"
OPEN = Stored((OWN, PUBLIC))


def handed(run: Run, *alarms: Alarm) -> list[Message]:
    """Return what an invocation hands over that has settled this, and raised alarms."""
    box = Outbox(PLACE, Told(), FakeClock())
    for each in run.settled:
        box.settled(each)
    for alarm in alarms:
        box.alarm(alarm, None)
    payloads: list[bytes] = []
    assert box.hand_over(payloads.append) is None
    return [Message.of(json.loads(each)) for each in payloads]


def by_config(name: str) -> Cause:
    """Return the cause that a rule of AWS Config gives."""
    return replace(observed(name).cause, trigger=Trigger(TriggerKind.CONFIG, START))


class TestBuckets:
    """What an event about a bucket leads to."""

    def test_one_that_was_set_to_private(self) -> None:
        """Which, why, and what whoever needs it open does next; a finding that is resolved."""
        run = BucketHarness(shop=OPEN).react(about_bucket("shop"))
        (message,) = handed(run)
        (notice,) = message.notices
        assert notice.kind is NoticeKind.REMEDIATED
        assert (notice.subject["kind"], notice.name) == ("bucket", "shop")
        assert notice.reasons == ("its ACL grants READ to AllUsers",)
        assert "REACTOR_BUCKET_EXEMPT_TAGS" in notice.next_step
        assert slack.title(notice) == "Public bucket set to private"
        assert ("Bucket", "shop") in slack.facts(notice)
        assert message.stand is not None
        (report,) = message.stand.reports
        assert (report.type, report.id, report.standing) == (BUCKET, "shop", Standing.MENDED)
        assert (report.arn, report.region) == ("arn:aws:s3:::shop", "us-east-1")

    def test_one_that_is_public_by_its_policy(self) -> None:
        """It is left, and told once: the alarm for the same is not another message."""
        run = BucketHarness(shop=Stored(policy_is_public=True)).react(about_bucket("shop"))
        error = run.settled[0].errors[0]
        alarm = Alarm(AlarmKind.PERMANENT_FAILURE, str(error), error.remedy)
        (message,) = handed(run, alarm)
        assert [each.kind for each in message.notices] == [NoticeKind.NOT_REMEDIATED]
        assert slack.title(message.notices[0]) == "Bucket still public"
        assert message.stand is not None
        assert [each.standing for each in message.stand.reports] == [Standing.OPEN]

    def test_one_that_is_public_by_both(self) -> None:
        """Its ACL is mended, and one message says that, that it is public still, and the remedy."""
        run = BucketHarness(shop=Stored((OWN, PUBLIC), policy_is_public=True)).react(
            about_bucket("shop")
        )
        error = run.settled[0].errors[0]
        (message,) = handed(run, Alarm(AlarmKind.PERMANENT_FAILURE, str(error), error.remedy))
        (notice,) = message.notices
        assert notice.kind is NoticeKind.NOT_REMEDIATED
        assert notice.what == f"shop was remediated in part (set-private): {error}"
        assert (notice.next_step, notice.details) == (error.remedy, {"actions": "set-private"})
        assert slack.title(notice) == "Bucket still public"
        assert message.stand is not None
        (report,) = message.stand.reports
        assert (report.standing, report.why) == (Standing.OPEN, str(error))
        assert report.mended_by == "set-private"

    def test_one_without_acls_that_is_public_by_its_policy(self) -> None:
        """The guardrail of ACLs has no verdict on it; public it is, and so is its finding open."""
        stored = Stored(ownership="BucketOwnerEnforced", policy_is_public=True)
        run = BucketHarness(shop=stored).react(about_bucket("shop"))
        assert run.settled[0].decision.verdict.compliance is Compliance.NOT_APPLICABLE
        error = run.settled[0].errors[0]
        (message,) = handed(run, Alarm(AlarmKind.PERMANENT_FAILURE, str(error), error.remedy))
        assert [each.kind for each in message.notices] == [NoticeKind.ALARM]
        assert message.stand is not None
        (report,) = message.stand.reports
        assert (report.id, report.standing) == ("shop", Standing.OPEN)
        assert report.why == "its ACLs are disabled; it is public by its bucket policy"
        assert message.stand.to_close == set()

    def test_a_stage_that_observes_tells_what_was_opened(self) -> None:
        """S3's events claim nothing, and are all about what may open a bucket."""
        harness = BucketHarness(settings(mode="observe", buckets="true"), shop=OPEN)
        (message,) = handed(harness.react(about_bucket("shop")))
        assert [each.kind for each in message.notices] == [NoticeKind.OBSERVED]

    def test_those_whom_the_brake_makes_wait_are_not_told_singly(self) -> None:
        """The alarm tells of them; and it would be no word of a stage that enforces."""
        harness = BucketHarness(
            settings(buckets="true", max_remediations="1"), one=OPEN, two=OPEN, three=OPEN
        )
        (message,) = handed(harness.react(about_every_bucket()))
        assert [each.kind for each in message.notices] == [NoticeKind.REMEDIATED]

    def test_many_are_told_in_one_as_what_they_are(self) -> None:
        """Not as users."""
        world = {f"b{number:02}": OPEN for number in range(MOST_ITEMS + 1)}
        (message,) = handed(BucketHarness(None, **world).react(about_every_bucket()))
        (notice,) = message.notices
        assert notice.kind is NoticeKind.MANY
        assert notice.what == "an event concerned 11 buckets: 11 remediated"

    @pytest.mark.parametrize(
        ("stored", "standing"),
        [
            pytest.param(Stored(), Standing.COMPLIES, id="private"),
            pytest.param(Stored(ownership="BucketOwnerEnforced"), Standing.EXCUSED, id="no ACLs"),
            pytest.param(None, Standing.EXCUSED, id="gone"),
        ],
    )
    def test_no_sweep_closes_its_finding(self, stored: Stored | None, standing: Standing) -> None:
        """So whatever finds it in order says so, at once."""
        harness = BucketHarness()
        if stored is not None:
            harness.s3.world["shop"] = stored
        (message,) = handed(harness.react(about_bucket("shop")))
        assert message.notices == ()
        assert message.stand is not None
        assert message.stand.ids_of(standing) == {(BUCKET, "shop")}
        assert message.stand.to_close == {(BUCKET, "shop")}
        assert not message.stand.whole

    def test_another_accounts_bucket_is_no_resource_of_ours(self) -> None:
        """Nobody is told of it."""
        harness = BucketHarness(shop=Stored((OWN, PUBLIC), account="999999999999"))
        assert handed(harness.react(about_bucket("shop"))) == []

    def test_its_arn_is_that_of_its_partition(self) -> None:
        """As in China."""
        state = BucketState("shop", Presence.EXISTS, "cn-north-1")
        expected = Resource(BUCKET, "shop", arn="arn:aws-cn:s3:::shop", region="cn-north-1")
        assert state.resource() == expected
        assert BucketState("", Presence.NONE).resource() is None


class TestRulesOfAwsConfig:
    """What the functions `compliance` and `config` settle."""

    def test_a_user_whom_a_rule_found(self) -> None:
        """Nobody's call led to it; the rule did."""
        trigger = Trigger(
            TriggerKind.COMPLIANCE, START, notice=ComplianceNotice("mfa-enabled", "m-1")
        )
        each = changed("alice")
        each = replace(each, cause=replace(each.cause, trigger=trigger))
        (message,) = handed(Run([each]))
        (notice,) = message.notices
        assert (notice.kind, notice.caller) == (NoticeKind.REMEDIATED, "")
        assert notice.details == {"actions": "attach-guard", "rule": "mfa-enabled"}
        assert ("Rule", "mfa-enabled") in slack.facts(notice)

    def test_an_evaluation_is_a_report_and_no_notice(self) -> None:
        """Nothing is done there, and nothing that fails was to be done."""
        open_ = replace(observed("alice"), cause=by_config("alice"))
        stuck = failing("bob", Permanent("no", remedy="yes"))
        (message,) = handed(Run([open_, replace(stuck, cause=by_config("bob"))]))
        assert message.notices == ()
        assert message.stand is not None
        assert [each.standing for each in message.stand.reports] == [Standing.OPEN] * 2
