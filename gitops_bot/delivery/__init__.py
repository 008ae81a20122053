"""From a step and its changes to pull requests: names, text, gates, actions. Pure."""
