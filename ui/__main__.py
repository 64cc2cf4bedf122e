"""`python -m ui` is `lessons`."""

from ui.cli import main

main()
