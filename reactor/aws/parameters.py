"""The exemption list in SSM Parameter Store."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def read_list(client: "SSMClient", name: str) -> str:
    """Return the text of the parameter.

    Raises Transient when it is missing or not a list: a list that was named must exist, for "no
    list" would put the guard on everyone whom it excuses.
    """
    with asking("ssm:GetParameter"):
        try:
            parameter = client.get_parameter(Name=name)["Parameter"]
        except ClientError as error:
            if code_of(error) != "ParameterNotFound":
                raise
            raise Transient(
                f"the exemption list {name} does not exist, and nothing is changed without it",
                remedy=f"create it (mfa-reactor exempt import FILE --parameter {name}),"
                " or empty REACTOR_EXEMPT_PARAMETER",
            ) from error
    if parameter["Type"] != "StringList":
        raise Transient(
            f"the exemption list {name} is a {parameter['Type']}, not a StringList",
            remedy="delete it and create it as a StringList",
        )
    return parameter["Value"]


def write_list(client: "SSMClient", name: str, entries: tuple[str, ...]) -> None:
    """Write the list's entries as a StringList, in place of what it held."""
    with asking("ssm:PutParameter"):
        client.put_parameter(
            Name=name,
            Value=",".join(entries),
            Type="StringList",
            Description="Users whom mfa-reactor leaves without the guard",
            Overwrite=True,
        )
