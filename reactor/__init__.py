"""Keeps MFA enforced on every IAM user of an account, seconds after anyone weakens it."""
