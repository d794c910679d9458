"""The exemption list in SSM Parameter Store."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


# SSM refuses an empty value; the list's readers take this for a comment.
_EMPTY_LIST = "#nobody"


def read_list(client: "SSMClient", name: str) -> str:
    """Return the text of the parameter.

    Raises Transient when it is missing or not a list: a list that was named must exist, for "no
    list" would put the guard on everyone whom it excuses.
    """
    text = find_list(client, name)
    if text is None:
        raise Transient(
            f"the exemption list {name} does not exist, and nothing is changed without it",
            remedy=f"create it (mfa-reactor exempt import FILE --parameter {name}),"
            " or empty REACTOR_EXEMPT_PARAMETER",
        )
    return text


def find_list(client: "SSMClient", name: str) -> str | None:
    """Return the text of the parameter, None when there is none. Raises as `read_list`."""
    with asking("ssm:GetParameter"):
        try:
            parameter = client.get_parameter(Name=name)["Parameter"]
        except ClientError as error:
            if code_of(error) != "ParameterNotFound":
                raise
            return None
    if parameter["Type"] != "StringList":
        raise Transient(
            f"the exemption list {name} is a {parameter['Type']}, not a StringList",
            remedy="delete it and create it as a StringList",
        )
    return parameter["Value"]


def tier_of(client: "SSMClient", name: str) -> str | None:
    """Return the parameter's tier (Standard, Advanced …), None when there is no parameter."""
    with asking("ssm:DescribeParameters"):
        pages = client.get_paginator("describe_parameters").paginate(
            ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}]
        )
        tiers = [each.get("Tier", "Standard") for page in pages for each in page["Parameters"]]
    return tiers[0] if tiers else None


def write_list(
    client: "SSMClient", name: str, entries: tuple[str, ...], *, tier: str | None = None
) -> None:
    """Write the list's entries as a StringList, in place of what it held.

    `tier` is asked for when given; else a parameter keeps its own, or gets the account's default.
    """
    asked: Any = {} if tier is None else {"Tier": tier}
    with asking("ssm:PutParameter"):
        client.put_parameter(
            Name=name,
            Value=",".join(entries) or _EMPTY_LIST,
            Type="StringList",
            Description="Users whom mfa-reactor leaves without the guard",
            Overwrite=True,
            **asked,
        )
