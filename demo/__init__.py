"""`make demo`: the reactor at work in a local AWS account, in front of one's eyes.

    stage.py   an account with a past, and `chalice deploy` into it
    story.py   what happens, to whom, and what should come of it: data
    play.py    carries a step out, gathers the evidence, judges
    show.py    what is seen of it
    audit.py   the audit trail, read back with the AWS CLI

Nothing here is believed because it should be so: verdict, actions and times come from the audit
records in CloudWatch Logs, and whether the guard is on is asked of IAM.
"""
