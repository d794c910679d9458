"""Security Hub's findings: who may set what of them, and how they are asked for.

moto keeps findings and heeds neither the limit of a call, nor what a provider may not set, nor
filters, and lacks BatchUpdateFindings. Whether the hub is on stays moto's. The rules are those of
the API reference (AwsSecurityFinding, BatchImportFindings, BatchUpdateFindings, GetFindings,
Workflow), of the user guide (BatchImportFindings for finding providers: an import that is no later
than what is there is ignored; that it is answered as taken is not said), and of the partner guide
(Guidelines for using BatchImportFindings: 6 MB a batch).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.securityhub.models import securityhub_backends

from sandbox.wire import Call, Refusal, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS = ("BatchImportFindings", "BatchUpdateFindings", "GetFindings")
MOST = 100  # findings a call, and a page
FINDING_BYTES, CALL_BYTES = 240 * 1024, 6 * 1024 * 1024
MOST_FIELDS, FIELD_NAME, FIELD_VALUE = 50, 128, 2048  # of ProductFields; characters
MOST_ATTRIBUTES, MOST_VALUES = 10, 20  # of a filter
_CHARACTERS = {"Id": 512, "Title": 256, "Description": 1024, "GeneratorId": 512}
_REQUIRED = (
    *("SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt"),
    *("UpdatedAt", "Title", "Description", "Resources"),
)
# What belongs to who looks into a finding, and no import changes.
_THE_CUSTOMERS = ("Note", "Severity", "Types", "UserDefinedFields", "VerificationState", "Workflow")
_UPDATABLE = frozenset({"FindingIdentifiers", "Note", "UserDefinedFields", "Workflow"})
_WORKFLOWS = frozenset({"NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"})
_ATTRIBUTES = {
    "ComplianceStatus": ("Compliance", "Status"),
    "GeneratorId": ("GeneratorId",),
    "Id": ("Id",),
    "ProductArn": ("ProductArn",),
    "RecordState": ("RecordState",),
    "WorkflowStatus": ("Workflow", "Status"),
}
_Finding = dict[str, Any]


class SecurityHub:
    """The findings of one account, by region."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._regions: dict[str, dict[tuple[str, str], _Finding]] = {}

    def __call__(self, call: Call) -> Reply:
        """Answers one of the three calls. The caller holds the account's lock."""
        if not securityhub_backends[self._account][call.region].enabled:
            message = f"Account {self._account} is not subscribed to AWS Security Hub"
            raise Refusal("InvalidAccessException", message, 401)
        findings = self._regions.setdefault(call.region, {})
        match call.action:
            case "BatchImportFindings":
                return json_reply(self._import(call, findings))
            case "BatchUpdateFindings":
                return json_reply(_update(call, findings))
            case _:
                return json_reply(_get(call, findings))

    def _import(self, call: Call, findings: dict[tuple[str, str], _Finding]) -> dict[str, Any]:
        brought = call.parameters.get("Findings", [])
        if not 0 < len(brought) <= MOST:
            raise _invalid(f"Findings must have from 1 to {MOST} items")
        if len(json.dumps(brought)) > CALL_BYTES:
            raise _invalid("Findings are larger than 6 MB")
        failed = []
        for each in brought:
            why = self._why_refused(each, call.region)
            if why is None:
                key = (each["ProductArn"], each["Id"])
                old = findings.get(key)
                if old is None or _updated(each) > _updated(old):
                    findings[key] = _imported(each, old)
            else:
                error = {"Id": str(each.get("Id", "")), "ErrorCode": "InvalidInput"}
                failed.append({**error, "ErrorMessage": why})
        counts = {"FailedCount": len(failed), "SuccessCount": len(brought) - len(failed)}
        return {**counts, "FailedFindings": failed}

    def _why_refused(self, finding: _Finding, region: str) -> str | None:
        missing = [name for name in _REQUIRED if not finding.get(name)]
        long = [name for name, most in _CHARACTERS.items() if len(finding.get(name, "")) > most]
        where = f":securityhub:{region}:{self._account}:product/{self._account}/default"
        if missing or long:
            return f"Finding does not adhere to the format: {', '.join(missing + long)}"
        if finding["SchemaVersion"] != "2018-10-08":
            return "SchemaVersion is not supported"
        if finding["AwsAccountId"] != self._account or not finding["ProductArn"].endswith(where):
            return "The account or product is another than the caller's"
        given = finding.get("FindingProviderFields") or finding
        if not (given.get("Severity") or {}).get("Label"):
            return "Severity has no Label"
        if len(json.dumps(finding)) > FINDING_BYTES:
            return f"Finding is larger than {FINDING_BYTES} bytes"
        return _why_malformed(finding)


