"""reactor.aws.credentials and .users beside an account: botocore's stubs answer."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.stub import Stubber

from reactor.aws.credentials import AwsCredentialReport
from reactor.aws.users import AwsUsers
from reactor.errors import Permanent, ReactorError, Transient
from reactor.users.state import Device
from tests.fakes.account import ACCOUNT, GUARD_ARN, GUARD_DOCUMENT, Account
from tests.fakes.clock import START, FakeClock
from tests.fakes.iam_client import NOBODYS_DEVICE, ROOTS_DEVICE, IamClient, Weather
from tests.fakes.parts import id_for
from tests.unit.test_credentials import ALICE, COLUMNS, line

MADE = datetime(2026, 11, 26, 9, 10, tzinfo=UTC)
ROW = line(mfa_active="TRUE")
CONTENT = "\n".join((",".join(COLUMNS), ",".join(ROW[each] for each in COLUMNS))).encode()
MFA = "arn:aws:iam::123456789012:mfa/"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


class Stubbed:
    """The reads on a client that gives the answers put into it, in order; pauses are noted."""

    def __init__(self) -> None:
        client = boto3.client("iam", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stubber = Stubber(client)
        self.pauses: list[float] = []
        self.users = AwsUsers(client)
        self.report = AwsCredentialReport(client, wait_seconds=3, sleep=self.pauses.append)

    def generating(self, *states: str) -> None:
        """Answer the next GenerateCredentialReport calls."""
        for state in states:
            self.stubber.add_response("generate_credential_report", {"State": state})

    def report_is_there(self) -> None:
        """Answer the next GetCredentialReport."""
        answer = {"Content": CONTENT, "ReportFormat": "text/csv", "GeneratedTime": MADE}
        self.stubber.add_response("get_credential_report", answer)

    def details(
        self,
        policies: list[dict[str, Any]],
        marker: str = "",
        more: str = "",
        only: tuple[str, ...] = ("LocalManagedPolicy", "AWSManagedPolicy"),
    ) -> None:
        """Answer the next GetAccountAuthorizationDetails for managed policies."""
        asked: dict[str, Any] = {"Filter": list(only)}
        asked |= {"MaxItems": 50, **({"Marker": marker} if marker else {})}
        answer: dict[str, Any] = {"Policies": policies, "IsTruncated": bool(more)}
        answer |= {"Marker": more} if more else {}
        self.stubber.add_response("get_account_authorization_details", answer, asked)

    def devices(self, *devices: dict[str, Any], marker: str = "", more: str = "") -> None:
        """Answer the next ListVirtualMFADevices, which asks for those that somebody has."""
        asked: dict[str, Any] = {"AssignmentStatus": "Assigned", "MaxItems": 1000}
        asked |= {"Marker": marker} if marker else {}
        answer: dict[str, Any] = {"VirtualMFADevices": list(devices), "IsTruncated": bool(more)}
        answer |= {"Marker": more} if more else {}
        self.stubber.add_response("list_virtual_mfa_devices", answer, asked)


@pytest.fixture
def stubbed() -> Iterator[Stubbed]:
    """AWS; all that was put into it must be asked for."""
    made = Stubbed()
    with made.stubber:
        yield made
        made.stubber.assert_no_pending_responses()


class TestCredentialReport:
    """Having the report made, and reading it."""

    def test_one_that_is_there_is_read_at_once(self, stubbed: Stubbed) -> None:
        """Two calls, no pause, and the time at which it was made."""
        stubbed.generating("COMPLETE")
        stubbed.report_is_there()
        report = stubbed.report.credential_report()
        assert report is not None
        assert (report.made_at, report.of(ALICE) is not None, stubbed.pauses) == (MADE, True, [])

    def test_one_that_is_being_made_is_waited_for(self, stubbed: Stubbed) -> None:
        """GenerateCredentialReport says when it is complete."""
        stubbed.generating("STARTED", "INPROGRESS", "COMPLETE")
        stubbed.report_is_there()
        assert stubbed.report.credential_report() is not None
        assert stubbed.pauses == [1, 1]

    def test_the_wait_ends(self, stubbed: Stubbed) -> None:
        """After three seconds, here, there is none; that is no error."""
        stubbed.generating("STARTED", "INPROGRESS", "INPROGRESS", "INPROGRESS")
        assert stubbed.report.credential_report() is None
        assert stubbed.pauses == [1, 1, 1]

    @pytest.mark.parametrize("code", ["ReportNotPresent", "ReportExpired", "ReportInProgress"])
    def test_one_that_was_lost_in_between_is_asked_for_again(
        self, stubbed: Stubbed, code: str
    ) -> None:
        """Between the calls it can grow too old."""
        stubbed.generating("COMPLETE")
        stubbed.stubber.add_client_error("get_credential_report", code)
        stubbed.generating("COMPLETE")
        stubbed.report_is_there()
        assert stubbed.report.credential_report() is not None

    @pytest.mark.parametrize(
        ("method", "operation"),
        [
            ("generate_credential_report", "iam:GenerateCredentialReport"),
            ("get_credential_report", "iam:GetCredentialReport"),
        ],
    )
    def test_a_refusal_names_the_permission(
        self, stubbed: Stubbed, method: str, operation: str
    ) -> None:
        """Each of the two calls needs its own."""
        if method == "get_credential_report":
            stubbed.generating("COMPLETE")
        stubbed.stubber.add_client_error(method, "AccessDenied", "no")
        with pytest.raises(Transient, match=f"{operation} failed: AccessDenied") as caught:
            stubbed.report.credential_report()
        assert f"allow {operation}" in caught.value.remedy

    def test_one_that_is_not_understood_is_an_error(self, stubbed: Stubbed) -> None:
        """It is not taken for an account without credentials."""
        stubbed.generating("COMPLETE")
        answer = {"Content": b"<html>", "ReportFormat": "text/csv", "GeneratedTime": MADE}
        stubbed.stubber.add_response("get_credential_report", answer)
        with pytest.raises(Permanent, match="not understood"):
            stubbed.report.credential_report()


def managed(arn: str, *versions: tuple[str, bool]) -> dict[str, Any]:
    """A policy as IAM shows it. Of each version: its document, and whether it is the default."""
    shown = [
        {"VersionId": f"v{number}", "Document": quote(text), "IsDefaultVersion": default}
        for number, (text, default) in enumerate(versions, start=1)
    ]
    return {"Arn": arn, "PolicyVersionList": shown}


class TestManagedDocuments:
    """The documents of all managed policies."""

    def test_default_versions_of_all_pages(self, stubbed: Stubbed) -> None:
        """Decoded and parsed; other versions are passed over."""
        stubbed.details(
            [managed(GUARD_ARN, ('{"old":1}', False), (GUARD_DOCUMENT, True))], more="m"
        )
        stubbed.details([managed(READ_ONLY, ('{"Statement":[]}', True))], marker="m")
        assert dict(stubbed.users.managed_documents()) == {
            GUARD_ARN: json.loads(GUARD_DOCUMENT),
            READ_ONLY: {"Statement": []},
        }

    def test_pages_are_small(self, stubbed: Stubbed) -> None:
        """Each page asks for 50: with five long versions each, a thousand may fill the memory."""
        stubbed.details([managed(GUARD_ARN, ("{}", True))], more="m")
        stubbed.details([], marker="m")
        assert [arn for arn, _ in stubbed.users.managed_documents()] == [GUARD_ARN]

    def test_awss_own_can_be_left_out(self, stubbed: Stubbed) -> None:
        """Then they are not asked for."""
        stubbed.details([managed(GUARD_ARN, ("{}", True))], only=("LocalManagedPolicy",))
        assert dict(stubbed.users.managed_documents(of_aws=False)) == {GUARD_ARN: {}}

    def test_a_document_that_is_no_json_is_text(self, stubbed: Stubbed) -> None:
        """Whoever judges it sees that it is none."""
        stubbed.details([managed(GUARD_ARN, ("no JSON", True))])
        assert list(stubbed.users.managed_documents()) == [(GUARD_ARN, "no JSON")]

    @pytest.mark.parametrize(
        "policy",
        [
            pytest.param({"Arn": GUARD_ARN}, id="no versions"),
            pytest.param(managed(GUARD_ARN, ("{}", False)), id="no default version"),
        ],
    )
    def test_an_answer_that_is_not_understood(
        self, stubbed: Stubbed, policy: dict[str, Any]
    ) -> None:
        """A policy without its document is no policy that allows nothing."""
        stubbed.details([policy])
        with pytest.raises(ReactorError, match="not understood"):
            list(stubbed.users.managed_documents())


DOCUMENT = {"Version": "2012-10-17", "Statement": []}


class TestInlineDocuments:
    """What inline policies of one user, or one group, say."""

    def test_of_a_user(self, stubbed: Stubbed) -> None:
        """Their names, and what each says."""
        names = {"PolicyNames": ["own", "other"], "IsTruncated": False}
        stubbed.stubber.add_response(
            "list_user_policies", names, {"UserName": "alice", "MaxItems": 1000}
        )
        assert stubbed.users.inline_policies_of_user("alice") == ("own", "other")
        asked = {"UserName": "alice", "PolicyName": "own"}
        answer = {**asked, "PolicyDocument": quote(json.dumps(DOCUMENT))}
        stubbed.stubber.add_response("get_user_policy", answer, asked)
        assert stubbed.users.inline_policy_of_user("alice", "own") == DOCUMENT

    def test_of_a_group(self, stubbed: Stubbed) -> None:
        """The same, and the managed ones."""
        names = {"PolicyNames": ["crew"], "IsTruncated": False}
        asked = {"GroupName": "staff", "MaxItems": 1000}
        stubbed.stubber.add_response("list_group_policies", names, asked)
        assert stubbed.users.inline_policies_of_group("staff") == ("crew",)
        attached = {"AttachedPolicies": [{"PolicyArn": GUARD_ARN}], "IsTruncated": False}
        stubbed.stubber.add_response("list_attached_group_policies", attached, asked)
        assert stubbed.users.policies_of_group("staff") == {GUARD_ARN}
        asked = {"GroupName": "staff", "PolicyName": "crew"}
        answer = {**asked, "PolicyDocument": quote(json.dumps(DOCUMENT))}
        stubbed.stubber.add_response("get_group_policy", answer, asked)
        assert stubbed.users.inline_policy_of_group("staff", "crew") == DOCUMENT

    @pytest.mark.parametrize("operation", ["get_user_policy", "get_group_policy"])
    def test_one_that_is_not_there_is_an_error(self, stubbed: Stubbed, operation: str) -> None:
        """It was listed a moment ago: nobody may take that for a policy that allows nothing."""
        stubbed.stubber.add_client_error(operation, "NoSuchEntity")
        of = {
            "get_user_policy": stubbed.users.inline_policy_of_user,
            "get_group_policy": stubbed.users.inline_policy_of_group,
        }[operation]
        with pytest.raises(Transient, match="NoSuchEntity"):
            of("alice", "own")


def device(name: str, owner: str) -> dict[str, Any]:
    """A virtual device as IAM shows it, with its owner."""
    arn = f"arn:aws:iam::123456789012:user/{owner}"
    user = {"UserName": owner, "UserId": id_for(owner), "Arn": arn, "Path": "/", "CreateDate": MADE}
    return {"SerialNumber": f"{MFA}{name}", "EnableDate": MADE, "User": user}


class TestVirtualDevices:
    """Who has a virtual device."""

    @pytest.fixture
    def users(self) -> AwsUsers:
        """An account of one user with an app; root has one, too, and one is nobody's."""
        account = Account(FakeClock())
        account.put_user("alice", devices=(Device(f"{MFA}a", START),))
        client: Any = IamClient(account, Weather(), lambda _operation, _request: None)
        return AwsUsers(client)

    def test_of_all_users(self, stubbed: Stubbed) -> None:
        """By their owner's id, from all pages. Only those that somebody has are asked for."""
        stubbed.devices(device("a", "alice"), device("b", "bob"), more="m")
        stubbed.devices(device("a-2", "alice"), marker="m")
        found = stubbed.users.virtual_devices()
        serials = {owner: [each.serial for each in has] for owner, has in found.items()}
        assert serials == {
            id_for("alice"): [f"{MFA}a", f"{MFA}a-2"],
            id_for("bob"): [f"{MFA}b"],
        }

    def test_roots_and_nobodys(self, users: AwsUsers) -> None:
        """Root's is under the account's number, which no user has for an id; nobody's is not."""
        found = users.virtual_devices()
        (alice,) = (page.users[0].user.id for page in users.account_pages())
        assert set(found) == {alice, ACCOUNT}

    @pytest.mark.parametrize(
        ("serial", "owner"),
        [
            pytest.param(f"{MFA}a", "alice", id="a user's"),
            pytest.param(ROOTS_DEVICE.serial, None, id="root's"),
            pytest.param(NOBODYS_DEVICE, None, id="nobody's"),
        ],
    )
    def test_the_owner_of_one(self, users: AwsUsers, serial: str, owner: str | None) -> None:
        """Is a user, or nobody whom a verdict could be about."""
        assert users.device_owner(serial) == owner

    def test_the_owner_is_looked_for_among_those_that_somebody_has(self, stubbed: Stubbed) -> None:
        """The listing of all may be pages longer: people leave devices behind."""
        stubbed.devices(device("a", "alice"))
        assert stubbed.users.device_owner(f"{MFA}a") == "alice"
