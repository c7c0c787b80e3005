"""What production does to a client, to be switched on: `notifconf emulator --fault SPEC`, tests, `/_emulator`."""

from notifconf.emulator.faults.spec import KINDS, Fault, parse_fault

__all__ = ["KINDS", "Fault", "parse_fault"]
