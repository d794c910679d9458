"""reactor.cli.holes: what doctor makes of a report."""

import pytest

from reactor.cli.holes import finding
from reactor.holes.report import Hole, Report
from reactor.holes.sessions import WITHOUT_MFA
from reactor.holes.severity import Severity

ARN = "arn:aws:iam::123456789012:policy/RequireMfa"
CRITICAL = Hole(Severity.CRITICAL, "iam:PassRole", "any role", ("key",))
LOW = Hole(Severity.LOW, "iam:ListUsers", "any", ("key", "console"))


@pytest.mark.parametrize(
    ("report", "state", "says"),
    [
        pytest.param(Report(WITHOUT_MFA, ()), "ok", "leaves nothing open", id="no hole"),
        pytest.param(
            Report(WITHOUT_MFA, (CRITICAL, LOW)),
            "failed",
            "has 2 holes: 1 critical, 1 low; iam:PassRole on any role, for one",
            id="holes, the worst by name",
        ),
        pytest.param(
            Report(WITHOUT_MFA, (LOW,), unjudged=(CRITICAL,), keys=("aws:SourceIp",)),
            "failed",
            "has 1 hole: 1 low",
            id="a hole is certain, whatever else is not",
        ),
        pytest.param(
            Report(WITHOUT_MFA, (), unjudged=(CRITICAL,), keys=("aws:SourceIp",)),
            "unknown",
            "not all of it could be judged",
            id="denied under a key that is not known",
        ),
        pytest.param(
            Report(WITHOUT_MFA, (), unruled=(CRITICAL,)),
            "unknown",
            "not all of it could be judged",
            id="an action that the simulator does not know",
        ),
        pytest.param(
            Report(WITHOUT_MFA, (), unasked=("x:*",)),
            "unknown",
            "not all of it could be judged",
            id="something left out that was not asked about",
        ),
    ],
)
def test_finding(report: Report, state: str, says: str) -> None:
    """What could not be judged is never taken for ok."""
    found = finding(ARN, "prod", report)
    assert (found.check, found.state.value) == ("guard-document", state)
    assert found.what.startswith(ARN)
    assert says in found.what
    assert found.ok or "mfa-reactor --stage prod guard check" in found.remedy
