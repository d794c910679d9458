"""`mfa-reactor explain`: an event's meaning, offline."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from reactor.buckets.events import LOOK_AT_ALL
from reactor.cli import app
from tests.fakes.config import POLICY, USER, invocation, item
from tests.unit.test_compliance_messages import EVENT as COMPLIANCE
from tests.unit.test_compliance_messages import NOTICE, USER_ID, by_topic, queued, to_function

if TYPE_CHECKING:
    from tests.cli.command import CommandLine, Result

ACCOUNT = "123456789012"
RECORD: dict[str, Any] = {
    "eventVersion": "1.10",
    "eventSource": "iam.amazonaws.com",
    "eventName": "DeactivateMFADevice",
    "eventTime": "2026-11-20T10:00:00Z",
    "awsRegion": "us-east-1",
    "eventID": "0a8b3a4e-3c53-4b3b-9d0a-0f2b8c8f0c11",
    "recipientAccountId": ACCOUNT,
    "userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b"},
    "requestParameters": {"userName": "alice", "serialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/alice"},
    "responseElements": None,
}
PUBLIC: dict[str, Any] = {
    **RECORD,
    "eventSource": "s3.amazonaws.com",
    "eventName": "PutBucketAcl",
    "requestParameters": {"bucketName": "shop"},
}
ENVELOPE: dict[str, Any] = {
    "source": "aws.iam",
    "detail-type": "AWS API Call via CloudTrail",
    "account": ACCOUNT,
    "detail": RECORD,
}
ALICE = {
    "matched": True,
    "heard_by": ["react"],
    "event": "DeactivateMFADevice",
    "subjects": [{"kind": "user", "account": ACCOUNT, "name": "alice"}],
    "ignored": None,
    "left_out": [],
}
_RECORDINGS = Path(__file__).parents[3] / "shared" / "cloudtrail"


def explain(command: CommandLine, document: object, *options: str, **variables: str) -> Result:
    """Explain a document given on standard input."""
    return command("explain", "-", *options, stdin=json.dumps(document), **variables)


def answer(document: object, *options: str, **variables: str) -> str:
    """Explain a document without a process of its own."""
    ran = CliRunner().invoke(
        app, ["explain", "-", *options], input=json.dumps(document), env=variables
    )
    assert ran.exit_code == 0
    return ran.stdout


@pytest.mark.parametrize(
    "document",
    (
        pytest.param(RECORD, id="a bare record"),
        pytest.param(ENVELOPE, id="EventBridge's envelope"),
        pytest.param({"source": "somebody", "event": RECORD}, id="a sample with a record"),
        pytest.param({"source": "somebody", "event": ENVELOPE}, id="a sample with an envelope"),
    ),
)
def test_an_event_is_explained_in_whatever_it_is_wrapped(
    offline: CommandLine, document: object
) -> None:
    """It needs no credentials, no region and no boto3."""
    ran = explain(offline, document, "--json")
    assert (ran.status, ran.document, ran.stderr) == (0, ALICE, "")


def test_people_get_sentences(offline: CommandLine) -> None:
    """Who hears it, who is looked at, why it matters, and under which settings."""
    assert explain(offline, RECORD).stdout.splitlines() == [
        "DeactivateMFADevice: heard by react.",
        f"Looks at the user alice (account {ACCOUNT}).",
        "Why it matters: it may have been the user's last device.",
        "When it can change a verdict: always.",
    ]


def test_an_event_that_no_rule_delivers_says_so(offline: CommandLine) -> None:
    """It says whom it concerns all the same, and when it would matter."""
    record = {**RECORD, "eventName": "EnableMFADevice"}
    assert explain(offline, record).stdout.splitlines() == [
        "EnableMFADevice: no rule delivers it to react, review or keeper under these settings.",
        f"Would look at the user alice (account {ACCOUNT}).",
        "Why it matters: a device takes a user out of every scope but `everyone`.",
        "When it can change a verdict: REACTOR_SCOPE is not `everyone`.",
    ]
    assert explain(offline, record, "--json").document == {
        **ALICE,
        "matched": False,
        "heard_by": [],
        "event": "EnableMFADevice",
    }


def test_it_reads_the_event_under_the_settings(offline: CommandLine) -> None:
    """As the functions would that were deployed with them."""
    record = {**RECORD, "eventName": "EnableMFADevice"}
    ran = explain(offline, record, "--json", REACTOR_SCOPE="without-mfa")
    assert ran.document["heard_by"] == ["review"]
    assert explain(offline, record, REACTOR_SCOPE="nobody").status == 2


@pytest.mark.parametrize(
    ("name", "parameters", "heard_by", "sentence"),
    (
        pytest.param(
            "DeletePolicy",
            {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/MfaReactorGuard"},
            ["react", "keeper"],
            "DeletePolicy: heard by react and keeper.",
            id="two functions",
        ),
        pytest.param(
            "DetachGroupPolicy",
            {"groupName": "staff", "policyArn": f"arn:aws:iam::{ACCOUNT}:policy/Another"},
            ["review"],
            "Looks at the members of the group staff ",
            id="a group",
        ),
        pytest.param(
            "SetDefaultPolicyVersion",
            {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/MfaReactorGuard"},
            ["keeper"],
            f"whoever the policy arn:aws:iam::{ACCOUNT}:policy/MfaReactorGuard is attached to ",
            id="a policy",
        ),
        pytest.param(
            "DeleteVirtualMFADevice",
            {"serialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/alice"},
            ["review"],
            f"Looks at whoever had the MFA device arn:aws:iam::{ACCOUNT}:mfa/alice ",
            id="a device",
        ),
        pytest.param(
            "DeactivateMFADevice",
            {"userName": "AWS ROOT USER"},
            ["react"],
            "Looks at the root user ",
            id="root",
        ),
    ),
)
def test_every_kind_of_subject_has_its_words(
    name: str, parameters: dict[str, str], heard_by: list[str], sentence: str
) -> None:
    """A person reads whom it concerns, a script who hears it."""
    record = {**RECORD, "eventName": name, "requestParameters": parameters}
    assert json.loads(answer(record, "--json"))["heard_by"] == heard_by
    assert sentence in answer(record)


def test_the_guards_tags_are_the_keepers_business() -> None:
    """No user is looked at, and somebody hears it."""
    arn = f"arn:aws:iam::{ACCOUNT}:policy/MfaReactorGuard"
    record = {**RECORD, "eventName": "UntagPolicy", "requestParameters": {"policyArn": arn}}
    document = json.loads(answer(record, "--json"))
    assert (document["heard_by"], document["subjects"]) == (["keeper"], [])


class TestBuckets:
    """Events of S3, and an operator's request: what `buckets` would look at."""

    def test_an_acl(self, offline: CommandLine) -> None:
        """Who hears it, which bucket is looked at, and why; JSON has the bucket's region."""
        assert explain(offline, PUBLIC, REACTOR_BUCKETS="true").stdout.splitlines() == [
            "PutBucketAcl: heard by buckets.",
            f"Looks at the bucket shop (account {ACCOUNT}).",
            "Why it matters: the ACL may grant something to everybody.",
            "When it is heard: REACTOR_BUCKETS is `true`.",
        ]
        bucket = {"kind": "bucket", "account": ACCOUNT, "name": "shop", "region": "us-east-1"}
        told = explain(offline, PUBLIC, "--json", REACTOR_BUCKETS="true").document
        assert told == {
            **ALICE,
            "heard_by": ["buckets"],
            "event": "PutBucketAcl",
            "subjects": [bucket],
        }

    def test_where_nobody_looks_after_buckets(self) -> None:
        """Nothing delivers it; it says which bucket it would be."""
        assert answer(PUBLIC).splitlines()[:2] == [
            "PutBucketAcl: nothing delivers it to buckets under these settings.",
            f"Would look at the bucket shop (account {ACCOUNT}).",
        ]

    @pytest.mark.parametrize(
        ("members", "heard_by", "ignored"),
        [
            pytest.param({"eventName": "GetObject"}, [], "make a bucket public", id="another"),
            pytest.param({"errorCode": "AccessDenied"}, [], "the call failed", id="failed"),
            pytest.param(
                {"recipientAccountId": "9" * 12}, ["buckets"], "another account", id="not ours"
            ),
        ],
    )
    def test_none(self, members: dict[str, Any], heard_by: list[str], ignored: str) -> None:
        """It says why no bucket is looked at, as the function would."""
        options = ("--account", ACCOUNT)
        said = answer({**PUBLIC, **members}, "--json", *options, REACTOR_BUCKETS="true")
        told = json.loads(said)
        assert (told["heard_by"], told["subjects"]) == (heard_by, [])
        assert ignored in told["ignored"]
        assert "No bucket is looked at: " in answer({**PUBLIC, **members}, *options)

    def test_every_bucket(self) -> None:
        """After an event of the whole account, and because an operator says so."""
        account = {**PUBLIC, "eventName": "PutAccountPublicAccessBlock", "requestParameters": {}}
        assert "Looks at every bucket (account" in answer(account, REACTOR_BUCKETS="true")
        assert "Looks at every bucket." in answer(LOOK_AT_ALL, REACTOR_BUCKETS="true")

    def test_a_forged_envelope(self) -> None:
        """What no rule would deliver leads to no bucket."""
        forged = {**ENVELOPE, "source": "my.app", "detail": PUBLIC}
        told = json.loads(answer(forged, "--json", REACTOR_BUCKETS="true"))
        assert (told["matched"], told["subjects"]) == (False, [])
        assert "envelope" in told["ignored"]


