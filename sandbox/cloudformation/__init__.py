"""CloudFormation, as far as a stack of queues, alarms, topics and event invoke configs needs it.

moto's own wants a dozen more libraries, lacks half of these resources, and updates few of the rest.
Here a stack makes its resources through the account's front door, in the name of who asked for it:
they are as strict as any others, and their records say that CloudFormation made the call.

    template (what it says) -> intrinsics (with these parameters) -> engine -> kinds (API calls)
"""
