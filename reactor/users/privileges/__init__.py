"""What a user may do, as far as its policies tell: whether that is one of the dangerous actions.

The policies of the user and of its groups count, but for the guard, which goes with what it allows.
Resources and conditions of what they allow, permission boundaries, service control policies and
session policies are left aside: they only narrow, and whoever may be dangerous must have MFA. What
widens beyond these is not seen: policies on resources (a bucket's, a key's, a role's trust policy),
and what a role may do that the user may take on. To take on roles is an action by itself:
sts:AssumeRole.
"""
