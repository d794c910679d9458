"""One module a module of the reactor; no network."""
