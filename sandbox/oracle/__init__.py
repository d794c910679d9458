"""A policy simulator by others, to ask what a policy allows: for tests, and never shipped.

`oracle.mjs` hands the questions to @cloud-copilot/iam-simulate (npm, AGPL), which evaluates IAM
policies, and to its iam-data, which knows every action, resource type and condition key that AWS
documents. Neither has anything of ours in it: where both say that the guard denies an action, that
is not our own reading of our own document.

    with Oracle() as oracle:
        requests = oracle.prepare([Request("iam:GetUser", "arn:aws:iam::123456789012:user/alice")])
        oracle.decide(requests, policies=[document], session=Session(principal, context))

`make oracle` installs both beside this file. It takes Node.js 20; nothing but the tests, and the
sandbox where it answers SimulateCustomPolicy, needs it.
"""

from sandbox.oracle.client import Oracle, OracleError, Prepared
from sandbox.oracle.words import Action, Decision, Judgement, Request, ResourceType, Session

__all__ = [
    "Action",
    "Decision",
    "Judgement",
    "Oracle",
    "OracleError",
    "Prepared",
    "Request",
    "ResourceType",
    "Session",
]
