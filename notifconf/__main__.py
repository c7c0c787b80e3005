"""`python -m notifconf`."""

from notifconf.cli.main import main

main()
