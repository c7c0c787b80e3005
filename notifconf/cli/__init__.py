"""The command line: one command a file. The only part of notifconf that prints, asks and exits."""

import gc

# What a command imports stays: to look for garbage in it every few hundred objects takes a twentieth of its start.
gc.set_threshold(50_000, 20, 20)
