"""What a person's inspection reads besides (reactor.inspection.ports.DoctorReads)."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from reactor.aws.account import AwsSession
from reactor.aws.errors import asking, code_of
from reactor.aws.inspection import AwsInspection
from reactor.aws.queues import Queue
from reactor.inspection.facts import Role


class AwsDoctor(AwsInspection):
    """reactor.inspection.ports.DoctorReads on AWS."""

    def __init__(self, session: AwsSession) -> None:
        super().__init__(session)
        self._sqs = session.sqs

    def role(self, function: str) -> Role | None:
        """Return a function's role with all its policies."""
        with asking("lambda:GetFunctionConfiguration"):
            try:
                answer = self._functions.get_function_configuration(FunctionName=function)
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
                return None
            name = answer["Role"].rpartition("/")[2]
        with asking("iam:ListRolePolicies"):
            pages = self._iam.get_paginator("list_role_policies").paginate(RoleName=name)
            inline = [each for page in pages for each in page["PolicyNames"]]
        documents = {each: self._policy(name, each) for each in inline}
        with asking("iam:ListAttachedRolePolicies"):
            listed = self._iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
            attached = [each["PolicyArn"] for page in listed for each in page["AttachedPolicies"]]
        return Role(name, documents, tuple(attached))

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
