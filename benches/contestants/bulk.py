"""The least that any sweep must read: the two paged calls, at the same time, and nothing else.

`python -m benches.contestants.bulk`, against the sandbox that the environment names.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

PAGE = 1000


def main() -> None:
    """Read all users and groups, and all virtual devices."""
    iam = boto3.client("iam")

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
