"""reactor.notify.reports and findings: what Security Hub is brought, and what it is not."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor.errors import Permanent, Transient
from reactor.guardrails import GUARDRAILS
from reactor.model import OutcomeStatus, Resource
from reactor.notify.findings import KINDS, Kind, Site, batches, changes, document, stamp
from reactor.notify.reports import Report, Stand, Standing
from reactor.reconcile import Settled
from tests.fakes.account import ACCOUNT
from tests.fakes.clock import START
from tests.fakes.events import about_user, removed
from tests.fakes.parts import changed, everybody, failing, id_for, observed, settled

SITE = Site("aws", "us-east-1", ACCOUNT, "prod")
USER = "AWS::IAM::User"
LATER = START + timedelta(minutes=15)


def report(name: str = "alice", standing: Standing = Standing.OPEN, **members: str) -> Report:
    """Return a report of a user."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    return Report(
        type=USER, id=id_for(name), arn=arn, standing=standing, name=name, why="why", **members
    )


def stand(*reports: Report, whole: bool = False, **ids: list[str]) -> Stand:
    """Return how users stand a quarter of an hour later; `complies=["bob"]` names some."""
    found = {Standing(key): {USER: [id_for(each) for each in names]} for key, names in ids.items()}
    return Stand(LATER, list(reports), found, whole)


def there(name: str = "alice", **members: Any) -> dict[str, Any]:
    """Return a finding as Security Hub has it."""
    made = document(SITE, report(name), START, {})
    return {**made, "Workflow": {"Status": "NEW"}, **members}


PASSED = there(Compliance={"Status": "PASSED"}, Workflow={"Status": "RESOLVED"})
ARCHIVED = there(
    Compliance={"Status": "NOT_AVAILABLE"},
    RecordState="ARCHIVED",
    Workflow={"Status": "RESOLVED"},
)


def stands(each: Settled) -> Stand:
    """Return how a settled subject stands."""
    found = Stand(START)
    found.add(each)
    return found


def left_over(each: Settled) -> Settled:
    """Return a subject of which the judgement says that something is wrong still."""
    error = Permanent("its policy is public", remedy="mend it")
    return replace(each, decision=replace(each.decision, error=error))


@pytest.mark.parametrize(
    ("each", "standing"),
    [
        pytest.param(observed("a"), Standing.OPEN, id="left open by a stage that observes"),
        pytest.param(failing("a", Permanent("x", remedy="y")), Standing.OPEN, id="not mended"),
        pytest.param(changed("a"), Standing.MENDED, id="mended"),
        pytest.param(left_over(changed("a")), Standing.OPEN, id="mended in part"),
        pytest.param(settled("a"), Standing.COMPLIES, id="in order"),
        pytest.param(left_over(settled("a")), Standing.OPEN, id="in order but for one thing"),
        pytest.param(
            settled("a", status=OutcomeStatus.FAILED, error=Permanent("x", remedy="y")),
            Standing.COMPLIES,
            id="in order, and not moved to the regular way",
        ),
        pytest.param(settled("a", "exempt"), Standing.EXCUSED, id="exempt"),
        pytest.param(
            left_over(settled("a", "exempt")), Standing.OPEN, id="not judged, and yet amiss"
        ),
        pytest.param(
            left_over(settled("a", "not-read")), Standing.UNKNOWN, id="not known, and told why"
        ),
        pytest.param(settled("a", "not-read"), Standing.UNKNOWN, id="not known"),
        pytest.param(everybody(Transient("x", remedy="y")), None, id="nobody was read"),
    ],
)
def test_how_a_subject_stands(each: Settled, standing: Standing | None) -> None:
    """By its verdict, and by what became of it."""
    found = stands(each)
    named = [*found.reports, *(key for key, ids in found.ids.items() if ids)]
    if standing is None:
        assert named == []
    elif standing in {Standing.OPEN, Standing.MENDED}:
        assert [one.standing for one in found.reports] == [standing]
        assert found.reports[0].id == id_for("a")
    else:
        assert found.ids == {standing: {USER: [id_for("a")]}}


