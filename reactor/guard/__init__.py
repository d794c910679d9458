"""The guard: the IAM policy that denies what is done without MFA, and its life in an account."""
