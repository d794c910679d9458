"""reactor.inspection.trails: whether some trail logs IAM's writes."""

from collections.abc import Mapping
from typing import Any

import pytest

from reactor.errors import ReactorError
from reactor.inspection.facts import BasicSelector, Condition, Selectors, Trail
from reactor.inspection.findings import Finding, State
from reactor.inspection.trails import candidates, logs_iam_writes, trail
from tests.fakes.inspection import STAGE, TRAIL_ARN, a_trail, denied

ALL = Selectors(basic=(BasicSelector("All", management_events=True),))
NONE = Selectors(basic=(BasicSelector("All", management_events=False),))
MANAGEMENT = Condition(field="eventCategory", equals=("Management",))
OTHER_ARN = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/other"
ORGANIZATION = a_trail(
    name="org",
    arn="arn:aws:cloudtrail:us-east-1:999999999999:trail/org",
    organization=True,
)


def judge(
    *trails: Trail,
    on: bool | ReactorError = True,
    selectors: Selectors | ReactorError = ALL,
    other: Mapping[str, Any] | None = None,
) -> Finding:
    """Judge trails that are all alike, but for the selectors of those in `other`."""
    logging = {each.arn: on for each in trails}
    selected = {each.arn: selectors for each in trails} | dict(other or {})
    return trail(trails, logging, selected, STAGE)


def advanced(*conditions: Condition) -> Selectors:
    """Return one advanced selector."""
    return Selectors(advanced=(conditions,))


@pytest.mark.parametrize(
    ("selectors", "logs"),
    [
        pytest.param(ALL, True, id="everything"),
        pytest.param(Selectors(basic=(BasicSelector("WriteOnly", True),)), True, id="writes"),
        pytest.param(Selectors(basic=(BasicSelector("ReadOnly", True),)), False, id="reads"),
        pytest.param(NONE, False, id="data events"),
        pytest.param(Selectors(), False, id="nothing"),
        pytest.param(
            Selectors(basic=(BasicSelector("ReadOnly", True), BasicSelector("WriteOnly", True))),
            True,
            id="one of two selectors is enough",
        ),
        pytest.param(advanced(MANAGEMENT), True, id="advanced: management"),
        pytest.param(
            advanced(MANAGEMENT, Condition(field="readOnly", equals=("false",))),
            True,
            id="advanced: writes",
        ),
        pytest.param(
            advanced(MANAGEMENT, Condition(field="readOnly", equals=("true",))),
            False,
            id="advanced: reads",
        ),
        pytest.param(
            advanced(Condition(field="eventCategory", equals=("Data",))), False, id="advanced: data"
        ),
        pytest.param(
            advanced(MANAGEMENT, Condition(field="eventSource", not_equals=("kms.amazonaws.com",))),
            True,
            id="advanced: without KMS",
        ),
        pytest.param(
            advanced(MANAGEMENT, Condition(field="eventSource", not_equals=("iam.amazonaws.com",))),
            False,
            id="advanced: without IAM",
        ),
        pytest.param(
            advanced(MANAGEMENT, Condition(field="eventSource", not_starts_with=("iam.",))),
            False,
            id="advanced: without what begins as IAM",
        ),
        pytest.param(
            advanced(MANAGEMENT, Condition(field="eventSource", not_ends_with=(".com",))),
            False,
            id="advanced: without what ends as IAM",
        ),
        pytest.param(
            advanced(
                MANAGEMENT,
                Condition(field="eventSource", equals=("s3.amazonaws.com",), starts_with=("iam.",)),
            ),
            True,
            id="advanced: one of the operators that select is enough",
        ),
        pytest.param(
            advanced(MANAGEMENT, Condition(field="eventName", equals=("CreateUser",))),
            False,
            id="advanced: some events only",
        ),
        pytest.param(
            advanced(Condition(field="readOnly", equals=("false",))),
            False,
            id="advanced: no category",
        ),
        pytest.param(
            Selectors(
                basic=ALL.basic,
                advanced=((Condition(field="eventCategory", equals=("Data",)),),),
            ),
            False,
            id="advanced ones stand in the basic ones' place",
        ),
    ],
)
def test_selectors(selectors: Selectors, *, logs: bool) -> None:
    """Only selectors that let every write of IAM through will do."""
    assert logs_iam_writes(selectors) is logs


