"""Findings in AWS's Security Finding Format (ASFF), and what of them is to change. Pure.

A subject has one finding, whose id stays the same. It is FAILED while the subject is not in order;
PASSED and its workflow RESOLVED once it is. Whoever is excused or gone has it archived, as AWS does
with findings that nothing can be judged by any more. A subject that was never found wanting has
none. What a person has set is left: a suppressed finding stays so, and one that was resolved by
hand is not opened again before the subject has passed (Security Hub does that by itself).

Sources: Security Hub's API reference (AwsSecurityFinding, BatchImportFindings, Workflow) and user
guide (BatchImportFindings for finding providers; Creating and updating findings). A finding
provider can set all but the workflow of a finding that is there; that takes BatchUpdateFindings.
An import that is no younger than the finding is ignored, and a finding is deleted 90 days after it
was updated: what stays as it was is brought again before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from reactor.errors import shorten
from reactor.notify.reports import Report, Stand, Standing
from reactor.triggers.records import items, mapping, time_of

Finding = Mapping[str, Any]

BATCH = 100  # findings a call (BatchImportFindings, BatchUpdateFindings)
FEW = 20  # values that a filter of GetFindings takes
_AGAIN_AFTER = timedelta(days=30)  # of the 90 for which AWS keeps what was not updated
_TITLE, _DESCRIPTION, _RECOMMENDATION = 256, 1024, 512  # characters
_TYPES = ["Software and Configuration Checks/AWS Security Best Practices"]
# What of a finding that is there is sent again, when its subject is in order.
_KEPT = ("Title", "Description", "CreatedAt", "FirstObservedAt", "GeneratorId", "Remediation")
_OF_A_RESOURCE = ("Type", "Id", "Partition", "Region")
_OPEN_WORKFLOW = frozenset({"NEW", "NOTIFIED"})


@dataclass(frozen=True, slots=True)
class Site:
    """Where findings are made: not by what a payload says."""

    partition: str
    region: str
    account: str
    stage: str

    @property
    def product_arn(self) -> str:
        """The product of findings that an account makes itself."""
        where = f"arn:{self.partition}:securityhub:{self.region}:{self.account}"
        return f"{where}:product/{self.account}/default"

    @property
    def generator(self) -> str:
        """Whose findings these are: of another stage in the account are others."""
        return f"mfa-reactor-{self.stage}"

    def finding_id(self, type_: str, id_: str) -> str:
        """Return the id of a subject's finding, the same for as long as there is the subject."""
        return f"{self.account}/{self.region}/{self.generator}/{type_}/{id_}"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a finding says of a type of resource: ASFF's name of it, and words.

    `swept`: sweeps look at all of that type, so that its findings are closed by them.
    """

    resource: str
    title: str
    severity: str
    recommendation: str
    swept: bool = True


KINDS: Mapping[str, Kind] = {
    # As severe as AWS has its own controls IAM.5 and IAM.19, about MFA of IAM users.
    "AWS::IAM::User": Kind(
        "AwsIamUser",
        "IAM user works without MFA and without the guard",
        "MEDIUM",
        "Have the user enrol an MFA device. The guard denies a session without MFA everything but"
        " that: mfa-reactor attaches it in enforce mode; its log says why it could not.",
    ),
    # As severe as AWS has its own controls S3.2 and S3.3, about buckets that all may read or write.
    "AWS::S3::Bucket": Kind(
        "AwsS3Bucket",
        "S3 bucket is public",
        "CRITICAL",
        "Take away what its ACL or its policy grants to everybody, or block public access to it:"
        " mfa-reactor sets the ACL to private in enforce mode, and leaves policies alone.",
        swept=False,
    ),
}
_OTHER = Kind(
    "Other",
    "Resource is not in order",
    "MEDIUM",
    "See the record of the resource in the reactor's log: it says what is to be done.",
)


@dataclass(slots=True)
class Changes:
    """What to import, whole, and which findings' workflow to resolve then, by their ids."""

    imports: list[dict[str, Any]] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)


def changes(
    site: Site,
    stand: Stand,
    known: Iterable[Finding],
    kinds: Mapping[str, Kind] = KINDS,
) -> Changes:
    """Return what is to change, given how subjects stand and which findings there are.

    A finding that is younger than what the stand rests on is left as it is.
    """
    found, planned = Changes(), set[str]()
    there = {str(each.get("Id")): each for each in known}
    for report in stand.latest:
        finding_id = site.finding_id(report.type, report.id)
        old = there.get(finding_id, {})
        if _is_younger(old, stand.at):
            continue
        planned.add(finding_id)
        new = document(site, report, stand.at, old, kinds)
        mended = report.standing is Standing.MENDED
        if mended or not _says_the_same(old, new) or _is_old(old, stand.at):
            found.imports.append(new)
        if mended and _is_to_resolve(old, new):
            found.resolved.append(finding_id)
    status_of = _closing(site, stand, kinds)
    for finding_id, old in there.items():
        status = status_of(finding_id)
        if finding_id in planned or status is None or _is_younger(old, stand.at):
            continue
        new = _closed(site, old, stand.at, status)
        if _status(old) != status:
            found.imports.append(new)
        if _is_to_resolve(old, new):
            found.resolved.append(finding_id)
    return found


def is_swept(finding_id: str) -> bool:
    """Tell whether the next sweep brings a finding up to date."""
    kind = KINDS.get(_resource_of(finding_id)[0])
    return kind is not None and kind.swept


