"""What CloudTrail records of which service, under which name, and what it hides.

Management calls that change something leave a record. Reading leaves none here: it reaches no rule.
Neither does what goes through a service's data plane: messages, log events, invocations.
"""

from __future__ import annotations

from sandbox.bucket_records import ACCOUNT_EVENT_NAMES, EVENT_NAMES

SERVICES = {
    *("cloudformation", "cloudtrail", "events", "iam", "lambda", "logs", "s3", "s3control", "sns"),
    *("sqs", "ssm"),
}
_NAMES_OF_S3 = {"s3": EVENT_NAMES, "s3control": ACCOUNT_EVENT_NAMES}

# GenerateCredentialReport and the Simulate calls change nothing either.
_READ_ONLY = (
    *("Describe", "Detect", "Estimate", "Filter", "Generate", "Get", "List", "Lookup"),
    *("Search", "Simulate", "Test", "Validate"),
)
_DATA_PLANE = {
    "events": {"PutEvents", "PutPartnerEvents"},
    "lambda": {"Invoke", "InvokeAsync", "InvokeWithResponseStream"},
    "logs": {"PutLogEvents", "StartLiveTail", "StartQuery", "StopQuery"},
    "sns": {"Publish", "PublishBatch"},
    "sqs": {
        *("ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage"),
        *("DeleteMessageBatch", "ReceiveMessage", "SendMessage", "SendMessageBatch"),
    },
}
# Lambda's records carry the version of the API; what is not listed is called as the operation is.
_LAMBDA_NAMES = {
    "AddLayerVersionPermission": "AddLayerVersionPermission20181031",
    "AddPermission": "AddPermission20150331v2",
    "CreateAlias": "CreateAlias20150331",
    "CreateEventSourceMapping": "CreateEventSourceMapping20150331",
    "CreateFunction": "CreateFunction20150331",
    "DeleteAlias": "DeleteAlias20150331",
    "DeleteEventSourceMapping": "DeleteEventSourceMapping20150331",
    "DeleteFunction": "DeleteFunction20150331",
    "DeleteFunctionConcurrency": "DeleteFunctionConcurrency20171031",
    "DeleteLayerVersion": "DeleteLayerVersion20181031",
    "PublishLayerVersion": "PublishLayerVersion20181031",
    "PublishVersion": "PublishVersion20150331",
    "PutFunctionConcurrency": "PutFunctionConcurrency20171031",
    "RemovePermission": "RemovePermission20150331v2",
    "TagResource": "TagResource20170331v2",
    "UntagResource": "UntagResource20170331v2",
    "UpdateAlias": "UpdateAlias20150331",
    "UpdateEventSourceMapping": "UpdateEventSourceMapping20150331",
    "UpdateFunctionCode": "UpdateFunctionCode20150331v2",
    "UpdateFunctionConfiguration": "UpdateFunctionConfiguration20150331v2",
}

# Members that are not written although botocore's model does not mark them sensitive, and the
# structure that is left out as a whole: Lambda's environment variables.
LEFT_OUT = {"AuthenticationCode1", "AuthenticationCode2", "Environment", "ZipFile"}
# Shapes whose members are written with this text instead of their value.
HIDDEN = {"PSParameterValue": "HIDDEN_DUE_TO_SECURITY_REASONS"}


def is_write(action: str) -> bool:
    """Whether the operation changes something, by its name."""
    return not action.startswith(_READ_ONLY)


def is_recorded(service: str, action: str) -> bool:
    """Whether a call of this operation leaves a record here."""
    if service in _NAMES_OF_S3:
        return action in _NAMES_OF_S3[service]
    in_data_plane = action in _DATA_PLANE.get(service, ())
    return bool(action) and service in SERVICES and is_write(action) and not in_data_plane


def event_name(service: str, action: str) -> str:
    """The operation's name as the record has it."""
    if service in _NAMES_OF_S3:
        return _NAMES_OF_S3[service].get(action, action)
    return _LAMBDA_NAMES.get(action, action) if service == "lambda" else action


def event_source(service: str) -> str:
    """What the record calls the service; that S3 is called alike for an account is our guess."""
    return "s3.amazonaws.com" if service == "s3control" else f"{service}.amazonaws.com"


def endpoint(service: str, region: str) -> str:
    """The host that a client of the service calls; IAM has one for all regions."""
    if service == "iam":
        return "iam.amazonaws.com"
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{service}.{region}.{suffix}"
