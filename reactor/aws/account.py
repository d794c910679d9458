"""Clients of one account, made once each, and parallel calls on them.

Every account's clients are asked for here, so that other accounts can be reached by assumed role
without a change elsewhere.
"""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config

from reactor.aws.deadlines import Deadlines
from reactor.aws.errors import asking
from reactor.aws.pacing import Meter
from reactor.errors import OutOfTime, Permanent, ReactorError, Unanswered
from reactor.gathering import Begun, Call, Item, Key, settled
from reactor.partitions import partition_of

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudtrail import CloudTrailClient
    from mypy_boto3_config import ConfigServiceClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3control import S3ControlClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_securityhub import SecurityHubClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

Client = TypeVar("Client")
Answer = TypeVar("Answer")

# In one round: all reads about two users, as a deleted device may lead to, or of an inspection of a
# stage that has every function (35).
CALLS_AT_ONCE = 36
STREAMED_AT_ONCE = 12  # of the many that a sweep makes; the pace (reactor.aws.pacing) bounds them
GRACE_SECONDS = 0.5  # past the deadline, to be told of each call what has become of it
KEEPER_SECONDS = 70  # how long we wait for the keeper, whose own timeout is 60 s
FUNCTION_SECONDS = 910  # how long a person waits for any function; the longest timeout is 900 s

# Adaptive mode slows its client down to what AWS lets through. With 500 users created in a minute
# and 20 IAM calls a second (benches/burst.py), 14 % of the calls were throttled, no invocation
# failed, and the last guard was on after 4 minutes. Standard mode with 5 attempts: 63 % throttled,
# and once its quota of retries was used up, calls failed at once: 50 users without a guard. More
# attempts do not mend that, the quota stays. Six back off with jitter, up to 1 + 2 + 4 + 8 + 16 s.
# A call that hangs ends, with all its attempts, well within the functions' 300 s, so that it ends
# in a record and not in a timeout.
_CONFIG = Config(
    retries={"mode": "adaptive", "total_max_attempts": 6},
    connect_timeout=2,
    read_timeout=10,
    max_pool_connections=CALLS_AT_ONCE,
    tcp_keepalive=True,
    user_agent_extra="mfa-reactor",
)
# The keeper may be asked more than once: it finds its work done. Few of it run at once, so that it
# may be busy with what another reaction has asked; that is answered quickly, and waited for.
_KEEPER_CONFIG = _CONFIG.merge(
    Config(retries={"mode": "standard", "total_max_attempts": 4}, read_timeout=KEEPER_SECONDS)
)
_PATIENT_CONFIG = _CONFIG.merge(Config(read_timeout=FUNCTION_SECONDS))


class _End:
    """What stands behind the last item."""


_END = _End()


class _client(cached_property[Client]):  # noqa: N801 - it is written as cached_property is
    """A client of a session, made when it is first asked for, and once.

    By one thread at a time, whoever asks: boto3's sessions are not thread-safe, though clients are
    (boto3's guide, Multithreading), and since Python 3.12 cached_property has no lock either.
    """

    def __get__(self, session: "AwsSession", owner: type | None = None) -> Client:  # type: ignore[override]
        with session.making:
            return super().__get__(session, owner)


