"""reactor.users.breadth: how much policy documents allow."""

from typing import Any

import pytest

from reactor.guard.document import guard_document
from reactor.holes.severity import NAMED, Severity
from reactor.users.breadth import (
    IDENTITIES,
    NOT_KNOWN,
    PERMISSIONS,
    Breadth,
    breadth,
    breadth_of_managed,
)
from tests.fakes.account import ACCOUNT, DEFAULTS

ONESELF = "arn:aws:iam::*:user/${aws:username}"
ANYBODY = "arn:aws:iam::123456789012:user/*"
BUCKET = "arn:aws:s3:::bucket"


def allowing(action: object, resource: object = "*", **more: Any) -> dict[str, Any]:
    """A document with one statement, as IAM keeps it."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def but(not_action: object, resource: object = "*") -> dict[str, Any]:
    """A document that allows all but some actions."""
    statement = {"Effect": "Allow", "NotAction": not_action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": statement}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(allowing("*"), Breadth.ADMINISTRATOR, id="everything on everything"),
        pytest.param(allowing("*:*"), Breadth.ADMINISTRATOR, id="written with a colon"),
        pytest.param(allowing(["s3:Get*", "*"]), Breadth.ADMINISTRATOR, id="among others"),
        pytest.param(allowing("*", "arn:aws:*:*:*:*"), Breadth.ADMINISTRATOR, id="as an ARN"),
        pytest.param(allowing("*", "arn:*"), Breadth.ADMINISTRATOR, id="as an ARN cut short"),
        pytest.param(
            allowing("*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
            Breadth.ADMINISTRATOR,
            id="under a condition, which may be met",
        ),
        pytest.param(but("s3:DeleteBucket"), Breadth.ADMINISTRATOR, id="all but what is not IAM"),
        pytest.param(
            but("iam:PutUserPolicy"), Breadth.ADMINISTRATOR, id="all but one of the ways in IAM"
        ),
        pytest.param(allowing("iam:*"), Breadth.ESCALATES, id="all of IAM"),
        pytest.param(allowing("IAM:*"), Breadth.ESCALATES, id="all of IAM, in capitals"),
        pytest.param(
            allowing("iam:P*"), Breadth.ESCALATES, id="a pattern with PutUserPolicy in it"
        ),
        pytest.param(allowing("i?m:putuserpolic?"), Breadth.ESCALATES, id="question marks"),
        pytest.param(
            allowing("iam:PutUserPolicy", ONESELF), Breadth.ESCALATES, id="its own permissions"
        ),
        pytest.param(
            allowing("iam:CreatePolicyVersion", "arn:aws:iam::123456789012:policy/app"),
            Breadth.ESCALATES,
            id="the content of one policy",
        ),
        pytest.param(
            allowing("iam:CreateAccessKey", ANYBODY), Breadth.ESCALATES, id="anybody's keys"
        ),
        pytest.param(allowing("sts:AssumeRole"), Breadth.ESCALATES, id="any role"),
        pytest.param(
            allowing("sts:AssumeRole", "arn:aws:iam::*:role/*"),
            Breadth.ESCALATES,
            id="any role, as an ARN",
        ),
        pytest.param(
            allowing("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "x"}}),
            Breadth.ESCALATES,
            id="to hand any role to a service",
        ),
        pytest.param(
            but(["iam:*", "organizations:*", "account:*"]),
            Breadth.ESCALATES,
            id="PowerUserAccess, which may assume any role",
        ),
        pytest.param(
            but("iam:*", "arn:aws:iam::*:*"), Breadth.ESCALATES, id="all but IAM, on any role"
        ),
        pytest.param(
            {"Statement": {"Effect": "Allow", "Action": "iam:*", "NotResource": BUCKET}},
            Breadth.ESCALATES,
            id="all resources but one",
        ),
        pytest.param(but(["iam:*", "sts:*", "sso:*"]), Breadth.SERVICES, id="all other services"),
        pytest.param(allowing("s3:*"), Breadth.SERVICES, id="a whole service"),
        pytest.param(allowing("s3:*", "arn:aws:s3:::*"), Breadth.SERVICES, id="on all it has"),
        pytest.param(
            allowing("*", "arn:aws:s3:::*"), Breadth.SERVICES, id="whatever, in a service"
        ),
        pytest.param(allowing("s3:*", f"{BUCKET}/*"), Breadth.WRITES, id="a service, in one place"),
        pytest.param(allowing("*", BUCKET), Breadth.WRITES, id="whatever, in one place"),
        pytest.param(
            but("s3:DeleteBucket", BUCKET), Breadth.WRITES, id="all but one, in one place"
        ),
        pytest.param(allowing("s3:PutObject"), Breadth.WRITES, id="one write"),
        pytest.param(allowing("s3:G*"), Breadth.WRITES, id="a pattern with more than reads in it"),
        pytest.param(
            allowing(["iam:CreateAccessKey", "iam:UpdateLoginProfile"], ONESELF),
            Breadth.WRITES,
            id="self-service",
        ),
        pytest.param(
            allowing("sts:AssumeRole", "arn:aws:iam::123456789012:role/app"),
            Breadth.WRITES,
            id="one role",
        ),
        pytest.param(
            allowing("iam:*", "arn:aws:iam::*:mfa/*"), Breadth.WRITES, id="IAM, on MFA devices"
        ),
        pytest.param(allowing(["s3:Get*", "ec2:Describe*"]), Breadth.READS, id="reads"),
        pytest.param(allowing("iam:GetUser", ONESELF), Breadth.READS, id="a read of oneself"),
        pytest.param(allowing("dynamodb:query"), Breadth.READS, id="a read in lower case"),
        pytest.param(
            {"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]},
            Breadth.NOTHING,
            id="a denial",
        ),
        pytest.param(guard_document("aws", ACCOUNT, DEFAULTS), Breadth.WRITES, id="the guard"),
        pytest.param(but("*"), Breadth.NOTHING, id="all but everything"),
        pytest.param({"Statement": []}, Breadth.NOTHING, id="no statement"),
        pytest.param(
            {"Statement": [*allowing("s3:Get*")["Statement"], *allowing("*")["Statement"]]},
            Breadth.ADMINISTRATOR,
            id="the widest statement counts",
        ),
        pytest.param(
            allowing("iam:PutUserPolicy", [BUCKET, ONESELF]),
            Breadth.ESCALATES,
            id="the widest resource counts",
        ),
    ],
)
def test_how_much_a_document_allows(document: object, expected: Breadth) -> None:
    """The scale, step by step."""
    assert breadth(document) is expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param("no JSON", NOT_KNOWN, id="text"),
        pytest.param(None, NOT_KNOWN, id="nothing"),
        pytest.param([], NOT_KNOWN, id="a list"),
        pytest.param({"Version": "2012-10-17"}, NOT_KNOWN, id="no Statement"),
        pytest.param({"Statement": "Allow"}, NOT_KNOWN, id="a statement that is text"),
        pytest.param(
            {"statement": {"effect": "allow", "action": "*", "resource": "*"}},
            Breadth.ADMINISTRATOR,
            id="names in lower case",
        ),
        pytest.param(
            {"Statement": {"Effect": "Allow", "Action": "*"}},
            Breadth.ADMINISTRATOR,
            id="no resource, which may mean any",
        ),
        pytest.param(allowing([1, None, {}], 7), Breadth.NOTHING, id="numbers for actions"),
        pytest.param(allowing("[a-z]:*"), Breadth.SERVICES, id="brackets, which are no pattern"),
    ],
)
def test_odd_documents(document: object, expected: Breadth) -> None:
    """What IAM does not take is no reason to stop."""
    assert breadth(document) is expected


@pytest.mark.parametrize(
    ("arn", "document", "expected"),
    [
        pytest.param("AdministratorAccess", None, Breadth.ADMINISTRATOR, id="the administrator's"),
        pytest.param("PowerUserAccess", None, Breadth.ESCALATES, id="the power user's"),
        pytest.param("IAMFullAccess", None, Breadth.ESCALATES, id="all of IAM"),
        pytest.param("AmazonS3FullAccess", None, Breadth.SERVICES, id="a whole service"),
        pytest.param("job-function/ViewOnlyAccess", None, Breadth.READS, id="with a path"),
        pytest.param("job-function/Billing", None, NOT_KNOWN, id="a name that does not tell"),
        pytest.param(
            "ReadOnlyAccess", allowing("logs:StartQuery"), Breadth.READS, id="AWS calls it reading"
        ),
        pytest.param(
            "AmazonS3FullAccess", allowing("*"), Breadth.ADMINISTRATOR, id="a document tells more"
        ),
    ],
)
def test_policies_of_aws(arn: str, document: object, expected: Breadth) -> None:
    """By their document, or by their name."""
    arn = f"arn:aws-cn:iam::aws:policy/{arn}"
    assert breadth_of_managed(arn, {} if document is None else {arn: document}) is expected


@pytest.mark.parametrize("name", ["AdministratorAccess", "ReadOnlyAccess", "aws:policy/ReadOnly"])
def test_names_of_the_customers_own_policies_tell_nothing(name: str) -> None:
    """Anybody may give a policy the name of one of AWS's."""
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{name}"
    assert breadth_of_managed(arn, {}) is NOT_KNOWN
    assert breadth_of_managed(arn, {arn: allowing("iam:*")}) is Breadth.ESCALATES


def test_every_step_has_its_meaning() -> None:
    """Each in other words."""
    assert len({each.meaning for each in Breadth}) == len(Breadth)


def test_what_escalates_is_a_critical_hole() -> None:
    """The two tables that were made of the public lists agree."""
    critical = {name.lower() for name, how in NAMED.items() if how is Severity.CRITICAL}
    assert critical >= PERMISSIONS | IDENTITIES
