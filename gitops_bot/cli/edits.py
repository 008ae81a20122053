"""`gitops-bot set` and `gitops-bot get`: edits by hand, as exact as the bot's own, and of use without it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from gitops_bot.errors import EXIT_CHANGES, EditError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_bot.cli.orders import Desk
    from gitops_bot.edits.sense import Value
    from gitops_bot.model import Change, Version
    from gitops_bot.policy.schema import HandEdit

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

EXIT_CODES = """\b
Exit codes:
  0 done, or nothing to do
  1 --dry-run: something would change
  2 refused, or wrong usage: nothing was changed"""

_TRUTHS = frozenset({"y", "n", "yes", "no", "on", "off"})
"""What YAML 1.1 takes for a truth value and YAML 1.2 does not."""

_repo = click.option(
    "--repo", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The repository.  [default: .]"
)
_dry_run = click.option("--dry-run", is_flag=True, help="Write nothing; exit 1 when something would change.")
_anchors = click.option(
    "--shared-anchors", type=click.Choice(["allow"]), help="Write what others share through a YAML anchor."
)
_base = click.option(
    "--shared-base", type=click.Choice(["allow"]), help="Write a kustomization that several overlays use."
)
_diff = click.option("--diff", is_flag=True, help="Print the changes as a unified diff.")
_remove = click.option("--remove", is_flag=True, help="Remove what is there; goes without VALUE.")
_create = click.option("--create", is_flag=True, help="Add the key where it is absent.")
_type = click.option(
    "--type", "kind", type=click.Choice(["string", "integer", "boolean"]), help="Default: that of the old value."
)
_document = (
    click.option("--kind", "of_kind", help="The document's kind, when the file has several documents."),
    click.option("--name", "of_name", help="Its metadata.name."),
    click.option("--namespace", "of_namespace", help="Its metadata.namespace."),
)


def _with(*options: Callable[[CommandT], CommandT]) -> Callable[[CommandT], CommandT]:
    def decorate(command: CommandT) -> CommandT:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_setting = _with(_diff, _dry_run, _repo, _anchors, _base)


# ---------------------------------------------------------------- set


@click.group("set", invoke_without_command=True, epilog=EXIT_CODES)
@click.option("--batch", type=click.File("rb"), help="Carry out edits from JSON lines; `-` is stdin.")
@_with(_repo, _dry_run)
@click.pass_context
def setting(context: click.Context, /, batch: BinaryIO | None, **_: Any) -> None:
    """Set one value in a file and leave every other byte as it is, or say why not.

    \b
    Examples:
      gitops-bot set image overlays/prod ghcr.io/acme/checkout:1.10.0
      gitops-bot set helm charts/shop/values.yaml image.tag 1.10 --diff
      gitops-bot set yaml shop.yaml spec.replicas 5 --kind Deployment --dry-run

    \b
    With --batch every line is an edit as a policy holds it, and a value:
      {"edit": {"yaml": {"file": "f.yaml", "path": "a.b[0].c"}}, "value": "x"}
    Each is answered by a line, in order; a refusal changes nothing:
      {"changed": true, "old": "w", "new": "x", "error": null}

    What the files hold is not judged: versions may fall.
    """
    if context.invoked_subcommand is None and batch is None:
        raise click.UsageError("Missing command, or --batch.", context)
    if batch is None:
        return
    if context.invoked_subcommand is not None:
        raise click.UsageError(f"--batch goes without {context.invoked_subcommand}.", context)
    from gitops_bot.cli.orders import answers

    changed = refused = False
    desk = _desk(context)
    for answer in answers(batch, desk):
        click.echo(str(answer))
        changed, refused = changed or answer.changed, refused or answer.error is not None
    sys.exit(UsageError.exit_code if refused else EXIT_CHANGES if changed and desk.dry else 0)


@setting.command(epilog=EXIT_CODES)
@click.argument("folder", metavar="DIR")
@click.argument("image", metavar="NAME:TAG")
@_with(click.option("--remove", is_flag=True, help="Remove the entry of the image; give its NAME alone."), _setting)
@click.pass_context
def image(context: click.Context, /, folder: str, image: str, *, remove: bool, **_: Any) -> None:
    """Set the tag of an image in the kustomization of DIR: NAME:TAG, NAME@sha256:… or NAME:TAG@sha256:…

    \b
    Example:
      gitops-bot set image overlays/prod ghcr.io/acme/checkout:1.10.0
    """
    with _refusals():
        name, version = (image, None) if remove else split_image(image)
        _set(context, _place(context, {"kustomizeImage": {"path": folder, "name": name}}), version)


@setting.command(epilog=EXIT_CODES)
@click.argument("file")
@click.argument("key")
@click.argument("value", required=False)
@_with(_type, _create, _remove)
@_setting
@click.pass_context
def helm(context: click.Context, /, file: str, key: str, *, create: bool, **_: Any) -> None:
    """Set a value in a Helm values file. A VALUE that begins with a dash follows `--`.

    \b
    Example:
      gitops-bot set helm charts/shop/values.yaml image.tag 1.10
    """
    with _refusals():
        _set_text(context, {"helmValue": {"file": file, "key": key, "create": create}})


@setting.command(epilog=EXIT_CODES)
@click.argument("file")
@click.argument("path")
@click.argument("value", required=False)
@_with(*_document, _type, _create, _remove)
@_setting
@click.pass_context
def yaml(context: click.Context, /, file: str, path: str, *, create: bool, **_: Any) -> None:
    """Set a value in a YAML file, by a path like a.b[0].c or images[name=x].newTag.

    VALUE takes the type of the old value: an integer stays an integer, true and false stay what they are, anything
    else is text, so that 1.10 over 1.9 is written "1.10". A VALUE that begins with a dash follows `--`.

    \b
    Example:
      gitops-bot set yaml shop.yaml spec.replicas 5 --kind Deployment --name shop
    """
    with _refusals():
        _set_text(context, {"yaml": {"file": file, "path": path, "create": create, **_where(context)}})


@setting.command(epilog=EXIT_CODES)
@click.argument("edit")
@click.argument("value", required=False)
@_with(_type, _remove)
@_setting
@click.pass_context
def edit(context: click.Context, /, edit: str, **_: Any) -> None:
    """Set any place that a policy can name: EDIT is an edit of a policy, as YAML or JSON.

    With `set` in it VALUE is a version or a weight, else the value itself.

    \b
    Example:
      gitops-bot set edit '{virtualService: {file: vs.yaml, stable: v1, canary: v2}, set: weight}' 25
    """
    with _refusals():
        _set_text(context, _mapping(edit))


def _set_text(context: click.Context, given: Mapping[str, Any]) -> None:
    """Carry out an edit whose value is text, or is to be removed."""
    place = _place(context, given)
    text, remove, kind = (context.params[name] for name in ("value", "remove", "kind"))
    if (text is None) is not remove:
        raise UsageError("give either a VALUE or --remove")
    if text is None:
        _set(context, place, None)
    elif place.set is not None or place.value is not None:
        if kind:
            raise UsageError("--type goes without `set` and `value` in the edit")
        _set(context, place, text)
    else:
        _set(context, place, meant(text, kind, _old(_desk(context), place)))


def _old(desk: Desk, place: HandEdit) -> Value:
    try:
        return desk.get(place)
    except EditError:  # it is absent, or a refusal that writing will meet again
        return None


def _set(context: click.Context, place: HandEdit, value: Value) -> None:
    from gitops_bot import edits
    from gitops_bot.cli.orders import Order

    desk = _desk(context)
    changes = desk.put(Order(place, value))
    for said in edits.warnings([place], desk.tree):
        click.echo(f"warning: {_shown(said)}", err=True)
    if not changes:
        click.echo("Nothing to do.", err=True)
    elif context.params["diff"]:
        from gitops_bot.delivery.diffs import diff

        text = diff(changes)
        click.echo(_shown(text) if sys.stdout.isatty() else text, nl=False)
    else:
        for line in _lines(changes):
            click.echo(_shown(line))
    sys.exit(EXIT_CHANGES if changes and desk.dry else 0)


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        for move in change.moves:
            yield f"{move.place}: {move.old or '(nothing)'} → {move.new or '(nothing)'}"


# ---------------------------------------------------------------- get


@click.group("get")
@_repo
def getting(**_: Any) -> None:
    """Print one value of a file: what `set` would write over.

    \b
    Examples:
      gitops-bot get image overlays/prod ghcr.io/acme/checkout
      gitops-bot get helm charts/shop/values.yaml image.tag
      gitops-bot get yaml shop.yaml spec.replicas --kind Deployment
    """


@getting.command("image")
@click.argument("folder", metavar="DIR")
@click.argument("name")
@_repo
@click.pass_context
def get_image(context: click.Context, /, folder: str, name: str, **_: Any) -> None:
    """Print the tag, or the tag and the digest, of an image in the kustomization of DIR."""
    _get(context, {"kustomizeImage": {"path": folder, "name": name}})


@getting.command("helm")
@click.argument("file")
@click.argument("key")
@_repo
@click.pass_context
def get_helm(context: click.Context, /, file: str, key: str, **_: Any) -> None:
    """Print a value of a Helm values file."""
    _get(context, {"helmValue": {"file": file, "key": key}})


@getting.command("yaml")
@click.argument("file")
@click.argument("path")
@_with(*_document, _repo)
@click.pass_context
def get_yaml(context: click.Context, /, file: str, path: str, **_: Any) -> None:
    """Print a value of a YAML file."""
    _get(context, {"yaml": {"file": file, "path": path, **_where(context)}})


@getting.command("edit")
@click.argument("edit")
@_repo
@click.pass_context
def get_edit(context: click.Context, /, edit: str, **_: Any) -> None:
    """Print what any place holds that a policy can name: EDIT is an edit of a policy, as YAML or JSON."""
    with _refusals():
        given = _mapping(edit)
    _get(context, given)


def _get(context: click.Context, given: Mapping[str, Any]) -> None:
    from gitops_bot.edits.scalar import text_of

    with _refusals():
        value = _desk(context).get(_place(context, given))
    text = text_of(value) if isinstance(value, bool) else "" if value is None else str(value)
    click.echo(_shown(text) if sys.stdout.isatty() else text)


# ---------------------------------------------------------------- what is given


@dataclass(frozen=True, slots=True)
class _Given:
    """The options that the group and its commands share; the command's own count first."""

    repo: Path
    dry: bool