class AwsSession:
    """boto3's session in one region, and what it takes to call in parallel.

    All of it may be used in any thread. Nothing here waits for a call longer than until the
    deadline under which it was begun (`deadlines`; none unless an invocation has set one), but
    where its caller says how long.
    """

    def __init__(self, region: str | None = None) -> None:
        with asking("credentials"):
            self._session = boto3.session.Session(region_name=region)
        self._pool = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="aws")
        self.making = threading.Lock()  # held by whoever makes a client
        self._s3_clients: dict[str | None, S3Client] = {}
        self.deadlines = Deadlines()
        self.meter = Meter(self.deadlines)

    @property
    def region(self) -> str | None:
        """The session's region, None when none is set."""
        return self._session.region_name

    @_client
    def iam(self) -> "IAMClient":
        """The IAM client; `meter` counts its calls."""
        with asking("iam"):
            client = self._session.client("iam", config=_CONFIG)
        self.meter.watch(client)
        return client

    @_client
    def ssm(self) -> "SSMClient":
        """The Systems Manager client."""
        with asking("ssm"):
            return self._session.client("ssm", config=_CONFIG)

    @_client
    def functions(self) -> "LambdaClient":
        """The Lambda client."""
        with asking("lambda"):
            return self._session.client("lambda", config=_KEEPER_CONFIG)

    @_client
    def patient_functions(self) -> "LambdaClient":
        """The Lambda client of a person who waits for a function to its end."""
        with asking("lambda"):
            return self._session.client("lambda", config=_PATIENT_CONFIG)

    @_client
    def function_settings(self) -> "LambdaClient":
        """The Lambda client that reads settings, and so waits no longer than for any other read."""
        with asking("lambda"):
            return self._session.client("lambda", config=_CONFIG)

    @_client
    def cloudtrail(self) -> "CloudTrailClient":
        """The CloudTrail client."""
        with asking("cloudtrail"):
            return self._session.client("cloudtrail", config=_CONFIG)

    @_client
    def config(self) -> "ConfigServiceClient":
        """The AWS Config client. What it is told must be of this invocation, as what IAM is."""
        with asking("config"):
            client = self._session.client("config", config=_CONFIG)
        self.meter.end_in_time(client)
        return client

    @_client
    def events(self) -> "EventBridgeClient":
        """The EventBridge client."""
        with asking("events"):
            return self._session.client("events", config=_CONFIG)

    @_client
    def sns(self) -> "SNSClient":
        """The SNS client."""
        with asking("sns"):
            return self._session.client("sns", config=_CONFIG)

    @_client
    def secrets(self) -> "SecretsManagerClient":
        """The Secrets Manager client."""
        with asking("secretsmanager"):
            return self._session.client("secretsmanager", config=_CONFIG)

    @_client
    def security_hub(self) -> "SecurityHubClient":
        """The Security Hub client."""
        with asking("securityhub"):
            return self._session.client("securityhub", config=_CONFIG)

    @_client
    def sqs(self) -> "SQSClient":
        """The SQS client."""
        with asking("sqs"):
            return self._session.client("sqs", config=_CONFIG)

    @_client
    def s3_control(self) -> "S3ControlClient":
        """The client of what S3 has for a whole account."""
        with asking("s3"):
            return self._session.client("s3control", config=_CONFIG)

    def s3(self, region: str) -> "S3Client":
        """Return the S3 client of a region; of our own where there is none by that name.

        S3 redirects whoever asks in the wrong region, and the client follows. A region may come
        from outside, and is taken only if it is one.
        """
        with asking("s3"), self.making:
            known = region in self._session.get_available_regions("s3", partition_of(region))
            where = region if known else self.region
            if where not in self._s3_clients:
                client = self._session.client("s3", region_name=where, config=_CONFIG)
                self._s3_clients[where] = client
            return self._s3_clients[where]

    @_client
    def cloudformation(self) -> "CloudFormationClient":
        """The CloudFormation client."""
        with asking("cloudformation"):
            return self._session.client("cloudformation", config=_CONFIG)

    @_client
    def sts(self) -> "STSClient":
        """The client that tells whose the credentials are."""
        with asking("sts"):
            return self._session.client("sts", config=_CONFIG)

    def whoami(self) -> str:
        """Return the account (12 digits) of the credentials."""
        with asking("sts:GetCallerIdentity"):
            return str(self.sts.get_caller_identity()["Account"])

    def gather(self, calls: Mapping[Key, Call]) -> dict[Key, Any | ReactorError]:
        """Make calls at the same time; an error stands in its call's place."""
        begun = {key: self.begin(call) for key, call in calls.items()}
        return {key: finished() for key, finished in begun.items()}

    def begin(self, call: Call) -> Begun:
        """Begin a call; return what waits for its answer, or the error in its place."""
        deadline, future = self.deadlines.current, self._submit(partial(settled, call))

        def finished(seconds: float | None = None) -> Any | ReactorError:  # noqa: ANN401 - any answer
            wait([future], deadline.left() if seconds is None else seconds)
            return _ended(future)

        return finished

    def stream(
        self, calls: Iterable[tuple[Key, Call]], /
    ) -> Iterator[tuple[Key, Any | ReactorError]]:
        """Make calls, a few at a time; reactor.gathering.Stream has the contract."""
        deadline = self.deadlines.current
        coming, running = iter(calls), dict[Future[Any], Key]()
        while deadline.left() > 0:
            for key, call in itertools.islice(coming, STREAMED_AT_ONCE - len(running)):
                running[self._submit(partial(settled, call))] = key
            if not running:
                return
            for future in wait(running, deadline.left(), return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
        yield from ((key, _ended(future)) for future, key in running.items())
        yield from ((key, OutOfTime()) for key, _ in coming)

    def ahead(self, items: Iterable[Item]) -> Iterator[Item]:
        """Fetch the next item while the one before is worked on, the first one at once.

        Past the deadline only what comes at once: raises OutOfTime when the source itself waits.
        """
        deadline, source = self.deadlines.current, iter(items)

        def fetch() -> Item | _End:
            return next(source, _END)

        def fetched(coming: Future[Item | _End]) -> Iterator[Item]:
            while True:
                # A source that streams calls ends its own waiting at the deadline, and then says
                # so of each of them.
                wait([coming], deadline.left() + GRACE_SECONDS)
                if not coming.done() and not coming.cancel():
                    raise OutOfTime
                if coming.cancelled():
                    break  # every thread is busy with what nobody waits for any more
                if isinstance(item := coming.result(), _End):
                    return
                if deadline.left() > 0:
                    coming = self._submit(fetch)
                    yield item
                else:
                    yield item
                    break
            yield from source

        return fetched(self._submit(fetch))

    def _submit(self, call: Callable[[], Answer]) -> Future[Answer]:
        """Have a thread make a call under the deadline of whoever asks for it."""
        return self._pool.submit(self.deadlines.binding(call))


def _ended(future: Future[Any]) -> Any | ReactorError:  # noqa: ANN401 - any answer
    """Return a call's answer, or why there is none; one that was not begun never will be."""
    if future.cancel():
        return OutOfTime()
    return future.result() if future.done() else Unanswered()


@dataclass(frozen=True, slots=True)
class Home:
    """Where we run: partition, region and account."""

    partition: str
    region: str
    account: str

    @classmethod
    def of_function(cls, function_arn: str) -> "Home":
        """Read it off the ARN under which Lambda invoked us, which nobody can forge."""
        _, partition, _, region, account, *_ = function_arn.split(":")
        return cls(partition, region, account)

    @classmethod
    def of_credentials(cls, session: AwsSession) -> "Home":
        """Ask STS whose credentials these are."""
        if session.region is None:
            raise Permanent("no AWS region is set", remedy="set AWS_DEFAULT_REGION")
        return cls(partition_of(session.region), session.region, session.whoami())
