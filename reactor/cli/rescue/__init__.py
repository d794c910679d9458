"""What helps a locked-out user, said as steps. Pure, and for people: nothing here asks AWS.

steps: a step, and how a command line is written. person: the user under the settings, and what
follows from both. enrolment, sessions, release: the steps by what they bring about. advice: which
of them, and in which order.

What the guard opens before MFA is in reactor.guard.document; what else AWS does is in its
documentation, unless a comment says where it was seen. What a person must put in is in CAPITALS.
"""
