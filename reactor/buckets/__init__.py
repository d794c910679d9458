"""The guardrail of public buckets: an S3 bucket's ACL grants nothing to everybody."""
