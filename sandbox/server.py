"""Puts the account together.

moto with strict IAM and STS, the gateway before it, and what follows a call behind it. One to a
process, because moto's state is the process's.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, cast

from moto.awslambda.utils import get_backend
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from typing_extensions import override
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from sandbox.asynchronous import Asynchronous
from sandbox.callers import Callers, Credentials
from sandbox.cloudformation.api import CloudFormation
from sandbox.cloudformation.front_door import clients_of
from sandbox.config.api import ACTIONS as CONFIG_ACTIONS
from sandbox.config.api import ConfigApi
from sandbox.config.items import Items
from sandbox.config.rules import ConfigRules
from sandbox.control import Control
from sandbox.dead_letters import DeadLetters
from sandbox.destinations import Destinations
from sandbox.event_sources import EventSources
from sandbox.events import Bus
from sandbox.faults import Faults
from sandbox.functions import Function, find_function
from sandbox.gateway import Gateway
from sandbox.iam.responses import StrictIamResponse
from sandbox.invocations import Invoker
from sandbox.lambda_invoke import find_called, invoke
from sandbox.lambda_settings import recursion_config
from sandbox.partitions import IAM_REGION
from sandbox.pool import Pool
from sandbox.put_events import put_events
from sandbox.recorder import Recorder
from sandbox.schedules import Schedules
from sandbox.security_hub import CALLS as FINDINGS_CALLS
from sandbox.security_hub import SecurityHub
from sandbox.staleness import Staleness
from sandbox.strictness import make_strict
from sandbox.topics import Deliveries, StrictSNSBackend
from sandbox.trails import Trails
from sandbox.unfinished import Unfinished
from sandbox.wire import Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from sandbox.lambda_settings import StrictLambdaBackend
    from sandbox.wire import Call

HOST = "127.0.0.1"
ADMINISTRATOR_ROLE = "SandboxAdministrator"
ADMINISTRATOR_SESSION = "operator"


class _Moto(DomainDispatcherApplication):
    """moto; it looks its services up in its own folder for every request, a fifth of its time."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._backends: dict[str | None, str | None] = {}

    @override
    def get_backend_for_host(self, host: str | None) -> str | None:
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]


