"""Puts our rules in the places where moto looks for a backend's class and a service's handler."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from moto.awslambda_simple.models import lambda_simple_backends
from moto.cloudtrail.models import cloudtrail_backends
from moto.config.models import config_backends
from moto.core.config import default_user_config
from moto.iam import urls as iam_urls
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.sts import urls as sts_urls

from sandbox.buckets import StrictS3Backend
from sandbox.config.backend import StrictConfigBackend
from sandbox.iam.backend import StrictIAMBackend
from sandbox.iam.responses import StrictIamResponse
from sandbox.lambda_settings import StrictLambdaBackend
from sandbox.queues import StrictSQSBackend
from sandbox.sts import StrictTokenResponse
from sandbox.topics import StrictSNSBackend
from sandbox.trails import StrictCloudTrailBackend

if TYPE_CHECKING:
    from sandbox.callers import Callers


def make_strict(callers: Callers, concurrency_limit: int) -> None:
    """For this process: moto's state is global, and so are its seams."""
    os.environ["MOTO_ACCOUNT_ID"] = callers.account
    default_user_config["lambda"] = {"use_docker": False}
    iam_backends.backend = StrictIAMBackend
    lambda_simple_backends.backend = StrictLambdaBackend
    StrictLambdaBackend.concurrency_limit = concurrency_limit
    s3_backends.backend = StrictS3Backend
    sns_backends.backend = StrictSNSBackend
    sqs_backends.backend = StrictSQSBackend
    cloudtrail_backends.backend = StrictCloudTrailBackend
    config_backends.backend = StrictConfigBackend
    StrictIamResponse.callers = callers
    StrictTokenResponse.callers = callers
    iam_urls.url_paths["{0}/$"] = StrictIamResponse.dispatch
    sts_urls.url_paths["{0}/$"] = StrictTokenResponse.dispatch
