"""The command line: one command a file. The only part of notifconf that prints, asks and exits."""
