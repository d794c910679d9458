"""Observing buckets and setting them to private, on a fake of S3."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from reactor.buckets.ports import OF_A_BUCKET, Refused
from reactor.buckets.state import Block, Grant
from reactor.errors import OutOfTime, Permanent, ReactorError, Transient, Unsettled
from reactor.model import Cause, Claim, Compliance, Hint, OutcomeStatus
from tests.fakes.buckets import (
    AUTHENTICATED,
    LOGS,
    NAMED,
    OWN,
    PUBLIC,
    BucketHarness,
    Stored,
    about_bucket,
    about_every_bucket,
    about_several_buckets,
)
from tests.fakes.clock import START
from tests.fakes.harness import Rounds, settings

OPEN = Stored((OWN, PUBLIC))


class TestOne:
    """A cause that names a bucket."""

    def test_it_takes_one_round_of_reads_and_is_private_then(self) -> None:
        """Six questions at the same time, then the write between two looks at the ACL."""
        harness = BucketHarness(shop=OPEN)
        (settled,) = harness.react(about_bucket("shop")).settled
        assert settled.outcomes[0].status is OutcomeStatus.DONE
        assert settled.outcomes[0].why == "took away READ to AllUsers"
        assert harness.s3.world["shop"].grants == (OWN,)
        assert harness.rounds.sizes == [6]
        assert settled.observation.reads == (
            "s3:GetAccountPublicAccessBlock",
            "s3:GetBucketAcl",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicyStatus",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
        )

    def test_grants_to_others_survive(self) -> None:
        """Those to named accounts, to log delivery and the owner's own, in their order."""
        kept = (Grant(OWN.grantee, "READ"), NAMED, LOGS)
        harness = BucketHarness(shop=Stored((PUBLIC, *kept, AUTHENTICATED)))
        harness.react(about_bucket("shop"))
        assert harness.s3.world["shop"].grants == kept

    def test_another_accounts_bucket_is_left_alone(self) -> None:
        """S3 refuses it, and the list of the account's own says why: no further try is due."""
        harness = BucketHarness(shop=Stored((OWN, PUBLIC), account="999999999999"))
        run = harness.react(about_bucket("shop"))
        run.raise_unsettled()
        assert run.settled[0].decision.verdict.rule == "not-ours"

    def test_what_the_list_may_not_show_yet_is_tried_again(self) -> None:
        """A young event is about it, and the list lags; later it is nobody's of ours."""
        harness = BucketHarness(shop=Stored((OWN, PUBLIC), account="999999999999"))
        cause = about_bucket("shop", Hint(Claim.ACL_OPENED, START, "shop"))
        with pytest.raises(Unsettled, match="may not show it yet"):
            harness.react(cause).raise_unsettled()
        harness.clock.advance(151)
        run = harness.react(cause)
        run.raise_unsettled()
        assert run.settled[0].decision.verdict.rule == "not-ours"

    @pytest.mark.parametrize("why", ["SlowDown", "got no answer", "InternalError"])
    def test_no_other_error_is_taken_for_another_accounts(self, why: str) -> None:
        """Whatever the list says, which lags behind: only a refusal asks it."""
        harness = BucketHarness(shop=OPEN)
        harness.s3.failing["acl"] = Transient(why, remedy="nothing")
        harness.s3.unlisted.add("shop")
        with pytest.raises(Unsettled, match=why):
            harness.react(about_bucket("shop")).raise_unsettled()
        assert ("find", "shop") not in harness.s3.asked

    def test_a_bucket_that_may_not_be_read_is_tried_again(self) -> None:
        """It is ours, so the refusal is no answer."""
        harness = BucketHarness(shop=OPEN)
        harness.s3.failing["acl"] = Refused("AccessDenied", remedy="allow it")
        run = harness.react(about_bucket("shop"))
        assert run.settled[0].decision.verdict.compliance is Compliance.INSUFFICIENT_DATA
        with pytest.raises(Unsettled, match="AccessDenied"):
            run.raise_unsettled()

    @pytest.mark.parametrize(
        "read", ["ownership", "block", "tags", "policy_is_public", "account_block"]
    )
    def test_no_failed_read_is_taken_for_no(self, read: str) -> None:
        """Neither exempt nor public nor in order: not known, and nothing is written."""
        harness = BucketHarness(shop=OPEN)
        harness.s3.failing[read] = Transient("throttled", remedy="nothing")
        run = harness.react(about_bucket("shop"))
        assert run.settled[0].decision.verdict.compliance is Compliance.INSUFFICIENT_DATA
        assert harness.s3.written == []

    @pytest.mark.parametrize("told", [None, "us-east-1", "xx-nowhere-9"])
    def test_a_bucket_elsewhere_is_found_by_the_list(self, told: str | None) -> None:
        """Whatever region a notice has, or has not, for it."""
        harness = BucketHarness(shop=Stored((OWN, PUBLIC), region="eu-west-1"))
        (settled,) = harness.react(about_bucket("shop", region=told)).settled
        assert settled.observation.subject.region == "eu-west-1"
        assert harness.s3.world["shop"].grants == (OWN,)