NAMED = {"REACTOR_CONFIG_RULES": "mfa"}
AMISS = {"kind": "user", "account": ACCOUNT, "id": USER_ID}


class TestNotices:
    """What a rule of AWS Config found, in every form that `compliance` takes."""

    @pytest.mark.parametrize(
        "payload",
        [
            pytest.param(COMPLIANCE, id="an event"),
            pytest.param({"source": "somebody", "event": COMPLIANCE}, id="a sample's file"),
            pytest.param(NOTICE, id="bare"),
            pytest.param([NOTICE], id="a list"),
            pytest.param(by_topic(NOTICE), id="SNS's wrapping"),
            pytest.param(to_function(NOTICE), id="a topic's records"),
            pytest.param(queued(NOTICE), id="a queue's batch"),
            pytest.param(queued(by_topic([NOTICE])), id="a list through topic and queue"),
        ],
    )
    def test_a_named_rule(self, payload: object) -> None:
        """It leads to the user, whatever brings it; without the rule's name, to nobody."""
        told = json.loads(answer(payload, "--json", **NAMED))
        assert told == {**ALICE, "heard_by": ["compliance"], "event": None, "subjects": [AMISS]}
        assert answer(payload, **NAMED).splitlines() == [
            "notices of compliance: heard by compliance.",
            f"Looks at the user {USER_ID} (account {ACCOUNT}).",
        ]
        lines = answer(payload).splitlines()
        assert lines[0].endswith("nothing delivers them to compliance under these settings.")
        assert "Nothing is looked at: " in lines[1]
        assert "is not in REACTOR_CONFIG_RULES" in lines[1]

    def test_it_needs_nothing_of_aws(self, offline: CommandLine) -> None:
        """As for any event."""
        ran = explain(offline, COMPLIANCE, "--json", **NAMED)
        assert (ran.status, ran.document["subjects"], ran.stderr) == (0, [AMISS], "")

    @pytest.mark.parametrize(
        ("members", "why"),
        [
            pytest.param(
                {"newEvaluationResult": {"complianceType": "COMPLIANT"}}, "found it", id="so"
            ),
            pytest.param({"awsAccountId": "9" * 12}, "it is about account 9", id="another's"),
            pytest.param({"resourceType": "AWS::EC2::Instance"}, "no resources of", id="a type"),
            pytest.param({"resourceType": "AWS::S3::Bucket"}, "no resources of", id="a bucket"),
        ],
    )
    def test_nobody(self, members: dict[str, Any], why: str) -> None:
        """It says why, as the function records it."""
        payload = queued({**NOTICE, **members})
        told = json.loads(answer(payload, "--json", "--account", ACCOUNT, **NAMED))
        assert (told["heard_by"], told["subjects"]) == (["compliance"], [])
        assert told["ignored"].startswith(f"message m0: {USER_ID}: ")
        assert why in told["ignored"]

    def test_a_compliant_user_wakes_nobody(self) -> None:
        """The rule of EventBridge leaves it out."""
        result = {"newEvaluationResult": {"complianceType": "COMPLIANT"}}
        told = json.loads(answer({**COMPLIANCE, "detail": {**NOTICE, **result}}, "--json", **NAMED))
        assert (told["matched"], told["subjects"]) == (False, [])

    def test_a_bucket(self) -> None:
        """Where somebody looks after buckets."""
        notice = {**NOTICE, "resourceType": "AWS::S3::Bucket", "resourceId": "shop"}
        said = answer([notice], **NAMED, REACTOR_BUCKETS="true")
        assert f"Looks at the bucket shop (account {ACCOUNT})." in said

    def test_a_batch_of_everything(self) -> None:
        """Whom it leads to, each once; and what of it leads to nobody, by message."""
        batch = queued(NOTICE, "poison", [NOTICE, {**NOTICE, "configRuleName": "\x1b[31m"}])
        told = json.loads(answer(batch, "--json", **NAMED))
        assert (told["subjects"], told["ignored"]) == ([AMISS], None)
        poison, another = told["left_out"]
        assert poison == "message m1: it is neither an object nor a list: poison"
        assert another.startswith(f"message m2: {USER_ID}: the rule ")
        assert f"Left out: {poison}." in answer(batch, **NAMED).splitlines()