def _why_malformed(finding: _Finding) -> str | None:
    if not all(each.get("Type") and each.get("Id") for each in finding["Resources"]):
        return "A resource has no Type or no Id"
    fields = finding.get("ProductFields", {})
    long = [n for n, value in fields.items() if len(n) > FIELD_NAME or len(value) > FIELD_VALUE]
    if long or len(fields) > MOST_FIELDS:
        return "ProductFields are too many or too long"
    try:
        _updated(finding)
    except ValueError:
        return "UpdatedAt is no time"
    return None


def _updated(finding: _Finding) -> datetime:
    at = datetime.fromisoformat(finding["UpdatedAt"])
    if at.tzinfo is None:
        raise ValueError(at)
    return at


def _imported(new: _Finding, old: _Finding | None) -> _Finding:
    """A finding as it is kept: what is the customer's stays, or begins."""
    fields = new.get("FindingProviderFields") or {}
    provided = {"Severity": new.get("Severity"), "Types": new.get("Types"), **fields}
    kept = {name: old[name] for name in _THE_CUSTOMERS if old and name in old}
    finding = {
        "RecordState": "ACTIVE",
        **{name: value for name, value in new.items() if name not in _THE_CUSTOMERS},
        "FindingProviderFields": provided,
        "Severity": provided["Severity"],
        "Types": provided["Types"],
        "Workflow": {"Status": "NEW"},
        **kept,
    }
    if old is not None and _opens_again(old, finding):
        finding["Workflow"] = {"Status": "NEW"}
    return finding


def _opens_again(old: _Finding, new: _Finding) -> bool:
    """Whether AWS sets the workflow to NEW by itself; never that of a suppressed finding."""
    if old["Workflow"]["Status"] not in {"NOTIFIED", "RESOLVED"}:
        return False
    failed = {"WARNING", "FAILED", "NOT_AVAILABLE"}
    worse = _at(old, ("Compliance", "Status")) == "PASSED"
    back = (old["RecordState"], new["RecordState"]) == ("ARCHIVED", "ACTIVE")
    return back or (worse and _at(new, ("Compliance", "Status")) in failed)


def _update(call: Call, findings: dict[tuple[str, str], _Finding]) -> dict[str, Any]:
    strange = set(call.parameters) - _UPDATABLE
    if strange:
        raise NotImplementedError(f"BatchUpdateFindings of {', '.join(sorted(strange))}")
    which = call.parameters.get("FindingIdentifiers", [])
    if not 0 < len(which) <= MOST:
        raise _invalid(f"FindingIdentifiers must have from 1 to {MOST} items")
    if (call.parameters.get("Workflow") or {}).get("Status", "NEW") not in _WORKFLOWS:
        raise _invalid("Workflow.Status is not one of its values")
    done: list[dict[str, str]] = []
    undone = []
    for each in which:
        finding = findings.get((each["ProductArn"], each["Id"]))
        if finding is not None and each not in done:
            finding.update({n: v for n, v in call.parameters.items() if n != "FindingIdentifiers"})
            done.append(each)
            continue
        code = "FindingNotFound" if finding is None else "DuplicatedFindingIdentifier"
        undone.append({"FindingIdentifier": each, "ErrorCode": code, "ErrorMessage": code})
    return {"ProcessedFindings": done, "UnprocessedFindings": undone}


def _get(call: Call, findings: dict[tuple[str, str], _Finding]) -> dict[str, Any]:
    filters = call.parameters.get("Filters") or {}
    if len(filters) > MOST_ATTRIBUTES or any(len(each) > MOST_VALUES for each in filters.values()):
        raise _invalid("Filters has too many attributes or values")
    matching = list(_matching(findings, filters))
    start, size = int(call.parameters.get("NextToken") or 0), call.parameters.get("MaxResults")
    end = start + min(int(size or MOST), MOST)
    more = {"NextToken": str(end)} if end < len(matching) else {}
    return {"Findings": matching[start:end], **more}


def _matching(
    findings: dict[tuple[str, str], _Finding], filters: dict[str, Any]
) -> Iterator[_Finding]:
    strange = set(filters) - set(_ATTRIBUTES)
    if strange:
        raise NotImplementedError(f"GetFindings by {', '.join(sorted(strange))}")
    for finding in findings.values():
        if all(_holds(values, _at(finding, _ATTRIBUTES[n])) for n, values in filters.items()):
            yield finding


def _holds(values: list[dict[str, str]], value: object) -> bool:
    """Values of EQUALS and PREFIX are alternatives."""
    text = str(value)
    for each in values:
        match each["Comparison"]:
            case "EQUALS" if text == each["Value"]:
                return True
            case "PREFIX" if text.startswith(each["Value"]):
                return True
            case "EQUALS" | "PREFIX":
                continue
            case other:
                raise NotImplementedError(f"the comparison {other}")
    return False


def _at(finding: _Finding, path: tuple[str, ...]) -> object:
    value: Any = finding
    for name in path:
        value = (value or {}).get(name)
    return value


def _invalid(message: str) -> Refusal:
    return Refusal("InvalidInputException", message, 400)
