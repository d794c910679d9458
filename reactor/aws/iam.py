"""IAM of one account: pages, what is missing, and the reads that both guardrails need."""

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.errors import ReactorError
from reactor.gathering import Call
from reactor.guard.comparison import parse
from reactor.guard.ports import ManagedPolicy, PolicyVersion

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_PAGE = 1000  # the most that IAM gives at once; it may give less and say IsTruncated
MISSING = "NoSuchEntity"
Answer = TypeVar("Answer")


class Remembered:
    """Answers about the guard that one look at everybody needs twice over, and asks for once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: dict[tuple[str, str], threading.Lock] = {}
        self._answers: dict[tuple[str, str], Any] = {}

    def once(self, operation: str, about: str, ask: Call) -> Any:  # noqa: ANN401 - any answer
        """Return the answer; ask if that was not done before. An error is not remembered.

        Who wants the same answer meanwhile waits for it, and nobody else does.
        """
        key = operation, about
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            if key not in self._answers:
                self._answers[key] = ask()
            return self._answers[key]


class AwsIam:
    """What asks IAM is one of these.

    Each method asks one operation, reads all its pages, and raises ReactorError for every error
    that is not itself the answer. With `remembered`, others that have the same share its answers.
    """

    def __init__(self, client: "IAMClient", remembered: Remembered | None = None) -> None:
        self._client = client
        self._remembered = remembered

    def group_path(self, group: str) -> str | None:
        """Return a group's path, None when there is no such group."""
        return self._once("GetGroup", group, lambda: self._group_path(group))

    def policy(self, policy_arn: str) -> ManagedPolicy | None:
        """Return a managed policy, None when there is none."""
        return self._once("GetPolicy", policy_arn, lambda: self._policy(policy_arn))

    def policy_version(self, policy_arn: str, version: str) -> PolicyVersion:
        """Return a version of a policy; it is an error when there is none."""
        with asking("iam:GetPolicyVersion"):
            answer = self._client.get_policy_version(PolicyArn=policy_arn, VersionId=version)
            found = answer["PolicyVersion"]
            return PolicyVersion(
                found["VersionId"], found["CreateDate"], document_of(found["Document"])
            )

    def policies_of_group(self, group: str) -> frozenset[str]:
        """Return the ARNs of a group's managed policies; none when there is no such group."""
        pages = self._pages_if_there("list_attached_group_policies", GroupName=group)
        return frozenset(each["PolicyArn"] for page in pages for each in page["AttachedPolicies"])

    def inline_policies_of_group(self, group: str) -> tuple[str, ...]:
        """Return the names of a group's inline policies; none when there is no such group."""
        pages = self._pages_if_there("list_group_policies", GroupName=group)
        return tuple(str(each) for page in pages for each in page["PolicyNames"])

    def _once(self, operation: str, about: str, ask: Callable[[], Answer]) -> Answer:
        if self._remembered is None:
            return ask()
        answer: Answer = self._remembered.once(operation, about, ask)
        return answer

    def _group_path(self, group: str) -> str | None:
        with asking("iam:GetGroup"):
            try:
                # Its members come with it, and one of them is the least that can be asked for.
                return self._client.get_group(GroupName=group, MaxItems=1)["Group"]["Path"]
            except ClientError as error:
                if code_of(error) != MISSING:
                    raise
                return None

    def _policy(self, policy_arn: str) -> ManagedPolicy | None:
        with asking("iam:GetPolicy"):
            try:
                policy = self._client.get_policy(PolicyArn=policy_arn)["Policy"]
            except ClientError as error:
                if code_of(error) != MISSING:
                    raise
                return None
            tags = {tag["Key"]: tag["Value"] for tag in policy.get("Tags", [])}
            return ManagedPolicy(tags, policy["DefaultVersionId"])

    def _pages(
        self,
        operation: str,
        *,
        page: int = _PAGE,
        **arguments: Any,  # noqa: ANN401 - boto3's
    ) -> Iterator[Any]:
        name = self._client.meta.method_to_api_mapping[operation]
        with asking(f"iam:{name}"):
            # getattr-like by name, because the typed overloads know only literals.
            paginator: Any = self._client.get_paginator(operation)  # type: ignore[call-overload]
            yield from paginator.paginate(**arguments, PaginationConfig=_paging(page))

    def _pages_if_there(self, operation: str, **arguments: Any) -> list[Any]:  # noqa: ANN401 - boto3's
        """Return all pages; none when what is asked about does not exist."""
        try:
            return list(self._pages(operation, **arguments))
        except ReactorError as error:
            if isinstance(error.__cause__, ClientError) and code_of(error.__cause__) == MISSING:
                return []
            raise


def was_there(call: Callable[[], object]) -> bool:
    """Make a call; tell whether what it is about was there."""
    try:
        call()
    except ClientError as error:
        if code_of(error) != MISSING:
            raise
        return False
    return True


def _paging(page: int) -> Any:  # noqa: ANN401 - boto3's
    return {"PageSize": page}


def document_of(document: object) -> object:
    """Return a policy's document: botocore has decoded it, unless it is no JSON."""
    return parse(unquote(document)) if isinstance(document, str) else document