class TestInvocations:
    """What AWS Config invokes `config` with: whom it would judge."""

    @pytest.mark.parametrize(
        ("payload", "subject", "sentence"),
        [
            pytest.param(
                invocation(item(resourceName="alice")),
                {"kind": "user", "account": ACCOUNT, "name": "alice", "id": "AIDA1"},
                "Judges the user alice ",
                id="a user has changed",
            ),
            pytest.param(
                invocation(item(ARN=f"arn:aws:iam::{ACCOUNT}:user/bob"), oversized=True),
                {"kind": "user", "account": ACCOUNT, "name": "bob", "id": "AIDA1"},
                "Judges the user bob ",
                id="by a summary",
            ),
            pytest.param(
                invocation(item(POLICY, "ANPA1", ARN=f"arn:aws:iam::{ACCOUNT}:policy/p")),
                {
                    "kind": "policy-holders",
                    "account": ACCOUNT,
                    "arn": f"arn:aws:iam::{ACCOUNT}:policy/p",
                },
                f"Judges whoever the policy arn:aws:iam::{ACCOUNT}:policy/p is attached to ",
                id="a policy has changed",
            ),
            pytest.param(
                invocation(),
                {"kind": "every-user", "account": ACCOUNT},
                f"Judges every user (account {ACCOUNT}).",
                id="on schedule",
            ),
        ],
    )
    def test_whom(self, payload: object, subject: dict[str, str], sentence: str) -> None:
        """And that it changes nothing."""
        told = json.loads(answer(payload, "--json"))
        assert (told["heard_by"], told["subjects"], told["ignored"]) == (
            ["config"],
            [subject],
            None,
        )
        first, second, last = answer(payload).splitlines()
        assert first == f"{told['event']}: heard by config."
        assert second.startswith(sentence)
        assert last == "It only reports: nothing is changed."

    @pytest.mark.parametrize(
        ("payload", "why"),
        [
            pytest.param(
                invocation(item(configurationItemStatus="ResourceDeleted")), "is deleted", id="gone"
            ),
            pytest.param(
                invocation(item("AWS::EC2::Instance", "i-1")), "no resources of", id="type"
            ),
            pytest.param(
                invocation(item(POLICY, "ANPA1")), "ANPA1 is, and AWS", id="a policy's id"
            ),
            pytest.param(invocation(None, {"scoop": "console"}), "did you mean scope", id="wrong"),
            pytest.param(invocation(None, {"scope": "nobody"}), "nobody", id="wrong value"),
            pytest.param({"invokingEvent": "{}"}, "no invocation by AWS Config", id="no token"),
        ],
    )
    def test_nobody(self, payload: object, why: str) -> None:
        """In the function's own words."""
        told = json.loads(answer(payload, "--json"))
        assert (told["heard_by"], told["subjects"]) == (["config"], [])
        assert why in told["ignored"]
        assert "It leads to nobody: " in answer(payload)

    def test_another_account(self) -> None:
        """A rule of an organization's: of its resources ours can tell nothing."""
        told = json.loads(answer(invocation(), "--json", "--account", "9" * 12))
        assert "another account" in told["ignored"]


