"""The functions' roles: what each may do, made from what its reads and actions declare.

In observe mode no role can change anything, so that a stage that was told to observe can be trusted
to.
"""
