"""Clients with which CloudFormation calls the account it is in, in the name of its own caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from sandbox.cloudformation.kind import Clients
    from sandbox.wire import Call

USER_AGENT = "cloudformation.amazonaws.com"


def clients_of(url: str, call: Call) -> Clients:
    """Clients with the call's key, in its region or another. Signatures are not checked here."""

    def client(service: str, region: str | None = None) -> Any:
        create: Any = boto3.client  # its stubs know the services installed by name only
        return create(
            service,
            region_name=region or call.region,
            endpoint_url=url,
            aws_access_key_id=call.access_key_id,
            aws_secret_access_key=call.access_key_id,
            config=Config(user_agent=USER_AGENT, proxies={}, retries={"max_attempts": 0}),
        )

    return client
