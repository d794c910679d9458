"""Inspection: whether the reactor can hear and act at all. What no event can bring is looked up.

    reads -> facts -> findings -> alarms (each sweep), or a table (`mfa-reactor doctor`)
           (frozen)  (pure)

A trail that was stopped, or a rule that was disabled, brings no event that says so: the records of
the trail and of other services surface in other regions, and a disabled rule hears nothing.
"""