def _given(context: click.Context) -> _Given:
    levels = [one.params for one in (context, context.parent) if one is not None]
    repo = next((level["repo"] for level in levels if level.get("repo")), Path())
    return _Given(repo, any(level.get("dry_run") for level in levels))


def _desk(context: click.Context) -> Desk:
    from gitops_bot.adapters.folder import Folder
    from gitops_bot.cli.orders import Desk

    given = _given(context)
    return Desk(Folder(given.repo), dry=given.dry)


def _place(context: click.Context, given: Mapping[str, Any]) -> HandEdit:
    from gitops_bot.cli.orders import edit_of

    names = {"sharedAnchors": "shared_anchors", "sharedBase": "shared_base"}
    shared = {name: context.params[option] for name, option in names.items() if context.params.get(option)}
    return edit_of({**given, **shared})


def _where(context: click.Context) -> dict[str, Any]:
    asked = {key: context.params[f"of_{key}"] for key in ("kind", "name", "namespace")}
    chosen = {key: value for key, value in asked.items() if value is not None}
    return {"where": chosen} if chosen else {}


def _mapping(text: str) -> Mapping[str, Any]:
    from gitops_bot.policy.marks import read

    reading = read(text.encode(errors="replace"))
    if reading.stopped:
        raise UsageError(f"EDIT is not YAML: {reading.stopped.message}")
    if len(reading.documents) != 1 or not isinstance(reading.documents[0].value, dict):
        raise UsageError("EDIT is a mapping like '{yaml: {file: f.yaml, path: a.b}}'")
    return reading.documents[0].value


