"""What the Lambda functions do: payload in, reconcile, raise or not.

`functions` has a method for each; those whose work is longer have a module of their function's
name.
"""