class TestRaces:
    """Another writer between our read and our write, or just after."""

    @pytest.mark.parametrize(
        ("before", "why"),
        [
            pytest.param(lambda s3: s3.world.pop("shop"), "gone", id="deleted"),
            pytest.param(
                lambda s3: s3.change("shop", ownership="BucketOwnerEnforced"),
                "disabled",
                id="its ACLs disabled",
            ),
        ],
    )
    def test_what_is_settled_meanwhile_is_already_so(
        self, before: Callable[..., object], why: str
    ) -> None:
        """The aim is reached; no try is due."""
        harness = BucketHarness(shop=OPEN)
        harness.s3.meanwhile = lambda: before(harness.s3)
        run = harness.react(about_bucket("shop"))
        run.raise_unsettled()
        (outcome,) = run.settled[0].outcomes
        assert outcome.status is OutcomeStatus.ALREADY
        assert why in outcome.why

    def test_who_opens_it_again_at_once_is_told(self) -> None:
        """The ACL is looked at after it was written; what is public still is tried again."""
        harness = BucketHarness(shop=OPEN)
        harness.s3.afterwards = lambda: harness.s3.change("shop", grants=(OWN, AUTHENTICATED))
        run = harness.react(about_bucket("shop"))
        with pytest.raises(Unsettled, match="WRITE_ACP to AuthenticatedUsers again"):
            run.raise_unsettled()

    def test_two_reads_that_disagree_are_no_end(self) -> None:
        """The ACL was public, and a moment later is not: one of the reads may be stale."""
        harness = BucketHarness(shop=OPEN)
        harness.s3.shown = [Stored((OWN, PUBLIC)), Stored()]
        run = harness.react(about_bucket("shop"))
        (outcome,) = run.settled[0].outcomes
        assert outcome.status is OutcomeStatus.ALREADY
        with pytest.raises(Unsettled):
            run.raise_unsettled()
        harness.react(about_bucket("shop")).raise_unsettled()
        assert harness.s3.world["shop"].grants == (OWN,)

    def test_what_was_mended_meanwhile_is_not_written(self) -> None:
        """Two events of one call: the second finds nothing to take away."""
        harness = BucketHarness(shop=OPEN)
        harness.react(about_bucket("shop"))
        harness.react(about_bucket("shop"))
        assert harness.s3.written == ["shop"]


