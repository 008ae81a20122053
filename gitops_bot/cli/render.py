"""`gitops-bot policy render`: what pipelines become, as ordinary policies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gitops_bot.policy.loading import LoadedPolicy

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9/._-]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
"""Other YAML readers, and other versions of YAML, see more in these than text."""


@click.group("policy")
def group() -> None:
    """Look at policies as the bot reads them."""


@group.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--config",
    "-c",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The bot's configuration, whose defaults count.",
)
def render(files: tuple[Path, ...], config: Path | None) -> None:
    """Print every policy of the files, those that pipelines become among them, as YAML that loads to the same.

    \b
    Example:
      gitops-bot policy render policies/pipeline.yaml
    """
    from gitops_bot import sources
    from gitops_bot.cli import load
    from gitops_bot.policy.loading import load_policies

    said = load(config).spec.defaults.said if config else "{}"
    click.echo(text(load_policies(sources.files(files), whole=sources.are_whole(files), said=said)), nl=False)


def text(loaded: Sequence[LoadedPolicy]) -> str:
    """The policies as documents of one YAML stream."""
    return "".join(_documents(loaded))


def _documents(loaded: Sequence[LoadedPolicy]) -> Iterator[str]:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes what any reader could take for something else than text; writes no anchors."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class's signature
            return True

    def quoted(dumper: Dumper, value: str) -> Any:
        plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')

    Dumper.add_representer(str, quoted)
    for one in loaded:
        body = yaml.dump(dict(one.written), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10_000)
        yield f"---\n# {one.policy.name}, from {one.file}:{one.line}\n{body}"
