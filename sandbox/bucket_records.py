"""What CloudTrail writes of calls about buckets: their own names, and the request as it was sent.

Of S3 a record has no members of botocore's model but the request itself: its headers, what of its
query says which part of the bucket is meant, and its XML as an object. Source: published records.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

# Calls that change a bucket, by what their records are called. Objects are the data plane.
EVENT_NAMES = {
    "CreateBucket": "CreateBucket",
    "DeleteBucket": "DeleteBucket",
    "DeleteBucketOwnershipControls": "DeleteBucketOwnershipControls",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "DeleteBucketTagging": "DeleteBucketTagging",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "PutBucketAcl": "PutBucketAcl",
    "PutBucketOwnershipControls": "PutBucketOwnershipControls",
    "PutBucketPolicy": "PutBucketPolicy",
    "PutBucketTagging": "PutBucketTagging",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
# The same of a whole account.
ACCOUNT_EVENT_NAMES = {
    "DeletePublicAccessBlock": "DeleteAccountPublicAccessBlock",
    "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
}
_HEADERS = ("x-amz-acl", "x-amz-expected-bucket-owner", "x-amz-object-ownership")
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def request_of(request: Request, bucket: str | None, region: str) -> dict[str, Any]:
    """The request as its record has it; `bucket` is None where it is about the account."""
    host = f"s3.{region}.amazonaws.com" if bucket is None else f"{bucket}.s3.{region}.amazonaws.com"
    written: dict[str, Any] = {} if bucket is None else {"bucketName": bucket}
    written["Host"] = host
    written |= {name: value for name, value in request.args.items() if name != "x-id"}
    headers = {name.lower(): value for name, value in request.headers.items()}
    named = [*_HEADERS, *(name for name in headers if name.startswith("x-amz-grant-"))]
    written |= {name: headers[name] for name in named if name in headers}
    return written | _body(request.get_data())


def _body(body: bytes) -> dict[str, Any]:
    if body.lstrip()[:1] == b"{":
        return {"bucketPolicy": json.loads(body)}
    if not body.strip():
        return {}
    root = ET.fromstring(body)  # noqa: S314 - the sandbox's own clients wrote it
    space, name = _split(root.tag)
    content = _content(root)
    if space and isinstance(content, dict):
        content = {"xmlns": space, **content}
    return {name: content}


def _content(element: ET.Element) -> Any:
    """An element as an object: one item of a kind is no list, several are."""
    attributes = {
        key.replace(_XSI, "xsi:"): value for key, value in element.attrib.items() if _XSI in key
    }
    if attributes:
        attributes = {"xmlns:xsi": _XSI.strip("{}"), **attributes}
    if not len(element) and not attributes:
        text = (element.text or "").strip()
        return {"true": True, "false": False}.get(text, text)
    written: dict[str, Any] = dict(attributes)
    for child in element:
        name, content = _split(child.tag)[1], _content(child)
        if name not in written:
            written[name] = content
        elif isinstance(written[name], list):
            written[name].append(content)
        else:
            written[name] = [written[name], content]
    return written


def _split(tag: str) -> tuple[str, str]:
    space, _, name = tag.rpartition("}")
    return space.lstrip("{"), name