def test_a_report_says_who_did_what() -> None:
    """An auditor wants to see what was open for a moment, too."""
    each = replace(changed("alice"), cause=about_user("alice", removed("serial")))
    (found,) = stands(each).reports
    assert (found.caller, found.event) == ("arn:aws:iam::1:role/admin", "DetachUserPolicy")
    assert (found.why, found.mended_by) == ("because of alice", "attach-guard")
    made = document(SITE, found, START, {})
    assert made["Compliance"] == {"Status": "PASSED"}
    assert made["Description"] == (
        "alice was not in order, after DetachUserPolicy by arn:aws:iam::1:role/admin: because of"
        " alice. Mended at once: attach-guard."
    )


def test_a_report_says_what_is_left_where_not_all_was_mended() -> None:
    """It fails, as severe as before: whoever reads it must not take it for settled."""
    (found,) = stands(left_over(changed("alice"))).reports
    made = document(SITE, found, START, {})
    assert made["Compliance"] == {"Status": "FAILED"}
    assert made["FindingProviderFields"]["Severity"] == {"Label": "MEDIUM"}
    assert made["Description"] == (
        "alice is not in order: its policy is public. Done so far: attach-guard."
    )
    assert changes(SITE, stands(left_over(changed("alice"))), []).resolved == []


def test_a_whole_finding() -> None:
    """All that ASFF requires, an id that stays, and nothing that is the customer's to set."""
    made = document(SITE, report(), START, {})
    assert made["Id"] == f"{ACCOUNT}/us-east-1/mfa-reactor-prod/{USER}/{id_for('alice')}"
    product = f"arn:aws:securityhub:us-east-1:{ACCOUNT}:product/{ACCOUNT}/default"
    assert made["ProductArn"] == product
    assert made["CreatedAt"] == made["UpdatedAt"] == "2026-03-01T12:00:00.000Z"
    assert made["Compliance"] == {"Status": "FAILED"}
    assert made["FindingProviderFields"]["Severity"] == {"Label": "MEDIUM"}
    assert made["Resources"] == [
        {
            "Type": "AwsIamUser",
            "Id": f"arn:aws:iam::{ACCOUNT}:user/alice",
            "Partition": "aws",
            "Region": "us-east-1",
        }
    ]
    assert made["Remediation"]["Recommendation"]["Text"]
    theirs = {"Workflow", "Note", "UserDefinedFields", "VerificationState", "Severity", "Types"}
    assert not theirs & set(made)


