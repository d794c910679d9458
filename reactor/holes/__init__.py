"""What a policy leaves open to a session without MFA: its holes, as AWS's own simulator judges.

    document -> questions -> AWS's policy simulator -> what is open and not expected -> holes
     (pure)      (pure)            (reads)                        (pure)

The policy is asked about as an administrator's, who may do everything that it does not deny. Only
the command line needs this; no function imports it.
"""