class TestAll:
    """A cause that stands for every bucket."""

    def test_each_is_asked_for_all_and_the_account_once(self) -> None:
        """Five questions a bucket, whatever its ACL says; the list and the account's block once."""
        harness = BucketHarness(shop=OPEN)
        for number in range(5):
            harness.s3.change(f"quiet-{number}")
        run = harness.react(about_every_bucket())
        assert len(run.settled) == 6
        assert harness.s3.written == ["shop"]
        reads = Counter(read for read, about in harness.s3.asked if about != "shop")
        assert reads == {"buckets": 1, "account_block": 1, **dict.fromkeys(OF_A_BUCKET, 5)}

    def test_an_account_without_buckets_is_recorded(self) -> None:
        """Once."""
        (settled,) = BucketHarness().react(about_every_bucket()).settled
        assert settled.decision.verdict.rule == "nobody"

    def test_all_regions_are_looked_at(self) -> None:
        """The account's block holds in each of them."""
        abroad = Stored((OWN, PUBLIC), region="ap-southeast-2")
        harness = BucketHarness(shop=OPEN, abroad=abroad)
        harness.react(about_every_bucket())
        assert sorted(harness.s3.written) == ["abroad", "shop"]

    def test_the_brake_lets_the_worst_first(self) -> None:
        """Who may change things comes before who may read; the others wait."""
        harness = BucketHarness(
            settings(buckets="true", max_remediations="1"),
            a=OPEN,
            b=Stored((OWN, AUTHENTICATED)),
        )
        run = harness.react(about_every_bucket())
        assert harness.s3.written == ["b"]
        assert [each.observation.subject.name for each in run.held_back] == ["a"]

    def test_no_brake_holds_for_one_that_was_named(self) -> None:
        """An event about a bucket is an event about that bucket."""
        harness = BucketHarness(settings(buckets="true", max_remediations="1"), a=OPEN, b=OPEN)
        for name in "ab":
            harness.react(about_bucket(name))
        assert harness.s3.written == ["a", "b"]

    def test_when_the_time_is_up_the_rest_is_tried_again(self) -> None:
        """What was read is acted on; the invocation raises."""
        harness = BucketHarness(a=OPEN, b=OPEN, c=OPEN)
        left = iter([True, True, False])
        harness.has_time = lambda: next(left)
        run = harness.react(about_every_bucket())
        assert harness.s3.written == ["a", "b"]
        with pytest.raises(Unsettled, match="1 of 3 subjects"):
            run.raise_unsettled()

    def test_the_next_try_goes_on_with_those_that_are_left(self) -> None:
        """What was settled before is not read again, so that an account of any size is read."""
        harness = BucketHarness(a=OPEN, b=OPEN, c=OPEN)
        harness.done = frozenset({"a", "b"})
        run = harness.react(about_every_bucket())
        assert [each.observation.subject.name for each in run.settled] == ["c"]
        assert harness.s3.written == ["c"]

    def test_a_list_that_fails_is_an_error(self) -> None:
        """Nobody is taken for in order."""
        harness = BucketHarness(a=OPEN)
        harness.s3.failing["buckets"] = Transient("throttled", remedy="nothing")
        with pytest.raises(Unsettled):
            harness.react(about_every_bucket()).raise_unsettled()

    def test_an_account_block_that_cannot_be_read_leaves_all_unjudged(self) -> None:
        """Nobody is taken for in order who was read in part."""
        harness = BucketHarness(a=OPEN, b=Stored())
        harness.s3.failing["account_block"] = Transient("throttled", remedy="nothing")
        run = harness.react(about_every_bucket())
        verdicts = {each.decision.verdict.compliance for each in run.settled}
        assert verdicts == {Compliance.INSUFFICIENT_DATA}
        assert harness.s3.written == []


class TestSeveral:
    """A cause that stands for many buckets by their names."""

    def test_they_are_read_as_all_are_and_changed_without_a_brake(self) -> None:
        """In the regions that the list tells; no other bucket is read."""
        abroad = Stored((OWN, PUBLIC), region="eu-west-1")
        chosen = settings(buckets="true", max_remediations="1")
        harness = BucketHarness(chosen, a=OPEN, b=abroad, c=OPEN, d=Stored())
        run = harness.react(about_several_buckets("a", "b", "d"))
        assert sorted(harness.s3.written) == ["a", "b"]
        assert {each.observation.subject.name for each in run.settled} == {"a", "b", "d"}
        assert ("acl", "c") not in harness.s3.asked

    def test_those_that_the_list_has_not_are_judged_one_by_one(self) -> None:
        """Gone, another account's, or so new that the list lags behind."""
        theirs = Stored((OWN, PUBLIC), account="999999999999")
        harness = BucketHarness(new=OPEN, theirs=theirs)
        harness.s3.unlisted.add("new")
        run = harness.react(about_several_buckets("new", "theirs", "gone"))
        assert {
            each.observation.subject.name: each.decision.verdict.rule for each in run.settled
        } == {
            "new": "public-acl",
            "theirs": "not-ours",
            "gone": "gone",
        }
        assert harness.s3.written == ["new"]

    def test_one_of_ours_that_is_refused_is_tried_again(self) -> None:
        """The list has it, so the refusal is no answer."""
        harness = BucketHarness(a=OPEN)
        harness.s3.failing["acl"] = Refused("AccessDenied", remedy="allow it")
        with pytest.raises(Unsettled, match="AccessDenied"):
            harness.react(about_several_buckets("a")).raise_unsettled()


