"""What raises alarms from events: abuse, and changes of the guard, the reactor and the trail."""
