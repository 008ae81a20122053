"""gitops-bot opens the pull requests that promote a release, on evidence."""

__version__ = "0.1.0"