WEBSITE = settings(buckets="true", bucket_exempt_tags="purpose:website")


@pytest.mark.parametrize(
    "cause",
    [about_bucket("it"), about_several_buckets("it", "quiet"), about_every_bucket()],
    ids=["alone", "among several", "among all"],
)
@pytest.mark.parametrize(
    ("stored", "rule"),
    [
        pytest.param(Stored(policy_is_public=True), "public-by-policy", id="public by its policy"),
        pytest.param(Stored(tags=(("purpose", "website"),)), "exempt", id="exempt"),
        pytest.param(Stored(ownership="BucketOwnerEnforced"), "acls-disabled", id="without ACLs"),
        pytest.param(Stored(block=Block(ignores_acls=True)), "private", id="private"),
    ],
)
def test_a_bucket_is_judged_the_same_in_a_crowd(stored: Stored, rule: str, cause: Cause) -> None:
    """Nothing is left unread because its ACL grants nothing to everybody."""
    harness = BucketHarness(WEBSITE, it=stored, quiet=Stored())
    run = harness.react(cause)
    (found,) = [each for each in run.settled if each.observation.subject.name == "it"]
    assert found.decision.verdict.rule == rule
    assert [type(each) for each in found.errors] == [Permanent] * stored.policy_is_public


class Impatient(Rounds):
    """Makes no call: there is no time left for any."""

    def __call__(self, calls: Any, /) -> dict[Any, Any | ReactorError]:
        """Say so of each call."""
        return {key: OutOfTime() for key in calls}


@pytest.mark.parametrize(
    "cause", [about_every_bucket(), about_several_buckets("a")], ids=["all", "several"]
)
def test_nothing_is_asked_but_under_the_deadline(cause: Cause) -> None:
    """S3 that hangs holds no invocation: lists and blocks, too, are asked where that is counted."""
    harness = BucketHarness(a=OPEN)
    harness.rounds = Impatient()
    with pytest.raises(Unsettled, match="no time left"):
        harness.react(cause).raise_unsettled()
    assert harness.s3.asked == []


def test_who_a_refused_bucket_belongs_to_is_asked_under_the_deadline() -> None:
    """The list of buckets may hang as any other call."""

    class OneRound(Rounds):
        def __call__(self, calls: Any, /) -> dict[Any, Any | ReactorError]:
            return Impatient()(calls) if self.sizes else super().__call__(calls)

    harness = BucketHarness(shop=Stored((OWN, PUBLIC), account="999999999999"))
    harness.rounds = OneRound()
    with pytest.raises(Unsettled, match="no time left"):
        harness.react(about_bucket("shop")).raise_unsettled()
    assert ("find", "shop") not in harness.s3.asked


def test_observe_mode_writes_nothing() -> None:
    """The plan is in the record."""
    harness = BucketHarness(settings(mode="observe", buckets="true"), shop=OPEN)
    (settled,) = harness.react(about_bucket("shop")).settled
    assert [each.status for each in settled.outcomes] == [OutcomeStatus.SKIPPED]
    assert harness.s3.written == []


def test_a_public_policy_is_an_alarm_and_no_further_try() -> None:
    """Its ACL is mended all the same."""
    harness = BucketHarness(shop=Stored((OWN, PUBLIC), policy_is_public=True))
    run = harness.react(about_bucket("shop"))
    run.raise_unsettled()
    assert harness.s3.written == ["shop"]
    assert [type(each) for each in run.settled[0].errors] == [Permanent]


def test_the_record_has_what_was_read() -> None:
    """JSON types only."""
    stored = Stored((OWN, PUBLIC), tags=(("a", "b"),), block=Block(ignores_acls=True))
    harness = BucketHarness(shop=stored)
    (settled,) = harness.react(about_bucket("shop")).settled
    assert settled.observation.state is not None
    assert settled.observation.state.facts() == {
        "presence": "exists",
        "grants": [f"FULL_CONTROL to {OWN.grantee}", "READ to AllUsers"],
        "ownership": "ObjectWriter",
        "block": {"IgnorePublicAcls": True, "RestrictPublicBuckets": False},
        "account_block": {"IgnorePublicAcls": False, "RestrictPublicBuckets": False},
        "tags": {"a": "b"},
        "policy_is_public": False,
    }