def document(
    site: Site, report: Report, at: datetime, old: Finding, kinds: Mapping[str, Kind] = KINDS
) -> dict[str, Any]:
    """Return a subject's finding; `old` is the one that is there, or empty."""
    kind = kinds.get(report.type, _OTHER)
    mended = report.standing is Standing.MENDED
    since = old if _status(old) == "FAILED" or mended else {}
    name = report.name or report.id
    return {
        **_frame(site, site.finding_id(report.type, report.id), at),
        "ProductName": "mfa-reactor",
        "GeneratorId": f"{site.generator}/{report.type}",
        "CreatedAt": since.get("CreatedAt") or stamp(at),
        "FirstObservedAt": since.get("FirstObservedAt") or stamp(at),
        "Title": shorten(kind.title, _TITLE),
        "Description": shorten(_description(report, name), _DESCRIPTION),
        "Remediation": {"Recommendation": {"Text": shorten(kind.recommendation, _RECOMMENDATION)}},
        "FindingProviderFields": {
            "Severity": {"Label": "INFORMATIONAL" if mended else kind.severity},
            "Types": _TYPES,
        },
        "Compliance": {"Status": "PASSED" if mended else "FAILED"},
        "RecordState": "ACTIVE",
        "Resources": [
            {
                "Type": kind.resource,
                "Id": report.arn,
                "Partition": site.partition,
                "Region": report.region or site.region,
            }
        ],
        "ProductFields": _fields(report),
    }


def stamp(at: datetime) -> str:
    """Return a time as ASFF has it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def batches(items: Sequence[Any]) -> list[Sequence[Any]]:
    """Return items in as many as a call takes."""
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]


def _frame(site: Site, finding_id: str, at: datetime) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": finding_id,
        "ProductArn": site.product_arn,
        "AwsAccountId": site.account,
        "UpdatedAt": stamp(at),
        "LastObservedAt": stamp(at),
    }


def _description(report: Report, name: str) -> str:
    by = f", after {report.event} by {report.caller}" if report.event and report.caller else ""
    if report.standing is Standing.MENDED:
        return f"{name} was not in order{by}: {report.why}. Mended at once: {report.mended_by}."
    done = f" Done so far: {report.mended_by}." if report.mended_by else ""
    return f"{name} is not in order{by}: {report.why}.{done}"


def _fields(report: Report) -> dict[str, str]:
    fields = {
        "id": report.id,
        "caller": report.caller,
        "event": report.event,
        "mended_by": report.mended_by,
    }
    return {f"mfa-reactor/{name}": value for name, value in fields.items() if value}


def _closed(site: Site, old: Finding, at: datetime, status: str) -> dict[str, Any]:
    """Return a finding whose subject is in order, or cannot be judged any more."""
    types = mapping(old.get("FindingProviderFields")).get("Types") or _TYPES
    return {
        **{name: old[name] for name in _KEPT if old.get(name)},
        **_frame(site, str(old["Id"]), at),
        "FindingProviderFields": {"Severity": {"Label": "INFORMATIONAL"}, "Types": types},
        "Compliance": {"Status": status},
        "RecordState": "ACTIVE" if status == "PASSED" else "ARCHIVED",
        "Resources": [
            {name: each[name] for name in _OF_A_RESOURCE if name in each}
            for each in items(old.get("Resources"))
        ],
    }


def _closing(site: Site, stand: Stand, kinds: Mapping[str, Kind]) -> Callable[[str], str | None]:
    """Return what tells a finding's compliance by now; None where nothing is known of it."""
    ids = {each: stand.ids_of(each) for each in Standing}
    there = set().union(*ids.values())
    swept = {type_ for type_, kind in kinds.items() if kind.swept}

    def status(finding_id: str) -> str | None:
        resource = _resource_of(finding_id)
        if site.finding_id(*resource) != finding_id:
            return None
        if resource in ids[Standing.COMPLIES]:
            return "PASSED"
        is_gone = stand.whole and resource[0] in swept and resource not in there
        return "NOT_AVAILABLE" if is_gone or resource in ids[Standing.EXCUSED] else None

    return status


def _resource_of(finding_id: str) -> tuple[str, str]:
    """Return type and id of the resource that a finding is about."""
    start, _, id_ = finding_id.rpartition("/")
    return start.rpartition("/")[2], id_


def _is_old(old: Finding, at: datetime) -> bool:
    updated = time_of(old.get("UpdatedAt"))
    return updated is None or at - updated >= _AGAIN_AFTER


def _is_younger(old: Finding, at: datetime) -> bool:
    updated = time_of(old.get("UpdatedAt"))
    return updated is not None and updated > at


def _says_the_same(old: Finding, new: Finding) -> bool:
    same = ("Title", "Description", "RecordState", "Compliance")
    return bool(old) and all(old.get(each) == new[each] for each in same)


def _status(finding: Finding) -> object:
    return mapping(finding.get("Compliance")).get("Status")


def _is_to_resolve(old: Finding, new: Finding) -> bool:
    """Tell whether the workflow is open, or the import opens it, as AWS does with what is resolved.

    That is when it had passed and does so no more, or was archived and is not (API reference,
    Workflow).
    """
    workflow = mapping(old.get("Workflow")).get("Status", "NEW")
    if workflow != "RESOLVED":
        return workflow in _OPEN_WORKFLOW
    worse = _status(old) == "PASSED" != _status(new)
    return worse or (old.get("RecordState"), new["RecordState"]) == ("ARCHIVED", "ACTIVE")