class Server:
    """The account on 127.0.0.1. `serve_forever` answers until `stop`."""

    def __init__(  # noqa: PLR0913 - as Sandbox.start, whose they are
        self,
        account: str,
        port: int,
        pauses_seconds: tuple[float, ...],
        *,
        trail: bool,
        concurrency_limit: int,
        workers_per_function: int,
    ) -> None:
        self.account = account
        self._lock = threading.RLock()
        self._callers = Callers(account)
        make_strict(self._callers, concurrency_limit)
        self._http: BaseWSGIServer = make_server(
            HOST, port, self._application, threaded=True, request_handler=_QuietHandler
        )
        self.url = f"http://{HOST}:{self._http.server_port}"
        # What S3 has for a whole account is asked at a host that begins with the account.
        names = (HOST, "localhost", f"{account}.{HOST}")
        self._hosts = {f"{name}:{self._http.server_port}" for name in names}
        self._security_hub = SecurityHub(account)
        self._pool = Pool(self.url, self._open_session, workers_per_function)
        unfinished = Unfinished()
        self._invoker = Invoker(self._pool, self._find_function, unfinished, self._lock)
        self._asynchronous = Asynchronous(
            invoker=self._invoker,
            find=self._find_function,
            destinations=Destinations(self._lock),
            unfinished=unfinished,
            pauses_seconds=pauses_seconds,
            workers_per_function=workers_per_function,
        )
        bus = Bus(
            account,
            invoker=self._invoker,
            asynchronous=self._asynchronous,
            dead_letters=DeadLetters(self._lock),
            lock=self._lock,
        )
        self._schedules = Schedules(bus, self._lock)
        self._event_sources = EventSources(
            account,
            invoker=self._invoker,
            find=self._find_function,
            unfinished=unfinished,
            lock=self._lock,
        )
        StrictSNSBackend.deliveries = Deliveries(
            invoker=self._invoker,
            asynchronous=self._asynchronous,
            find=self._find_function,
        )
        trails = Trails(account)
        for region in IAM_REGION.values() if trail else ():
            trails.seed(region)
        recorder = Recorder(trails, bus, self._lock)
        faults, staleness = Faults(), Staleness(account)
        moto = _Moto()
        stacks = CloudFormation(account, lambda call: clients_of(self.url, call))
        items = Items(account)
        self._config = ConfigApi(account, items)
        self._gateway = Gateway(
            moto,
            ours={
                ("cloudformation", ""): lambda call, _: stacks(call),
                **{("config", action): self._ask_config for action in CONFIG_ACTIONS},
                ("events", "PutEvents"): lambda call, _: put_events(call, bus),
                ("lambda", "GetAccountSettings"): self._account_settings,
                ("lambda", "GetFunctionRecursionConfig"): self._recursion_config,
                ("lambda", "PutFunctionRecursionConfig"): self._recursion_config,
                ("lambda", "Invoke"): self._invoke,
                **{("securityhub", each): self._find for each in FINDINGS_CALLS},
            },
            callers=self._callers,
            recorder=recorder,
            faults=faults,
            staleness=staleness,
            lock=self._lock,
        )
        self._control = Control(
            self._gateway,
            self._callers,
            bus,
            self._schedules,
            self._event_sources,
            self._invoker,
            self._pool,
            recorder,
            self._asynchronous,
            unfinished,
            faults,
            staleness,
            ConfigRules(account, items, self._asynchronous, self._lock),
            self._lock,
        )

    def administrators(self) -> dict[str, Credentials]:
        """A session of an administrator's role in each partition.

        It is a real identity, and no user that anything under test would look after.
        """
        return {
            partition: self._administrator(partition, region)
            for partition, region in IAM_REGION.items()
        }

    def serve_forever(self) -> None:
        """Answers calls until it is stopped."""
        self._schedules.start()
        self._event_sources.start()
        self._http.serve_forever()

    def stop(self) -> None:
        """Ends the answering, the schedules and all workers."""
        self._http.shutdown()
        self._schedules.stop()
        self._event_sources.stop()
        self._asynchronous.stop()
        self._pool.stop()
        StrictIamResponse.oracle.close()

    def _application(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        # A web page can make its own host's name point here; moto's own endpoints reset its state.
        if environ.get("HTTP_HOST") not in self._hosts or path.startswith("/moto-api"):
            return Response("not here", 403)(environ, start_response)
        if path.startswith("/_sandbox/"):
            return self._control(environ, start_response)
        return self._gateway(environ, start_response)

    def _administrator(self, partition: str, region: str) -> Credentials:
        backend = iam_backends[self.account][partition]
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:{partition}:iam::{self.account}:root"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        role = backend.create_role(ADMINISTRATOR_ROLE, json.dumps(trust), "/", None, "", [], "3600")
        backend.attach_role_policy(
            f"arn:{partition}:iam::aws:policy/AdministratorAccess", role.name
        )
        return self._callers.assume_role(region, role.arn, ADMINISTRATOR_SESSION)

    def _invoke(self, call: Call, request: Request) -> Reply:
        with self._lock:
            function = find_called(call, self.account)
        return invoke(function, request, self._invoker, self._asynchronous)

    def _ask_config(self, call: Call, _: Request) -> Reply:
        with self._lock:
            return self._config(call)

    def _find(self, call: Call, _: Request) -> Reply:
        with self._lock:
            return self._security_hub(call)

    def _account_settings(self, call: Call, _: Request) -> Reply:
        with self._lock:
            return json_reply(self._lambda(call.region).account_settings())

    def _recursion_config(self, call: Call, _: Request) -> Reply:
        with self._lock:
            return json_reply(recursion_config(call, self._lambda(call.region)))

    def _lambda(self, region: str) -> StrictLambdaBackend:
        return cast("StrictLambdaBackend", get_backend(self.account, region))

    def _find_function(self, arn: str) -> Function:
        with self._lock:
            return find_function(self.account, arn.split(":")[3], arn)

    def _open_session(self, function: Function) -> Credentials:
        with self._lock:
            return self._callers.assume_role(function.region, function.role_arn, function.name)


class _QuietHandler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"  # clients keep their connections

    @override
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing: the calls are listed at the control endpoint."""
