"""Who sweeps an account in the bench: ours, Custodian, a blog's Lambda, the bare bulk reads."""