def test_a_file_is_read_with_a_byte_order_mark_too(offline: CommandLine, tmp_path: Path) -> None:
    """Some editors put one first."""
    file = tmp_path / "event.json"
    file.write_text("\ufeff" + json.dumps(RECORD), encoding="utf-8")
    assert offline("explain", str(file), "--json").document == ALICE


def test_an_event_without_a_user_concerns_everybody(offline: CommandLine) -> None:
    """To leave the name out is a way to hide."""
    record = copy.deepcopy(RECORD)
    record["requestParameters"] = {"reason": "requestParameters too large", "omitted": True}
    assert explain(offline, record, "--json").document["subjects"] == [
        {"kind": "every-user", "account": ACCOUNT}
    ]
    assert "every user" in explain(offline, record).stdout


@pytest.mark.parametrize(
    ("document", "reason"),
    (
        pytest.param({**RECORD, "eventName": "GetUser"}, "can weaken MFA", id="another event"),
        pytest.param(
            {**RECORD, "eventSource": "transfer.amazonaws.com"}, "another service", id="a decoy"
        ),
        pytest.param({**RECORD, "errorCode": "AccessDenied"}, "failed", id="a failed call"),
        pytest.param({"Records": [RECORD]}, "give one of them", id="a log file"),
        pytest.param(
            {"configurationItemStatus": "OK", "resourceType": USER, "resourceId": "AIDA1"},
            "an AWS Config configuration item",
            id="a configuration item",
        ),
        pytest.param(
            {"detail-type": "Config Configuration Item Change", "detail": {"recordVersion": "1"}},
            "another kind: Config Configuration Item Change",
            id="another kind of event",
        ),
        pytest.param({**ENVELOPE, "source": "my.app"}, "envelope", id="a forged source"),
        pytest.param({**ENVELOPE, "detail-type": "A Call"}, "envelope", id="a forged type"),
        pytest.param({**ENVELOPE, "source": "aws.ssm"}, "envelope", id="another service's"),
        pytest.param([RECORD], "not an object", id="a list"),
        pytest.param({}, "no detail", id="nothing"),
        pytest.param(None, "not an object", id="null"),
    ),
)
def test_what_concerns_nobody_is_ignored_with_the_reason(document: object, reason: str) -> None:
    """It did not fail: the status is 0, and the answer is "not matched"."""
    told = json.loads(answer(document, "--json"))
    assert (told["matched"], told["heard_by"], told["subjects"]) == (False, [], [])
    assert reason in told["ignored"]