@pytest.mark.parametrize(
    ("known", "now", "imports", "resolved"),
    [
        pytest.param([], stand(report()), ["FAILED"], 0, id="found wanting for the first time"),
        pytest.param([there()], stand(report()), [], 0, id="as wanting as before"),
        pytest.param(
            [there(Description="other")], stand(report()), ["FAILED"], 0, id="for another reason"
        ),
        pytest.param(
            [there(Workflow={"Status": "SUPPRESSED"})], stand(report()), [], 0, id="suppressed"
        ),
        pytest.param(
            [],
            stand(report(standing=Standing.MENDED)),
            ["PASSED"],
            1,
            id="mended before anybody saw it",
        ),
        pytest.param([there()], stand(complies=["alice"]), ["PASSED"], 1, id="complies now"),
        pytest.param(
            [there(Compliance={"Status": "PASSED"})],
            stand(complies=["alice"]),
            [],
            1,
            id="was passed, and its workflow left behind",
        ),
        pytest.param(
            [there(Workflow={"Status": "RESOLVED"})],
            stand(complies=["alice"]),
            ["PASSED"],
            0,
            id="resolved by hand before",
        ),
        pytest.param(
            [there(Workflow={"Status": "SUPPRESSED"})],
            stand(complies=["alice"]),
            ["PASSED"],
            0,
            id="suppressed, and complies",
        ),
        pytest.param([there()], stand(excused=["alice"]), ["NOT_AVAILABLE"], 1, id="exempt now"),
        pytest.param([there()], stand(unknown=["alice"]), [], 0, id="not known: left as it is"),
        pytest.param([there()], stand(complies=["bob"]), [], 0, id="of others nothing is said"),
        pytest.param(
            [there()], stand(complies=["bob"], whole=True), ["NOT_AVAILABLE"], 1, id="gone"
        ),
        pytest.param(
            [there()],
            stand(unknown=["alice"], complies=["bob"], whole=True),
            [],
            0,
            id="not read in a sweep that read all others",
        ),
        pytest.param([], stand(complies=["alice"], excused=["bob"]), [], 0, id="never had one"),
        pytest.param([there()], stand(whole=True), ["NOT_AVAILABLE"], 1, id="the last to be gone"),
        pytest.param(
            [PASSED], stand(excused=["alice"]), ["NOT_AVAILABLE"], 1, id="passed, and exempt now"
        ),
        pytest.param(
            [{**PASSED, "Workflow": {"Status": "SUPPRESSED"}}],
            stand(excused=["alice"]),
            ["NOT_AVAILABLE"],
            0,
            id="passed and suppressed, and exempt now",
        ),
        pytest.param([ARCHIVED], stand(complies=["alice"]), ["PASSED"], 1, id="exempt no more"),
        pytest.param(
            [ARCHIVED],
            stand(report(standing=Standing.MENDED)),
            ["PASSED"],
            1,
            id="exempt no more, and mended",
        ),
        pytest.param(
            [{**PASSED, "Workflow": {"Status": "SUPPRESSED"}}],
            stand(report(standing=Standing.MENDED)),
            ["PASSED"],
            0,
            id="suppressed, and mended",
        ),
        pytest.param(
            [],
            stand(report(), report(standing=Standing.MENDED)),
            ["PASSED"],
            1,
            id="found wanting, and then mended",
        ),
        pytest.param(
            [],
            stand(report(standing=Standing.MENDED), report()),
            ["FAILED"],
            0,
            id="mended, and then found wanting again",
        ),
        pytest.param(
            [there(UpdatedAt=stamp(LATER + timedelta(seconds=1)))],
            stand(complies=["alice"]),
            [],
            0,
            id="judged later by somebody else",
        ),
        pytest.param(
            [there(Id="arn:aws:securityhub:other")],
            stand(complies=["bob"], whole=True),
            [],
            0,
            id="somebody else's",
        ),
    ],
)
def test_what_is_to_change(
    known: list[dict[str, Any]], now: Stand, imports: list[str], resolved: int
) -> None:
    """Nothing is brought that is so already, and nobody gets a finding for being in order."""
    found = changes(SITE, now, known)
    assert [each["Compliance"]["Status"] for each in found.imports] == imports
    assert len(found.resolved) == resolved


def test_what_stays_wanting_is_brought_again_before_aws_forgets_it() -> None:
    """AWS deletes what was not updated for 90 days, and with it that somebody suppressed it."""
    known = there(Workflow={"Status": "SUPPRESSED"})

    def brought(days: int) -> list[Any]:
        now = replace(stand(report()), at=START + timedelta(days=days))
        return [each["UpdatedAt"] for each in changes(SITE, now, [known]).imports]

    assert brought(29) == []
    assert brought(30) == [stamp(START + timedelta(days=30))]


def test_a_bucket_is_not_gone_because_a_sweep_did_not_look_at_it() -> None:
    """Sweeps look at users."""
    bucket = Report(
        type="AWS::S3::Bucket", id="photos", arn="arn:aws:s3:::photos", standing=Standing.OPEN
    )
    known = {**document(SITE, bucket, START, {}), "Workflow": {"Status": "NEW"}}
    assert changes(SITE, stand(complies=["bob"], whole=True), [known]).imports == []


def test_a_finding_that_is_closed_keeps_what_it_was_made_with() -> None:
    """When it was found first, what it is about; archived where nothing can be judged any more."""
    known = there()
    (passed,) = changes(SITE, stand(complies=["alice"]), [known]).imports
    (gone,) = changes(SITE, stand(excused=["alice"]), [known]).imports
    for each in (passed, gone):
        assert {key: each[key] for key in ("Id", "CreatedAt", "Title", "Resources")} == {
            key: known[key] for key in ("Id", "CreatedAt", "Title", "Resources")
        }
        assert each["UpdatedAt"] == stamp(LATER)
    assert (passed["RecordState"], gone["RecordState"]) == ("ACTIVE", "ARCHIVED")


