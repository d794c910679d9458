"""AWS Config, as far as a custom rule's function needs it: invocations, items and results."""
