"""The MFA guardrail: every IAM user that must carry the guard carries it."""