def test_one_good_trail_is_enough() -> None:
    """Whatever is wrong with the others."""
    finding = judge(
        a_trail(name="poor", arn=OTHER_ARN), a_trail(), selectors=ALL, other={OTHER_ARN: NONE}
    )
    assert (finding.state, finding.what) == (State.OK, "the trail audit logs IAM's writes")


@pytest.mark.parametrize(
    ("found", "more", "what", "remedy"),
    [
        pytest.param((), {}, "there is no trail in us-east-1", "create-trail", id="none"),
        pytest.param(
            (a_trail(multi_region=False, home_region="eu-west-1"),),
            {},
            "logs eu-west-1 only",
            "--region eu-west-1 --is-multi-region-trail",
            id="another region's",
        ),
        pytest.param(
            (a_trail(global_events=False),),
            {},
            "leaves out global services",
            "--include-global-service-events",
            id="no global services",
        ),
        pytest.param(
            (a_trail(),),
            {"on": False},
            "audit is switched off",
            f"start-logging --name {TRAIL_ARN} --region us-east-1",
            id="switched off",
        ),
        pytest.param(
            (a_trail(),),
            {"selectors": NONE},
            "leaves out management events",
            "put-event-selectors",
            id="selectors",
        ),
    ],
)
def test_failures(found: tuple[Trail, ...], more: dict[str, Any], what: str, remedy: str) -> None:
    """Each says what is wrong, and the command that mends it."""
    finding = judge(*found, **more)
    assert finding.state is State.FAILED
    assert what in finding.what
    assert remedy in finding.remedy


def test_the_trail_nearest_to_being_right_is_the_one_to_mend() -> None:
    """All shortcomings are told, one remedy is given."""
    far = a_trail(name="far", arn=OTHER_ARN, multi_region=False, home_region="eu-west-1")
    finding = judge(a_trail(), far, on=False)
    assert "far logs eu-west-1 only" in finding.what
    assert "start-logging" in finding.remedy


@pytest.mark.parametrize(
    ("found", "more"),
    [
        pytest.param((a_trail(),), {"on": denied()}, id="its state"),
        pytest.param((a_trail(),), {"selectors": denied()}, id="its selectors"),
        pytest.param(
            (a_trail(organization=True),),
            {"selectors": denied()},
            id="the selectors of an organization's trail that this account keeps",
        ),
    ],
)
def test_what_cannot_be_read_is_unknown(found: tuple[Trail, ...], more: dict[str, Any]) -> None:
    """Neither ok nor failed, with the error's own remedy."""
    finding = judge(*found, **more)
    assert (finding.state, finding.standing) == (State.UNKNOWN, False)
    assert "AccessDenied" in finding.what
    assert finding.remedy == "allow some:Read"


def test_no_list_of_trails_is_unknown() -> None:
    """It is not taken for an account without trails."""
    finding = trail(denied("cloudtrail:DescribeTrails"), {}, {}, STAGE)
    assert finding.state is State.UNKNOWN
    assert candidates(denied(), "us-east-1") == ()


def test_an_organizations_trail_that_is_kept_elsewhere() -> None:
    """What it logs is not shown to members: unknown, and nothing to raise an alarm for."""
    finding = judge(ORGANIZATION, selectors=denied())
    assert (finding.state, finding.standing) == (State.UNKNOWN, True)
    assert "999999999999" in finding.remedy
    assert judge(ORGANIZATION).ok
    assert judge(ORGANIZATION, on=False).state is State.FAILED


def test_what_may_be_mended_is_told_before_what_cannot() -> None:
    """An unknown that a permission settles comes before the organization's."""
    finding = judge(ORGANIZATION, a_trail(), selectors=denied())
    assert not finding.standing
    assert "audit" in finding.what


def test_a_trails_name_is_cut_short() -> None:
    """It is foreign text."""
    finding = judge(a_trail(name="x" * 1000), on=False)
    assert len(finding.what) < 400


def test_candidates() -> None:
    """Only trails that could log IAM's writes are asked about."""
    local = a_trail(arn=OTHER_ARN, multi_region=False, home_region="eu-west-1")
    blind = a_trail(arn="arn:a:cloudtrail:us-east-1:1:trail/b", global_events=False)
    assert candidates((local, blind, a_trail()), "us-east-1") == (a_trail(),)
    assert candidates((local,), "eu-west-1") == (local,)