def split_image(text: str) -> tuple[str, Version]:
    """`registry:5000/name:tag@sha256:…` as its name and its version. Errors: UsageError."""
    from gitops_bot.model import Version

    rest, _, digest = text.partition("@")
    folder, slash, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    if not name or not (tag or digest) or "=" in rest:
        raise UsageError(f"{text!r} is no image with a version", remedy="Write NAME:TAG, NAME@sha256:… or both.")
    return f"{folder}{slash}{name}", Version(tag, digest)


def meant(text: str, kind: str | None, old: Value) -> str | int | bool:
    """A value from the command line in the type that it is meant to have. Errors: UsageError."""
    word = str(old).lower() if isinstance(old, str | bool) else ""
    if kind is None and text.lower() in _TRUTHS and text != old and word in _TRUTHS | {"true", "false"}:
        raise UsageError(f"readers disagree whether {text!r} is a truth value", remedy="Say --type string or boolean.")
    if kind == "boolean" or (kind is None and isinstance(old, bool) and text in ("true", "false")):
        if text not in ("true", "false"):
            raise UsageError(f"{text!r} is neither true nor false")
        return text == "true"
    number = re.fullmatch(r"0|-?[1-9][0-9]{0,17}", text)
    if kind == "integer" and not number:
        raise UsageError(f"{text!r} is no integer")
    if number and (kind == "integer" or (kind is None and isinstance(old, int) and not isinstance(old, bool))):
        return int(text)
    return text


@contextmanager
def _refusals() -> Iterator[None]:
    """Here every refusal has one exit code: what has many is for policies, which many things can go wrong with."""
    try:
        yield
    except EditError as error:
        raise UsageError(error.what, where=error.where, remedy=error.remedy) from error


def _shown(text: str) -> str:
    """Text from files without what a terminal would obey."""
    return "".join(char if char.isprintable() or char in "\t\n" else " " for char in text)
