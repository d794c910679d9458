"""The failure queues: taking messages out one by one, and giving back what could not be settled."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.errors import shorten

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

# How long a message that we took is hidden from others, longer than any function may run (300 s).
HIDDEN_SECONDS = 900
# Any wait makes SQS ask all of its servers; without one a queue may look empty that is not.
_WAIT_SECONDS = 1
_NO_QUEUE = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was taken out of a queue, and is hidden from others for a while."""

    id: str
    receipt: str
    body: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue, by its name and URL."""

    name: str
    url: str
    client: "SQSClient"

    @classmethod
    def find(cls, client: "SQSClient", name: str, account: str | None = None) -> "Queue | None":
        """Return the queue of that name, None when there is none; ours, or that of an account."""
        owner: Any = {} if account is None else {"QueueOwnerAWSAccountId": account}
        with asking("sqs:GetQueueUrl"):
            try:
                return cls(name, client.get_queue_url(QueueName=name, **owner)["QueueUrl"], client)
            except ClientError as error:
                if code_of(error) not in _NO_QUEUE:
                    raise
                return None

    def take(self, hidden_seconds: int = HIDDEN_SECONDS) -> Message | None:
        """Return a message that is not hidden, and hide it; None when there is none."""
        with asking("sqs:ReceiveMessage"):
            received = self.client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=1,
                MessageAttributeNames=["All"],
                VisibilityTimeout=hidden_seconds,
                WaitTimeSeconds=_WAIT_SECONDS,
            ).get("Messages", [])
            if not received:
                return None
            [each] = received
            attributes = {
                name: value.get("StringValue", "")
                for name, value in each.get("MessageAttributes", {}).items()
            }
            return Message(each["MessageId"], each["ReceiptHandle"], each["Body"], attributes)

    def has_more(self) -> bool:
        """Tell whether there is a message that nobody has taken."""
        return self.take(hidden_seconds=0) is not None

    def delete(self, message: Message) -> None:
        """Delete a message that was taken."""
        with asking("sqs:DeleteMessage"):
            self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message.receipt)

    def give_back(self, message: Message) -> None:
        """Let others see a message that was taken."""
        with asking("sqs:ChangeMessageVisibility"):
            self.client.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=message.receipt, VisibilityTimeout=0
            )


def run_again(client: "LambdaClient", function: str, payload: str) -> str | None:
    """Invoke a function with what it failed on, and wait; return what it failed with, if it did."""
    with asking("lambda:InvokeFunction"):
        answer = client.invoke(
            FunctionName=function, InvocationType="RequestResponse", Payload=payload.encode()
        )
        said = answer["Payload"].read().decode(errors="replace")
    return _error(said) if answer.get("FunctionError") is not None else None


def _error(said: str) -> str:
    """Return what a function failed with, as one line; Lambda's document of it where it is one."""
    try:
        document = json.loads(said)
        return shorten(f"{document['errorType']}: {document['errorMessage']}")
    except (ValueError, KeyError, TypeError):
        return shorten(said)