def test_account_reads_it_as_if_deployed_there(offline: CommandLine) -> None:
    """An event of another account matches the rule and is ignored all the same."""
    ours = explain(offline, RECORD, "--json", "--account", ACCOUNT)
    theirs = explain(offline, RECORD, "--json", "--account", "210987654321")
    assert ours.document == ALICE
    assert theirs.document["matched"] is True
    assert theirs.document["subjects"] == []
    assert "another account" in theirs.document["ignored"]


def test_foreign_text_is_neither_obeyed_by_the_terminal_nor_read_as_markup(
    offline: CommandLine,
) -> None:
    """An event's name is anybody's text."""
    said = explain(offline, {**RECORD, "eventName": "\x1b[31m[red]\ud800\u202ex"}).stdout
    assert said.startswith(r"\x1b[31m[red]\ud800\u202ex: no rule delivers it ")


@pytest.mark.parametrize(
    ("content", "wrong"),
    (
        pytest.param(b"{", "not JSON", id="cut short"),
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="binary"),
        pytest.param(b"[" * 100_000, "not JSON", id="nested without end"),
    ),
)
def test_what_is_not_json_is_wrong_use(
    offline: CommandLine, tmp_path: Path, content: bytes, wrong: str
) -> None:
    """One line names the file and what was wrong."""
    file = tmp_path / "event.json"
    file.write_bytes(content)
    ran = offline("explain", str(file))
    assert (ran.status, ran.stdout) == (2, "")
    assert f"{file}: {wrong}" in ran.error_line


def test_a_file_that_is_not_there_is_wrong_use(offline: CommandLine, tmp_path: Path) -> None:
    """The line names it."""
    ran = offline("explain", str(tmp_path / "none.json"))
    assert ran.status == 2
    assert ran.error_line.endswith("none.json: No such file or directory")


def test_an_account_has_12_digits(offline: CommandLine) -> None:
    """A wrong one would make every event another account's."""
    ran = explain(offline, RECORD, "--account", "12345")
    assert ran.status == 2
    assert "12 digits" in ran.error_line


@pytest.mark.skipif(not _RECORDINGS.exists(), reason="the recorded events are not here")
def test_every_recorded_event_is_explained() -> None:
    """Whatever others have recorded: never an error, always the same shape."""
    files = sorted(_RECORDINGS.glob("*.json"))
    assert len(files) > 100
    for file in files:
        ran = CliRunner().invoke(app, ["explain", str(file), "--json"])
        assert ran.exit_code == 0, file.name
        document = json.loads(ran.stdout)
        assert list(document) == [*ALICE], file.name
        assert bool(document["subjects"]) == (document["ignored"] is None), file.name
        if file.name.startswith("decoy-"):
            assert document["matched"] is False, file.name
        assert CliRunner().invoke(app, ["explain", str(file)]).exit_code == 0, file.name


def test_it_imports_no_aws_library() -> None:
    """So that it starts at once, wherever it is."""
    code = "import sys, reactor.cli; sys.exit('botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
