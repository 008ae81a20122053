"""GitHub's own OpenAPI description as a judge of requests and answers.

The description is the npm package `@octokit/openapi`, fetched once into the user's cache and cut down to the paths that
the adapter and the fake use. Without npm there is no judge: `OpenApi.load()` is None, the judge's own tests are
skipped, and GITOPS_BOT_REQUIRE_REAL=1 turns that into a failure.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

import jsonschema

PACKAGE = "@octokit/openapi@23.0.2"
INTEGRITY = "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=="
"""SHA-512 of the tarball, as the registry names it."""
MEMBER = "package/generated/api.github.com.json"
REPO = "/repos/{owner}/{repo}"
PATHS = (
    "/user",
    "/app",
    "/app/installations",
    "/app/installations/{installation_id}/access_tokens",
    f"{REPO}",
    f"{REPO}/installation",
    f"{REPO}/branches/{{branch}}",
    f"{REPO}/rules/branches/{{branch}}",
    f"{REPO}/pulls",
    f"{REPO}/pulls/{{pull_number}}",
    f"{REPO}/pulls/{{pull_number}}/merge",
    f"{REPO}/pulls/{{pull_number}}/requested_reviewers",
    f"{REPO}/pulls/{{pull_number}}/reviews",
    f"{REPO}/commits/{{ref}}/check-runs",
    f"{REPO}/check-runs",
    f"{REPO}/git/blobs",
    f"{REPO}/git/trees",
    f"{REPO}/git/commits",
    "/users/{username}",
    "/orgs/{org}/teams/{team_slug}/members",
    f"{REPO}/issues/{{issue_number}}/comments",
    f"{REPO}/issues/comments/{{comment_id}}",
    f"{REPO}/issues/comments/{{comment_id}}/reactions",
    f"{REPO}/collaborators/{{username}}/permission",
    f"{REPO}/issues/{{issue_number}}/labels",
    f"{REPO}/issues/{{issue_number}}/labels/{{name}}",
    f"{REPO}/statuses/{{sha}}",
    f"{REPO}/commits/{{ref}}/status",
)


class OpenApi:
    """Judges one request or answer at a time; every violation is a sentence."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._description = description
        self._routes = [(_pattern(path, item), item) for path, item in description["paths"].items()]
        self._validators: dict[int, jsonschema.Draft202012Validator] = {}

    @classmethod
    @cache
    def load(cls) -> Self | None:
        """The description from the cache or from npm; None where neither has it."""
        try:
            return cls(json.loads(_cached().read_text()))
        except (OSError, subprocess.SubprocessError) as error:
            if os.environ.get("GITOPS_BOT_REQUIRE_REAL") == "1":
                raise AssertionError(f"{PACKAGE} cannot be had: {error}") from error
            return None

    def judge_request(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Iterator[str]:
        """What is wrong with a request: an unknown route, query parameter or field, or a value that does not fit."""
        operation = self._operation(method, path)
        if operation is None:
            yield f"{method} {path} is not in the description"
            return
        known = {one["name"]: one["schema"] for one in operation.get("parameters", ()) if one["in"] == "query"}
        for name, value in query.items():
            if name not in known:
                yield f"{method} {path}: no query parameter {name!r}"
            else:
                yield from self._misfits(f"{method} {path}?{name}", _read_as(known[name], value), known[name])
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if body is not None and schema is None:
            yield f"{method} {path} takes no body"
        elif body is not None:
            yield from self._misfits(f"{method} {path}", body, schema)
            fields = {name for one in (schema, *schema.get("anyOf", ())) for name in one.get("properties", ())}
            yield from (f"{method} {path}: no field {name!r}" for name in body if fields and name not in fields)

    def judge_answer(self, method: str, path: str, status: int, body: Any) -> Iterator[str]:
        """What is wrong with an answer: a status that the operation does not have, or a body that does not fit it."""
        operation = self._operation(method, path)
        if operation is None:
            return
        answer = operation["responses"].get(str(status))
        if answer is None and status not in (401, 403, 404):  # the description leaves these out here and there
            yield f"{method} {path} is not answered with {status}"
        schema = (answer or {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            yield from self._misfits(f"{method} {path} → {status}", body, schema)

    def _operation(self, method: str, path: str) -> Any:
        found = (item for pattern, item in self._routes if pattern.fullmatch(unquote(path)))
        return next((item[method.lower()] for item in found if method.lower() in item), None)

    def _misfits(self, where: str, value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
        validator = self._validators.get(id(schema))
        if validator is None:
            whole = {**schema, "components": self._description["components"]}
            validator = self._validators[id(schema)] = jsonschema.Draft202012Validator(whole)
        for error in validator.iter_errors(value):
            yield f"{where} {error.json_path}: {error.message[:300]}"


def _pattern(path: str, item: Mapping[str, Any]) -> re.Pattern[str]:
    """Most parameters are one segment; those that GitHub marks as greedy may hold slashes."""
    parameters = [one for operation in item.values() for one in operation.get("parameters", ())]
    greedy = {one["name"] for one in parameters if one.get("x-multi-segment")} | {"ref", "path", "branch", "name"}
    parts = (re.escape(part) if i % 2 == 0 else (".+" if part in greedy else "[^/]+") for i, part in _split(path))
    return re.compile("".join(parts))


def _split(path: str) -> Iterator[tuple[int, str]]:
    return enumerate(re.split(r"[{}]", path))


def _read_as(schema: Mapping[str, Any], value: str) -> Any:
    return int(value) if schema.get("type") == "integer" and value.lstrip("-").isdigit() else value


def _cached() -> Path:
    """The reduced description; fetched and written whole, or not at all."""
    version = PACKAGE.rpartition("@")[2]
    shape = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]  # other paths, other file
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gitops-bot-tests"
    file = root / f"github-openapi-{version}-{shape}.json"
    if not file.exists():
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root) as scratch:
            part = Path(scratch) / "reduced.json"
            part.write_text(json.dumps(_reduced(json.loads(_fetch(Path(scratch))))))
            part.replace(file)
    return file


def _fetch(folder: Path) -> bytes:
    command = ["npm", "pack", PACKAGE, "--silent", "--fetch-retries=0", "--fetch-timeout=60000"]
    packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=300)
    tarball = (folder / packed.stdout.split()[-1]).read_bytes()
    found = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    assert found == INTEGRITY, f"{PACKAGE} is not what it was: sha512-{found}"
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        member = archive.extractfile(MEMBER)
        assert member is not None
        return member.read()


def _reduced(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The used paths and every component they lead to, as JSON Schema of today."""
    kept: dict[str, Any] = {"paths": {path: whole["paths"][path] for path in PATHS}, "components": {}}
    seen: set[str] = set()
    while wanted := set(re.findall(r'"\$ref": "#/components/([^"]+)"', json.dumps(kept))) - seen:
        for name in wanted:
            kind, _, key = name.partition("/")
            kept["components"].setdefault(kind, {})[key] = whole["components"][kind][key]
        seen |= wanted
    for kind in ("parameters", "responses"):
        parts = kept["components"].pop(kind, {})
        kept["paths"] = _inlined(kept["paths"], f"#/components/{kind}/", parts)
    kept["components"].pop("examples", None)
    reduced = _modern(kept)
    assert isinstance(reduced, dict)
    return reduced


def _inlined(node: Any, prefix: str, parts: Mapping[str, Any]) -> Any:
    """Parameters and responses in place of the references to them; schemas stay references."""
    if isinstance(node, list):
        return [_inlined(item, prefix, parts) for item in node]
    if not isinstance(node, dict):
        return node
    if str(node.get("$ref", "")).startswith(prefix):
        return parts[node["$ref"].removeprefix(prefix)]
    return {key: _inlined(value, prefix, parts) for key, value in node.items()}


def _modern(node: Any) -> Any:
    """OpenAPI 3.0 has `nullable`, JSON Schema has the type null; examples are left out."""
    if isinstance(node, list):
        return [_modern(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _modern(value) for key, value in node.items() if key not in ("examples", "nullable")}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain
