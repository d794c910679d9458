"""What wakes us: inbound payloads become causes. Pure: no AWS calls, no clock."""
