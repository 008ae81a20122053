"""`python -m gitops_bot`."""

from gitops_bot.cli import main

main()
