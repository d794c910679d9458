"""The ladder of reactor.buckets.rules, as decision tables. Time is an argument, nothing is read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reactor.buckets.actions import SetPrivate
from reactor.buckets.rules import decide
from reactor.buckets.state import Acl, Block, BucketState, Grant, Presence
from reactor.errors import Permanent, Transient
from reactor.model import Cause, Claim, Decision, Hint
from reactor.settings import Settings
from tests.fakes.account import ACCOUNT
from tests.fakes.buckets import (
    AUTHENTICATED,
    HOME,
    LOGS,
    NAMED,
    OWN,
    OWNER,
    PUBLIC,
    about_bucket,
    about_every_bucket,
)
from tests.fakes.clock import START
from tests.fakes.harness import settings

SETTINGS = settings(buckets="true", bucket_exempt_tags="purpose:website")
IGNORES = Block(ignores_acls=True)
RESTRICTS = Block(restricts_policy=True)
SITE = (("Purpose", "Website"),)


def shop(*grants: Grant, **members: Any) -> BucketState:
    """Return the state of a bucket that has these grants besides its owner's."""
    state: dict[str, Any] = {
        "acl": Acl(OWNER, (OWN, *grants)),
        "ownership": "ObjectWriter",
        "block": Block(),
        "account_block": Block(),
        "tags": (),
        "policy_is_public": False,
        **members,
    }
    return BucketState("shop", Presence.EXISTS, HOME, **state)


def judged(
    state: BucketState, *hints: Hint, chosen: Settings = SETTINGS, after: float = 0
) -> Decision:
    """Decide that long after the events of the hints."""
    return decide(state, chosen, about_bucket("shop", *hints), START + timedelta(seconds=after))


def said(claim: Claim, about: str = "shop") -> Hint:
    """Return what an event claims."""
    return Hint(claim, START, about)


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        pytest.param(shop(), "COMPLIANT private", id="only its owner is granted anything"),
        pytest.param(
            shop(NAMED, LOGS), "COMPLIANT private", id="named accounts and logs are not everybody"
        ),
        pytest.param(shop(PUBLIC), "NON_COMPLIANT public-acl", id="everybody may read"),
        pytest.param(
            shop(AUTHENTICATED), "NON_COMPLIANT public-acl", id="any AWS account may write the ACL"
        ),
        pytest.param(
            shop(PUBLIC, ownership=""),
            "NON_COMPLIANT public-acl",
            id="no ownership controls leave ACLs on",
        ),
        pytest.param(
            shop(PUBLIC, ownership="BucketOwnerPreferred"),
            "NON_COMPLIANT public-acl",
            id="preferred ownership leaves ACLs on",
        ),
        pytest.param(
            shop(PUBLIC, ownership="BucketOwnerEnforced"),
            "NOT_APPLICABLE acls-disabled",
            id="ACLs are disabled",
        ),
        pytest.param(
            shop(PUBLIC, block=IGNORES), "COMPLIANT ignored", id="the bucket ignores public ACLs"
        ),
        pytest.param(
            shop(PUBLIC, account_block=IGNORES),
            "COMPLIANT ignored",
            id="the account ignores public ACLs",
        ),
        pytest.param(
            shop(PUBLIC, block=RESTRICTS),
            "NON_COMPLIANT public-acl",
            id="restricting policies ignores no ACL",
        ),
        pytest.param(
            shop(PUBLIC, tags=SITE),
            "NOT_APPLICABLE exempt",
            id="a website, whatever the case of its tag",
        ),
        pytest.param(
            shop(PUBLIC, tags=(("purpose", "shop"),)),
            "NON_COMPLIANT public-acl",
            id="another value exempts nobody",
        ),
        pytest.param(
            shop(policy_is_public=True),
            "NON_COMPLIANT public-by-policy",
            id="public by its policy alone",
        ),
        pytest.param(
            shop(policy_is_public=True, account_block=RESTRICTS),
            "COMPLIANT private",
            id="a public policy that is restricted",
        ),
        pytest.param(
            shop(policy_is_public=True, tags=SITE),
            "NOT_APPLICABLE exempt",
            id="a website by policy",
        ),
        pytest.param(BucketState("shop", Presence.GONE), "NOT_APPLICABLE gone", id="deleted"),
        pytest.param(
            BucketState("shop", Presence.FOREIGN), "NOT_APPLICABLE not-ours", id="another account's"
        ),
        pytest.param(BucketState("", Presence.NONE), "NOT_APPLICABLE nobody", id="there are none"),
    ],
)
def test_verdicts(state: BucketState, verdict: str) -> None:
    """What a bucket is judged to be, and that only a public ACL that counts is changed."""
    found = judged(state)
    assert f"{found.verdict.compliance} {found.verdict.rule}" == verdict
    assert bool(found.plan) is verdict.endswith("public-acl")


def test_the_plan_takes_away_what_is_public() -> None:
    """And says which grants these are, to change being worse than to read."""
    found = judged(shop(NAMED, PUBLIC, AUTHENTICATED))
    assert found.plan == (SetPrivate("shop", HOME, (PUBLIC, AUTHENTICATED)),)
    assert found.plan[0].describe()["takes_away"] == (
        "READ to AllUsers, WRITE_ACP to AuthenticatedUsers"
    )
    assert found.danger > judged(shop(PUBLIC)).danger


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        pytest.param(shop(policy_is_public=True), "public-by-policy", id="alone"),
        pytest.param(shop(PUBLIC, policy_is_public=True), "public-acl", id="beside the ACL"),
        pytest.param(
            shop(ownership="BucketOwnerEnforced", policy_is_public=True),
            "acls-disabled",
            id="with ACLs disabled",
        ),
    ],
)
def test_a_public_policy_is_told(state: BucketState, rule: str) -> None:
    """In the reasons and by an error that no further try mends: somebody must look."""
    found = judged(state)
    assert found.verdict.rule == rule
    assert found.verdict.reasons[-1] == "it is public by its bucket policy"
    assert isinstance(found.error, Permanent)
    assert "REACTOR_BUCKET_EXEMPT_TAGS" in found.error.remedy


