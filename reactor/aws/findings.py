"""Security Hub: our findings that there are, new ones, and their workflow."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.errors import Permanent, ReactorError, Transient, shorten
from reactor.notify.delivery import Delivered
from reactor.notify.findings import FEW, Finding, Site, batches, is_swept

if TYPE_CHECKING:
    from mypy_boto3_securityhub import SecurityHubClient

_IMPORT, _UPDATE = "securityhub:BatchImportFindings", "securityhub:BatchUpdateFindings"
_PAUSE_SECONDS = 2.0
# What was imported a moment ago may not be there yet, or be under way (BatchUpdateFindings).
_EARLY = frozenset({"ConcurrentUpdateError", "FindingNotFound"})
_ACTIVE: Any = {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}


class _Early(Transient):
    """A finding is not there yet."""


class AwsFindings:
    """The findings of one stage in one account and region."""

    def __init__(
        self,
        client: "SecurityHubClient",
        site: Site,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._site = site
        self._sleep = sleep

    def known(self, ids: Sequence[str], *, all_open: bool) -> list[Finding]:
        """Return the findings of these ids; with `all_open`, all that may have to be closed.

        The latter are those that say FAILED, and those that somebody would still look at; and
        with them what somebody has suppressed, which is to stay so. Raises ReactorError.
        """
        found: dict[str, Finding] = {}
        if all_open:
            failed = {"ComplianceStatus": _equals("FAILED")}
            looked_at = {"WorkflowStatus": _equals("NEW", "NOTIFIED")}
            suppressed = {"WorkflowStatus": _equals("SUPPRESSED")}
            active = ({**_ACTIVE, **each} for each in (failed, looked_at))
            queries: Iterable[Any] = (*active, suppressed)
        else:
            some = (ids[start : start + FEW] for start in range(0, len(ids), FEW))
            queries = [{"Id": _equals(*each)} for each in some]
        for query in queries:
            found.update((str(each["Id"]), each) for each in self._find(query))
        return list(found.values())

    def bring(self, documents: Sequence[dict[str, Any]]) -> Delivered:
        """Import findings, and return what became of them; a batch that fails keeps no other."""
        errors: list[ReactorError] = []
        for some in batches(documents):
            try:
                with _asking(_IMPORT):
                    answer = self._client.batch_import_findings(Findings=list(some))
            except ReactorError as error:
                errors += [error] * len(some)
                continue
            refused = [_refusal(_IMPORT, _words(each)) for each in answer.get("FailedFindings", [])]
            unnamed = answer["FailedCount"] - len(refused)
            errors += refused + [_refusal(_IMPORT, "no reason was given")] * unnamed
        return _delivered(len(documents), errors)

    def resolve(self, ids: Sequence[str]) -> Delivered:
        """Set findings' workflow to RESOLVED; those that are not there yet, a little later.

        What is not there then either is left to the next sweep, if that looks at its subject.
        """
        failed = self._resolve(ids)
        early = [each for each, error in failed.items() if isinstance(error, _Early)]
        if early:
            self._sleep(_PAUSE_SECONDS)
            others = {key: error for key, error in failed.items() if not isinstance(error, _Early)}
            failed = {**others, **self._resolve(early)}
        lost = [
            error
            for each, error in failed.items()
            if not (isinstance(error, _Early) and is_swept(each))
        ]
        return _delivered(len(ids), lost)

    def _resolve(self, ids: Sequence[str]) -> dict[str, ReactorError]:
        """Return those that were not resolved, each with the reason."""
        failed: dict[str, ReactorError] = {}
        for some in batches(ids):
            try:
                with _asking(_UPDATE):
                    answer = self._client.batch_update_findings(
                        FindingIdentifiers=[
                            {"Id": each, "ProductArn": self._site.product_arn} for each in some
                        ],
                        Workflow={"Status": "RESOLVED"},
                    )
            except ReactorError as error:
                failed.update(dict.fromkeys(some, error))
                continue
            for each in answer["UnprocessedFindings"]:
                kind = _Early if each["ErrorCode"] in _EARLY else Transient
                failed[each["FindingIdentifier"]["Id"]] = _refusal(_UPDATE, _words(each), kind)
        return failed

    def _find(self, query: Any) -> Iterator[Finding]:  # noqa: ANN401 - boto3's
        filters: Any = {
            **query,
            "ProductArn": _equals(self._site.product_arn),
            "GeneratorId": [
                {"Value": f"{self._site.generator}/", "Comparison": "PREFIX"},
            ],
        }
        with _asking("securityhub:GetFindings"):
            pages = self._client.get_paginator("get_findings").paginate(
                Filters=filters, PaginationConfig={"PageSize": 100}
            )
            for page in pages:
                yield from page["Findings"]


def _equals(*values: str) -> list[dict[str, str]]:
    return [{"Value": each, "Comparison": "EQUALS"} for each in values]


@contextmanager
def _asking(operation: str) -> Iterator[None]:
    """As reactor.aws.errors.asking; and where Security Hub is off, another try cannot help."""
    try:
        with asking(operation):
            yield
    except ReactorError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and code_of(cause) == "InvalidAccessException":
            raise Permanent(
                f"Security Hub takes no findings: {shorten(error)}",
                remedy="enable AWS Security Hub (CSPM) in this region, or set"
                " REACTOR_SECURITY_HUB=false",
            ) from cause
        raise


def _delivered(of: int, errors: Sequence[ReactorError]) -> Delivered:
    return Delivered(of, of - len(errors), next(iter(errors), None))


def _words(each: Any) -> str:  # noqa: ANN401 - boto3's
    return f"{each['ErrorCode']}: {shorten(each['ErrorMessage'])}"


def _refusal(operation: str, words: str, kind: type[Transient] = Transient) -> ReactorError:
    return kind(f"{operation}: {words}", remedy="nothing if it happens once: it is tried again")
