"""Programs from Debian packages, unpacked into the cache; nothing is installed and no system file is touched."""

import platform
from pathlib import Path

from tests.support.servers.cache import Unavailable, cache_root, run_tool

DOWNLOAD_TIMEOUT_S = 300.0


def release() -> str:
    """The distribution's release, such as `debian-12`: a package's build depends on it."""
    try:
        facts = platform.freedesktop_os_release()
    except OSError:
        return "unknown"
    return f"{facts['ID']}-{facts.get('VERSION_ID', facts.get('VERSION_CODENAME', 'rolling'))}"


def unpack(package: str, into: Path, *, hint: str) -> None:
    """Download `package` and unpack its files below `into`: with the system's package lists, else with fresh ones.

    Raises `Unavailable` where there is no apt, no such package or no mirror.
    """
    try:
        _download(package, into, config=None, hint=hint)
    except Unavailable:
        _download(package, into, config=_private_lists(hint), hint=hint)
    for archive in into.glob("*.deb"):
        run_tool(["dpkg-deb", "-x", archive.name, "."], hint=hint, timeout_s=DOWNLOAD_TIMEOUT_S, cwd=into)
        archive.unlink()


def _download(package: str, into: Path, *, config: Path | None, hint: str) -> None:
    options = ["-q", *(["-c", str(config)] if config else [])]
    run_tool(["apt-get", *options, "download", package], hint=hint, timeout_s=DOWNLOAD_TIMEOUT_S, cwd=into)


def _private_lists(hint: str) -> Path:
    """Fetch package lists of our own and return the apt configuration that uses them.

    The hooks that a distribution runs after an update act on the system, so they are cleared.
    """
    folder = cache_root() / "apt"
    for needed in ("state/lists/partial", "cache/archives/partial"):
        (folder / needed).mkdir(parents=True, exist_ok=True)
    config = folder / "apt.conf"
    config.write_text(
        f'Dir::State "{folder}/state";\n'
        f'Dir::State::lists "{folder}/state/lists";\n'
        f'Dir::Cache "{folder}/cache";\n'
        'APT::Sandbox::User "root";\n'  # the _apt user cannot write below a home folder
        'Acquire::http::Timeout "20";\n'
        "#clear APT::Update::Post-Invoke;\n"
        "#clear APT::Update::Post-Invoke-Success;\n"
    )
    run_tool(["apt-get", "-q", "-c", str(config), "update"], hint=hint, timeout_s=DOWNLOAD_TIMEOUT_S, cwd=folder)
    return config
