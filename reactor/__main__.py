"""`python -m reactor` is `mfa-reactor`."""

from reactor.cli import main

if __name__ == "__main__":
    main()
