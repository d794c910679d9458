"""What a person's inspection reads besides (reactor.inspection.ports.DoctorReads)."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from reactor.aws.account import AwsSession
from reactor.aws.errors import asking, code_of
from reactor.aws.inspection import AwsInspection
from reactor.aws.queues import Queue
from reactor.aws.wiring import AwsWiring
from reactor.errors import Transient, shorten
from reactor.inspection.facts import EventSource, Role
from reactor.settings import PREFIX

_MISSING = "ResourceNotFoundException"


class AwsDoctor(AwsInspection, AwsWiring):
    """reactor.inspection.ports.DoctorReads on AWS."""

    def __init__(self, session: AwsSession) -> None:
        AwsInspection.__init__(self, session)
        AwsWiring.__init__(self, session)
        self._sqs = session.sqs

    def role(self, function: str) -> Role | None:
        """Return a function's role with all its policies, its trust and its boundary."""
        configuration = self._configuration(function)
        if configuration is None:
            return None
        with asking("lambda:GetFunctionConfiguration"):
            name = configuration["Role"].rpartition("/")[2]
        with asking("iam:ListRolePolicies"):
            pages = self._iam.get_paginator("list_role_policies").paginate(RoleName=name)
            inline = [each for page in pages for each in page["PolicyNames"]]
        documents = {each: self._policy(name, each) for each in inline}
        with asking("iam:ListAttachedRolePolicies"):
            listed = self._iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
            attached = [each["PolicyArn"] for page in listed for each in page["AttachedPolicies"]]
        with asking("iam:GetRole"):
            role: Any = self._iam.get_role(RoleName=name)["Role"]
            trust = dict(role["AssumeRolePolicyDocument"])
            boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return Role(name, documents, tuple(attached), trust, boundary)

    def variables(self, function: str) -> Mapping[str, str] | None:
        """Return a function's REACTOR_ variables. What others it has is not our business."""
        configuration = self._configuration(function)
        if configuration is None:
            return None
        environment = configuration.get("Environment", {})
        error = environment.get("Error")
        if error is not None:
            # As when the key that they are encrypted with may not be used (API reference).
            raise Transient(
                f"lambda:GetFunctionConfiguration gave no variables: {shorten(error)}",
                remedy="allow kms:Decrypt with the key that the function's variables need",
            )
        found = environment.get("Variables", {})
        return {name: value for name, value in found.items() if name.startswith(PREFIX)}

    def permissions(self, function: str) -> Mapping[str, Any] | None:
        """Return the policy by which a function lets others in."""
        with asking("lambda:GetPolicy"):
            try:
                answer = self._functions.get_policy(FunctionName=function)
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return None
            return dict(json.loads(answer["Policy"]))

    def event_sources(self, function: str) -> tuple[EventSource, ...]:
        """Return the queues that a function works off."""
        with asking("lambda:ListEventSourceMappings"):
            pages = self._functions.get_paginator("list_event_source_mappings")
            try:
                listed = list(pages.paginate(FunctionName=function))
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return ()
            return tuple(
                EventSource(
                    each["UUID"],
                    each.get("EventSourceArn", ""),
                    heeds="ReportBatchItemFailures" in each.get("FunctionResponseTypes", []),
                    # As it is, or is about to be: Creating, Enabling, Updating count as on.
                    enabled=each.get("State") not in {"Disabled", "Disabling"},
                )
                for page in listed
                for each in page["EventSourceMappings"]
            )

    def _configuration(self, function: str) -> Mapping[str, Any] | None:
        with asking("lambda:GetFunctionConfiguration"):
            try:
                answer: Any = self._functions.get_function_configuration(FunctionName=function)
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return None
        return dict(answer)

    def _policy(self, role: str, name: str) -> Mapping[str, Any]:
        with asking("iam:GetRolePolicy"):
            answer = self._iam.get_role_policy(RoleName=role, PolicyName=name)
            # botocore decodes it; what is no JSON document stays text, and is not understood.
            document: Any = answer["PolicyDocument"]
            return dict(document)

    def waiting(self, queue: str) -> int | None:
        """Return about how many messages wait in a queue."""
        found = Queue.find(self._sqs, queue)
        if found is None:
            return None
        with asking("sqs:GetQueueAttributes"):
            answer = self._sqs.get_queue_attributes(
                QueueUrl=found.url, AttributeNames=["ApproximateNumberOfMessages"]
            )
            return int(answer["Attributes"]["ApproximateNumberOfMessages"])
