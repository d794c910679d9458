"""Whatever happens to an account and to its events, nothing is lost: see the machine itself."""

from tests.property.machine import EventLoser

TestEventLoser = EventLoser.TestCase