@pytest.mark.parametrize(
    ("presence", "seconds"), [(Presence.GONE, 60), (Presence.FOREIGN, 150)], ids=lambda each: each
)
def test_a_bucket_made_just_now_may_not_be_visible(presence: Presence, seconds: int) -> None:
    """It is tried again; a while later it is gone again, or was never ours."""
    state, made = BucketState("shop", presence), said(Claim.BUCKET_CREATED)
    assert isinstance(judged(state, made, after=seconds - 1).error, Transient)
    assert judged(state, made, after=seconds).verdict.compliance == "NOT_APPLICABLE"
    assert judged(state, said(Claim.BUCKET_CREATED, "another")).error is None


IGNORED = shop(PUBLIC, block=IGNORES)
IGNORED_BY_ALL = shop(PUBLIC, account_block=IGNORES)
DISABLED = shop(PUBLIC, ownership="BucketOwnerEnforced")


@pytest.mark.parametrize(
    ("state", "hint", "again"),
    [
        pytest.param(IGNORED, said(Claim.BLOCK_LIFTED), True, id="its block is said to be lifted"),
        pytest.param(
            IGNORED,
            said(Claim.BLOCK_LIFTED, ACCOUNT),
            False,
            id="the account's is, and its own holds",
        ),
        pytest.param(
            IGNORED_BY_ALL,
            said(Claim.BLOCK_LIFTED, ACCOUNT),
            True,
            id="the account's is said to be lifted",
        ),
        pytest.param(
            IGNORED, said(Claim.BLOCK_LIFTED, ""), True, id="one is lifted that nobody names"
        ),
        pytest.param(
            DISABLED, said(Claim.ACLS_ENABLED, ""), True, id="some bucket's ACLs are said to count"
        ),
        pytest.param(shop(), said(Claim.ACL_OPENED), True, id="its ACL is said to be open"),
        pytest.param(shop(), said(Claim.ACL_OPENED, ""), True, id="some bucket's ACL is"),
        pytest.param(
            shop(policy_is_public=True),
            said(Claim.ACL_OPENED),
            True,
            id="its ACL is, and a policy makes it public besides",
        ),
        pytest.param(shop(), said(Claim.ACL_OPENED, "other"), False, id="another's ACL is"),
        pytest.param(
            shop(PUBLIC, tags=SITE), said(Claim.BUCKET_RETAGGED), True, id="its tags were changed"
        ),
        pytest.param(
            shop(PUBLIC, tags=SITE),
            said(Claim.ACL_OPENED),
            False,
            id="no ACL matters while it is exempt",
        ),
        pytest.param(
            IGNORED_BY_ALL,
            said(Claim.BLOCK_LIFTED),
            False,
            id="its own is, and the account's holds",
        ),
        pytest.param(DISABLED, said(Claim.ACLS_ENABLED), True, id="its ACLs are said to count"),
        pytest.param(
            DISABLED,
            said(Claim.BLOCK_LIFTED),
            False,
            id="a block matters to no ACL that is disabled",
        ),
        pytest.param(
            shop(), said(Claim.BLOCK_LIFTED), False, id="nothing is public that a block could hide"
        ),
    ],
)
def test_what_a_read_contradicts_is_judged_again(
    state: BucketState, hint: Hint, again: bool
) -> None:
    """For so long as Lambda's further tries last: a bucket's configuration may be read stale."""
    assert judged(state, hint).recheck is again
    assert judged(state, hint, after=151).recheck is False
    assert judged(state, hint).plan == ()


def test_what_is_mended_needs_no_other_look() -> None:
    """The read shows what the event says: it is changed, and seen to be so."""
    assert judged(shop(PUBLIC), said(Claim.ACL_OPENED)).recheck is False


@pytest.mark.parametrize("state", [shop(), shop(PUBLIC)], ids=["private", "public"])
@pytest.mark.parametrize("member", ["acl", "ownership", "tags", "policy_is_public"])
def test_no_rule_takes_what_was_not_read_for_an_answer(state: BucketState, member: str) -> None:
    """A bucket that was read in part is a bug, and says so: it is neither in order nor not."""
    left_out: dict[str, Any] = {member: None}
    with pytest.raises(LookupError, match="was not read"):
        judged(replace(state, **left_out))


def test_a_whole_account_has_the_same_rules() -> None:
    """Whoever asked about it."""
    found = decide(shop(PUBLIC), SETTINGS, about_every_bucket(), START)
    assert found.verdict.rule == "public-acl"


@pytest.mark.parametrize(
    ("cause", "exempting"), [(about_bucket("shop"), False)], ids=["no tag is named by default"]
)
def test_nothing_is_exempt_by_default(cause: Cause, exempting: bool) -> None:
    """REACTOR_BUCKET_EXEMPT_TAGS is empty."""
    found = decide(shop(PUBLIC, tags=SITE), settings(buckets="true"), cause, START)
    assert (found.verdict.rule == "exempt") is exempting
