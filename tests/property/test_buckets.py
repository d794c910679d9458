"""What always holds of buckets: in order after one look, no write after it, no other touched."""

from hypothesis import given
from hypothesis import strategies as st

from reactor.buckets.state import OWNER_ENFORCED, Block, Grant
from tests.fakes.buckets import (
    ALL_USERS,
    AUTHENTICATED,
    LOGS,
    NAMED,
    OWN,
    BucketHarness,
    Stored,
    about_bucket,
    about_every_bucket,
)
from tests.fakes.harness import settings

PERMISSIONS = ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL")
GRANTS = st.one_of(
    st.sampled_from([OWN, NAMED, LOGS, AUTHENTICATED]),
    st.builds(lambda what: Grant(ALL_USERS, what, to_group=True), st.sampled_from(PERMISSIONS)),
)
BLOCKS = st.builds(Block, st.booleans(), st.booleans())
BUCKETS = st.builds(
    Stored,
    grants=st.lists(GRANTS, max_size=5).map(tuple),
    ownership=st.sampled_from(["", "ObjectWriter", "BucketOwnerPreferred", OWNER_ENFORCED]),
    block=BLOCKS,
    tags=st.sampled_from([(), (("purpose", "website"),), (("purpose", "shop"),)]),
    policy_is_public=st.booleans(),
    account=st.sampled_from(["123456789012"] * 3 + ["999999999999"]),
)
WORLDS = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), BUCKETS, max_size=4)
CHOSEN = settings(buckets="true", bucket_exempt_tags="purpose:website", max_remediations="0")


def must_change(bucket: Stored, whole_account: Block) -> bool:
    """Say in other words than the rules' who must be set to private."""
    counts = bucket.ownership != OWNER_ENFORCED
    ignored = bucket.block.ignores_acls or whole_account.ignores_acls
    exempt = ("purpose", "website") in bucket.tags
    ours = bucket.account == "123456789012"
    return ours and counts and not ignored and not exempt and any(public(bucket))


def public(bucket: Stored) -> list[Grant]:
    """Return the grants to everybody."""
    return [each for each in bucket.grants if "/groups/global/" in each.grantee]


@given(world=WORLDS, whole_account=BLOCKS, at_once=st.booleans(), twice=st.booleans())
def test_converges(
    world: dict[str, Stored], whole_account: Block, at_once: bool, twice: bool
) -> None:
    """Who must be private is, in one look; all others are as they were; another look writes not."""
    harness = BucketHarness(CHOSEN, **world)
    harness.s3.whole_account = whole_account
    causes = [about_every_bucket()] if at_once else [about_bucket(name) for name in world]
    for cause in causes * (1 + twice):
        harness.react(cause)
    for name, before in world.items():
        after = harness.s3.world[name]
        if not must_change(before, whole_account):
            assert after == before
            continue
        assert public(after) == []
        others = tuple(each for each in before.grants if each not in public(before))
        only_the_owners = all(each == OWN for each in others)
        assert after.grants == ((OWN,) if only_the_owners else others)
    written = list(harness.s3.written)
    assert sorted(written) == sorted(
        name for name, each in world.items() if must_change(each, whole_account)
    )
    for cause in causes:
        harness.react(cause)
    assert harness.s3.written == written


@given(world=WORLDS, whole_account=BLOCKS)
def test_one_by_one_and_all_at_once_agree(world: dict[str, Stored], whole_account: Block) -> None:
    """Though of many, less is asked: the same are non-compliant for their ACL."""
    found = []
    for at_once in (True, False):
        harness = BucketHarness(settings(mode="observe", buckets="true"), **world)
        harness.s3.whole_account = whole_account
        for cause in [about_every_bucket()] if at_once else map(about_bucket, world):
            harness.react(cause)
        found.append(
            {
                each.observation.subject.name
                for each in harness.recorder.settled
                if each.decision.verdict.rule == "public-acl"
            }
        )
    assert found[0] == found[1]


@given(world=WORLDS)
def test_observe_mode_never_writes(world: dict[str, Stored]) -> None:
    """Whatever there is."""
    harness = BucketHarness(settings(mode="observe", buckets="true"), **world)
    harness.react(about_every_bucket())
    assert harness.s3.world == world
