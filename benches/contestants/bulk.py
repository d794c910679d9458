"""The least that any sweep must read: the two paged calls, at the same time, and nothing else.

`python -m benches.contestants.bulk`, against what AWS_ENDPOINT_URL names. It reads twice, for ours
is warm, too, and tells of the second time as JSON on standard error: when it began and ended
(seconds since the epoch, with the parsing of the answers), and the most memory it had.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

from benches.contestants.memory import peak_megabytes

PAGE = 1000


def main() -> None:
    """Read twice, and tell of the second time."""
    iam = boto3.client("iam")
    read_all(iam)
    began = time.time()
    read_all(iam)
    found = {"began": began, "ended": time.time(), "peak_megabytes": peak_megabytes()}
    print(json.dumps(found), file=sys.stderr)


def read_all(iam: Any) -> None:  # noqa: ANN401 - a boto3 client
    """Read all users and groups, and all virtual devices."""

    def read(operation: Any, arguments: dict[str, Any]) -> int:  # noqa: ANN401 - its name
        pages = iam.get_paginator(operation).paginate(
            **arguments, PaginationConfig={"PageSize": PAGE}
        )
        return sum(1 for _ in pages)

    with ThreadPoolExecutor(2) as pool:
        users = pool.submit(
            read, "get_account_authorization_details", {"Filter": ["User", "Group"]}
        )
        devices = pool.submit(read, "list_virtual_mfa_devices", {"AssignmentStatus": "Assigned"})
        users.result()
        devices.result()


if __name__ == "__main__":
    main()
