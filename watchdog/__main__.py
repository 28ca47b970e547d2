"""`python -m watchdog` and the installed `sre-watchdog` are the same command."""

from watchdog.cli import main

if __name__ == "__main__":
    main()
