"""`python -m leadlib` is the command `leadlib`."""

from leadlib.cli import main

if __name__ == "__main__":
    main()
