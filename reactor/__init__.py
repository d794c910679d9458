"""Keeps MFA enforced on every IAM user, seconds after anyone weakens it (see docs/architecture.md)."""
