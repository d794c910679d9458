"""The guard, proven: what its document does to real requests, action by action.

An independent simulator (sandbox/oracle) decides on every request; what it must decide is written
out in `tables`, by hand and without a look at the generator:

- `combinations`: the settings that make a document, in each combination;
- `sessions`: who asks, and what its requests carry;
- `cases`: what is asked, on whom, with what;
- `tables`: what must be allowed.

`make test` asks all of IAM and STS and an action of every other service, `make prove` every action
that AWS documents: in every combination of the options, and in every session.
"""
