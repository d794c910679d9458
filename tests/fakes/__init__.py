"""Hand-written stand-ins for what the reactor meets: an account's IAM, its clock, its events."""
