"""Sweeps: looks at everybody, few however often they are asked for, in parts when they are long.

    request -> coalesced -> part -> part -> ... -> summary

A sweep that does not fit into one invocation of its function goes on in another, which is told by
`Progress` how far it has come. Users are judged anew in each part, from fresh bulk data, but for
those who are done: what was read minutes ago must not be acted on. Only what bulk data cannot tell,
that a user has no hardware token, no passkey or no password, is asked once a sweep.
"""