def test_found_wanting_again_is_a_new_beginning() -> None:
    """What was passed in between has been open since now, and not since the first time."""
    known = there(Compliance={"Status": "PASSED"}, Workflow={"Status": "RESOLVED"})
    (again,) = changes(SITE, stand(report()), [known]).imports
    assert again["CreatedAt"] == stamp(LATER)
    (still,) = changes(SITE, stand(report()), [there(Description="other")]).imports
    assert still["CreatedAt"] == stamp(START)


def test_any_guardrails_subjects_have_findings() -> None:
    """The code knows resources, not users: a row of the table gives another its words."""
    role = Report(
        type="AWS::IAM::Role", id="AROA1", arn="arn:aws:iam::1:role/r", standing=Standing.OPEN
    )
    rows = {**KINDS, "AWS::IAM::Role": Kind("AwsIamRole", "Trusting", "CRITICAL", "Mend it.")}
    made = document(SITE, role, START, {}, rows)
    assert made["Resources"][0]["Type"] == "AwsIamRole"
    assert made["FindingProviderFields"]["Severity"]["Label"] == "CRITICAL"
    assert document(SITE, role, START, {})["Resources"][0]["Type"] == "Other"


def test_each_guardrail_has_its_row() -> None:
    """What it judges has words of its own in Security Hub."""
    assert set(KINDS) == {row.resource_type for row in GUARDRAILS}


def test_a_bucket_is_found_where_it_is() -> None:
    """It may be in another region than the hub."""
    bucket = Report(
        type="AWS::S3::Bucket",
        id="photos",
        arn="arn:aws:s3:::photos",
        region="eu-west-1",
        standing=Standing.OPEN,
    )
    (resource,) = document(SITE, bucket, START, {})["Resources"]
    assert (resource["Type"], resource["Id"]) == ("AwsS3Bucket", "arn:aws:s3:::photos")
    assert resource["Region"] == "eu-west-1"
    assert Report.of(bucket.describe()) == bucket


class _Anything:
    """A state of some guardrail's, of a resource of its own."""

    def resource(self) -> Resource | None:
        """Return a bucket."""
        return Resource("AWS::S3::Bucket", "photos", arn="arn:aws:s3:::photos")


def test_any_guardrails_states_are_reported() -> None:
    """A state that says which resource it is of is all that is needed."""
    seen = replace(observed("x").observation, state=_Anything())
    (found,) = stands(replace(observed("x"), observation=seen)).reports
    assert (found.type, found.id) == ("AWS::S3::Bucket", "photos")


def test_batches() -> None:
    """A call takes a hundred."""
    assert [len(each) for each in batches(range(250))] == [100, 100, 50]
    assert batches([]) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(said=JSON, members=st.dictionaries(st.sampled_from(["at", "reports", "ids", "whole"]), JSON))
def test_whatever_is_said_is_read_or_left(said: Any, members: dict[str, Any]) -> None:
    """A forged stand is no reason to fail, and what comes of it is a finding of the right form."""
    for forged in (said, members, {"at": START.isoformat(), **members}):
        read = Stand.of(forged)
        for each in () if read is None else changes(SITE, read, []).imports:
            assert json.dumps(each)


def test_a_stand_travels() -> None:
    """What is handed over is what is read."""
    before = stand(report(caller="me", event="X"), complies=["bob"], whole=True)
    said = json.loads(
        json.dumps(
            {**before.describe_ids(), "reports": [each.describe() for each in before.reports]}
        )
    )
    read = Stand.of(said)
    assert read is not None
    assert (read.at, read.reports, read.whole) == (before.at, before.reports, True)
    assert read.ids_of(Standing.COMPLIES) == {(USER, id_for("bob"))}
    assert read.ids_of(Standing.OPEN) == {(USER, id_for("alice"))}
