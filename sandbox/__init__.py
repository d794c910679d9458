"""An AWS account on 127.0.0.1 that ordinary clients use through AWS_ENDPOINT_URL.

moto answers the calls; what makes it an account is round it. A call's way:

    client -> gateway -> who calls, may they -> moto, strict where AWS is -> answer
                 `-> CloudTrail record -> EventBridge envelope -> matching rules -> functions

Functions are those that were deployed, run from their zip in processes of their own by AWS's
runtime, with their role's session, and their calls come in through the gateway like all others.
What fails lands in the queues that are there for it. Rates go off by the clock. A control endpoint
under /_sandbox/ loses events, throttles, lets reads see the past, lists what happened. It never
ships, listens on the loopback interface only, and reaches nothing of AWS.

    with Sandbox.start() as sandbox:
        deployment = deploy(sandbox, project=Path("."), stage="prod", settings={})
        sandbox.client("iam").create_user(UserName="alice")
        sandbox.control.settle()
"""

from sandbox.client import Sandbox
from sandbox.commands import Control, SandboxError
from sandbox.deployment import Deployment, deploy
from sandbox.packaging import DeploymentError

__all__ = ["Control", "Deployment", "DeploymentError", "Sandbox", "SandboxError", "deploy"]
