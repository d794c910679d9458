"""Security Hub: our findings that there are, new ones, and their workflow."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.errors import Permanent, ReactorError, Transient, shorten
from reactor.notify.findings import FEW, Finding, Site, batches

if TYPE_CHECKING:
    from mypy_boto3_securityhub import SecurityHubClient

_PAUSE_SECONDS = 2.0
# What was imported a moment ago may not be there yet, or be under way (BatchUpdateFindings).
_EARLY = frozenset({"ConcurrentUpdateError", "FindingNotFound"})
_ACTIVE: Any = {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}


class AwsFindings:
    """The findings of one stage in one account and region. Its methods raise ReactorError."""

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

        The latter are those that say FAILED, and those that somebody would still look at.
        """
        found: dict[str, Finding] = {}
        if all_open:
            failed = {"ComplianceStatus": _equals("FAILED")}
            looked_at = {"WorkflowStatus": _equals("NEW", "NOTIFIED")}
            queries: Iterable[Any] = ({**_ACTIVE, **failed}, {**_ACTIVE, **looked_at})
        else:
            some = (ids[start : start + FEW] for start in range(0, len(ids), FEW))
            queries = [{"Id": _equals(*each)} for each in some]
        for query in queries:
            found.update((str(each["Id"]), each) for each in self._find(query))
        return list(found.values())

    def bring(self, documents: Sequence[dict[str, Any]]) -> None:
        """Import findings. Raises when some were refused, after all have been tried."""
        refused: list[str] = []
        for some in batches(documents):
            with _asking("securityhub:BatchImportFindings"):
                answer = self._client.batch_import_findings(Findings=list(some))
            refused += [_error(each) for each in answer.get("FailedFindings", [])]
            if answer["FailedCount"] and not answer.get("FailedFindings"):
                refused += ["no reason was given"] * answer["FailedCount"]
        _raise("securityhub:BatchImportFindings", refused, len(documents))

    def resolve(self, ids: Sequence[str]) -> None:
        """Set findings' workflow to RESOLVED; those that are not there yet, a little later.

        Whatever is not there then either is left to the next sweep, which finds it open.
        """
        early, refused = self._resolve(ids)
        if early:
            self._sleep(_PAUSE_SECONDS)
            _, more = self._resolve(early)
            refused += more
        _raise("securityhub:BatchUpdateFindings", refused, len(ids))

    def _resolve(self, ids: Sequence[str]) -> tuple[list[str], list[str]]:
        early, refused = list[str](), list[str]()
        for some in batches(ids):
            with _asking("securityhub:BatchUpdateFindings"):
                answer = self._client.batch_update_findings(
                    FindingIdentifiers=[
                        {"Id": each, "ProductArn": self._site.product_arn} for each in some
                    ],
                    Workflow={"Status": "RESOLVED"},
                )
            for each in answer["UnprocessedFindings"]:
                if each["ErrorCode"] in _EARLY:
                    early.append(each["FindingIdentifier"]["Id"])
                else:
                    refused.append(_error(each))
        return early, refused

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


def _error(each: Any) -> str:  # noqa: ANN401 - boto3's
    return f"{each['ErrorCode']}: {shorten(each['ErrorMessage'])}"


def _raise(operation: str, refused: Sequence[str], of: int) -> None:
    if refused:
        raise Transient(
            f"{operation} failed for {len(refused)} of {of} findings: {refused[0]}",
            remedy="nothing if it happens once: the next sweep brings them again",
        )
