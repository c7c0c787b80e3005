"""What is claimed about speed, as commands: `make bench` runs them all and writes RESULTS.md."""
