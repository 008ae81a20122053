"""A real Kubernetes API server (kube-apiserver and etcd, no nodes) for tests of listing, watching and permission."""

import base64
import json
import os
import platform
import re
import secrets
import shutil
import ssl
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.servers import debian
from tests.support.servers.cache import Unavailable, cached, run_tool
from tests.support.servers.process import Server, fetch, free_ports

KUBERNETES_MINOR_PATCH = "36.3"
"""The release that is built is v1.36.3; its libraries are released as v0.36.3. Needs Go 1.26 or a newer one."""

BUILD_TIMEOUT_S = 1800.0
READY_TIMEOUT_S = 60.0
REQUEST_TIMEOUT_S = 30.0
CRDS_TIMEOUT_S = 60.0

APISERVER_HINT = (
    "to provide kube-apiserver, set $KUBEBUILDER_ASSETS to a folder with kube-apiserver and etcd, put both on PATH, "
    "or install Go (1.26 or newer) with access to a module proxy"
)
ETCD_HINT = "to provide etcd, put it on PATH or into $KUBEBUILDER_ASSETS (Debian: apt install etcd-server)"

REPOSITORY_ROOT = Path(__file__).resolve().parents[3]
CRDS_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def find_apiserver() -> tuple[Path, Path]:
    """The programs `kube-apiserver` and `etcd`; else `Unavailable`.

    From `$KUBEBUILDER_ASSETS`, else PATH, else built with Go (minutes, once) and unpacked from Debian's `etcd-server`.
    """
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets:
        return _program_in(Path(assets), "kube-apiserver"), _program_in(Path(assets), "etcd")
    etcd = shutil.which("etcd")
    apiserver = shutil.which("kube-apiserver")
    etcd_path = Path(etcd) if etcd else cached("etcd", debian.release(), _unpack_etcd) / "usr" / "bin" / "etcd"
    return Path(apiserver) if apiserver else _built_apiserver(), etcd_path


def _program_in(folder: Path, name: str) -> Path:
    program = folder / name
    if not program.is_file():
        raise Unavailable(
            f"$KUBEBUILDER_ASSETS names {folder}, which has no {name}; put it there or unset the variable"
        )
    return program


def _unpack_etcd(into: Path) -> None:
    debian.unpack("etcd-server", into, hint=ETCD_HINT)
    if not (into / "usr" / "bin" / "etcd").exists():
        raise Unavailable(f"the package etcd-server has no /usr/bin/etcd; {ETCD_HINT}")


def _built_apiserver() -> Path:
    return cached("kube-apiserver", f"1.{KUBERNETES_MINOR_PATCH}", _build_apiserver) / "kube-apiserver"


def _build_apiserver(into: Path) -> None:
    """Build the program from a module of our own: Kubernetes replaces its libraries by folders that no proxy serves."""
    version = f"v1.{KUBERNETES_MINOR_PATCH}"
    with tempfile.TemporaryDirectory(prefix="kube-apiserver-") as name:
        folder = Path(name)
        _go(folder, "mod", "init", "kube-apiserver")
        facts = json.loads(_go(folder, "mod", "download", "-json", f"k8s.io/kubernetes@{version}"))
        (folder / "go.mod").write_text(_module_around(Path(facts["GoMod"]).read_text(), version))
        linked = f"-s -w -X k8s.io/component-base/version.gitVersion={version}"
        output = str(into / "kube-apiserver")
        options = ["-mod=mod", "-trimpath", "-buildvcs=false", f"-ldflags={linked}", "-o", output]
        _go(folder, "build", *options, "k8s.io/kubernetes/cmd/kube-apiserver")


def _module_around(kubernetes_mod: str, version: str) -> str:
    """A go.mod that requires Kubernetes and replaces each `./staging` path of `kubernetes_mod` by its release."""
    language = re.findall(r"^go \S+$", kubernetes_mod, re.MULTILINE)
    staged = re.findall(r"^\s*(k8s\.io/\S+) => \./staging/", kubernetes_mod, re.MULTILINE)
    replaced = [f"replace {path} => {path} v0.{KUBERNETES_MINOR_PATCH}" for path in staged]
    return "\n".join(["module kube-apiserver", *language, f"require k8s.io/kubernetes {version}", *replaced, ""])


def _go(folder: Path, *arguments: str) -> str:
    environment = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}  # no C compiler, nothing of the user's settings
    command = ["go", *arguments]
    return run_tool(command, hint=APISERVER_HINT, timeout_s=BUILD_TIMEOUT_S, cwd=folder, env=environment)


class ApiError(Exception):
    """The API server answered with an HTTP error; the text carries its explanation."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class ApiServer:
    """kube-apiserver with RBAC on a free loopback port, over an etcd of its own; a context manager."""

    url: str
    """Where it answers (https), without a trailing slash."""
    ca_file: Path
    """The certificate that clients verify it by; gone after `stop`."""

    def __init__(self) -> None:
        self.admin_token = secrets.token_hex(16)
        """Bearer token of a member of `system:masters`."""
        self.nobody_token = secrets.token_hex(16)
        """Bearer token of the user `nobody`, who is known and may do nothing."""
        self._held = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as held:
            apiserver, etcd = find_apiserver()
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="apiserver-")))
            client_port, peer_port, port = free_ports(3)
            held.enter_context(_started_etcd(etcd, folder, client_port=client_port, peer_port=peer_port))
            self._serve(held, apiserver, folder, port=port, etcd_port=client_port)
            self._held = held.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End both servers and remove their data; harmless when repeated."""
        self._held.close()

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        """Send one request, as admin unless `token` says otherwise, and return the parsed answer.

        `body` is sent as it is when it is bytes, else as JSON. Raises `ApiError` on 4xx and 5xx.
        """
        answer: dict[str, Any] = json.loads(self._send(method, path, body, token=token, content_type=content_type))
        return answer

    def write_kubeconfig(self, path: Path, *, token: str | None = None) -> Path:
        """Write a kubeconfig of one context at `path`, for the admin unless `token` says otherwise; returns `path`."""
        authority = base64.b64encode(self.ca_file.read_bytes()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "test", "cluster": {"server": self.url, "certificate-authority-data": authority}},
            ],
            "users": [{"name": "test", "user": {"token": token or self.admin_token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        }
        path.write_text(json.dumps(config, indent=2))  # JSON is YAML
        return path

    def install_crds(self, folder: Path | None = None) -> list[str]:
        """Create every custom resource definition found in `folder`, wait until all are served, return their names.

        Without `folder`: `$GITOPS_BOT_CRDS`, else `../shared/crds` beside the repository, else permissive definitions
        of rollouts and canaries.
        """
        found = folder or _crds_folder()
        documents = _crds_in(found) if found else [json.dumps(each).encode() for each in PERMISSIVE_CRDS]
        created = [self.request("POST", CRDS_PATH, each, content_type="application/yaml") for each in documents]
        names = [str(crd["metadata"]["name"]) for crd in created]
        self._wait_served(set(names))
        return names

    def install_permissive(self, kinds: Mapping[tuple[str, str, str], Iterable[str]]) -> None:
        """Create permissive definitions of the kinds that are not installed yet, and wait until they are served.

        `kinds` gives the versions, the stored one first, of each (API group, kind, plural).
        """
        there = {crd["metadata"]["name"] for crd in self._crds()}
        missing = {key: versions for key, versions in kinds.items() if f"{key[2]}.{key[0]}" not in there}
        for (group, kind, plural), versions in missing.items():
            self.request("POST", CRDS_PATH, permissive_crd(group, kind, plural, *versions))
        self._wait_served({f"{plural}.{group}" for group, _, plural in missing})

    def _serve(self, held: ExitStack, apiserver: Path, folder: Path, *, port: int, etcd_port: int) -> None:
        certificates = folder / "certificates"
        key = folder / "service-account.pem"
        _write_private_key(key)
        tokens = folder / "tokens.csv"
        tokens.write_text(f'{self.admin_token},admin,admin,"system:masters"\n{self.nobody_token},nobody,nobody\n')
        command = [
            str(apiserver),
            f"--etcd-servers=http://127.0.0.1:{etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={certificates}",
            "--authorization-mode=RBAC",
            f"--token-auth-file={tokens}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",  # no controller makes the accounts that it wants
        ]
        server = held.enter_context(Server(command, log=folder / "kube-apiserver.log"))
        self.url = f"https://127.0.0.1:{port}"
        self.ca_file = certificates / "apiserver.crt"
        server.wait_until(self._is_ready, timeout_s=READY_TIMEOUT_S)

    def _is_ready(self) -> bool:
        try:
            return self._send("GET", "/readyz") == b"ok"
        except (ApiError, OSError):  # not listening yet, or no certificate yet, or not ready
            return False

    def _send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        headers = {"Authorization": f"Bearer {token or self.admin_token}", "Accept": "application/json"}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = content_type
        request = urllib.request.Request(f"{self.url}{path}", data=data, headers=headers, method=method)
        trusted = ssl.create_default_context(cafile=str(self.ca_file))
        try:
            return fetch(request, timeout_s=REQUEST_TIMEOUT_S, trusted=trusted)
        except urllib.error.HTTPError as refused:
            with refused:
                raise ApiError(refused.code, refused.read().decode(errors="replace")) from refused

    def _wait_served(self, names: set[str]) -> None:
        """Wait until the definitions are established and each of their versions can be listed.

        Established is not enough: the first list makes the storage, and is refused with 429 while that warms up.
        """
        deadline = time.monotonic() + CRDS_TIMEOUT_S
        while missing := names - {crd["metadata"]["name"] for crd in self._crds() if _is_established(crd)}:
            _pause_before(deadline, f"not established: {', '.join(sorted(missing))}")
        lists = [path for crd in self._crds() if crd["metadata"]["name"] in names for path in _list_paths(crd)]
        while refused := [path for path in lists if not self._lists(path)]:
            _pause_before(deadline, f"not served: {', '.join(refused)}")
            lists = refused

    def _crds(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.request("GET", CRDS_PATH)["items"]
        return items

    def _lists(self, path: str) -> bool:
        try:
            self.request("GET", path)
        except ApiError as refused:
            if refused.status in (404, 429):  # not routed yet, storage not warm yet
                return False
            raise
        return True


def _started_etcd(etcd: Path, folder: Path, *, client_port: int, peer_port: int) -> Server:
    """An etcd of one member; kube-apiserver waits for it to answer."""
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    command = [
        str(etcd),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    ]
    architecture = {"aarch64": "arm64"}.get(platform.machine(), "")  # etcd 3.4 starts on arm64 only when asked to
    return Server(command, log=folder / "etcd.log", env={**os.environ, "ETCD_UNSUPPORTED_ARCH": architecture})


def _write_private_key(path: Path) -> None:
    """A fresh RSA key, for the service-account tokens that kube-apiserver will not start without."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )


def _crds_folder() -> Path | None:
    named = os.environ.get("GITOPS_BOT_CRDS")
    if named:
        return Path(named)
    shared = REPOSITORY_ROOT.parent / "shared" / "crds"
    return shared if shared.is_dir() else None


def _crds_in(folder: Path) -> list[bytes]:
    """Every definition in the YAML files of `folder`, as written: the server reads YAML faster than we do."""
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    documents = [document for file in files for document in re.split(r"^---.*$", file.read_text(), flags=re.MULTILINE)]
    definition = re.compile(r"^kind: *CustomResourceDefinition\s*$", re.MULTILINE)
    found = [document.encode() for document in documents if definition.search(document)]
    if not found:
        raise ValueError(f"{folder} holds no CustomResourceDefinition")
    return found


def _is_established(crd: dict[str, Any]) -> bool:
    conditions = crd.get("status", {}).get("conditions") or []  # null until a controller has looked at it
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def _list_paths(crd: dict[str, Any]) -> list[str]:
    """Where the objects of this definition are listed, one path for each served version."""
    group, plural = crd["spec"]["group"], crd["spec"]["names"]["plural"]
    return [f"/apis/{group}/{each['name']}/{plural}" for each in crd["spec"]["versions"] if each["served"]]


def _pause_before(deadline: float, problem: str) -> None:
    """Sleep a little between two polls, or raise once `deadline` (monotonic) has passed."""
    if time.monotonic() > deadline:
        raise RuntimeError(f"{problem} within {CRDS_TIMEOUT_S:.0f} s")
    time.sleep(0.1)


def permissive_crd(group: str, kind: str, plural: str, stored: str, *others: str) -> dict[str, Any]:
    """A definition that accepts every field in each of its versions, and has a status subresource."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},  # *.k8s.io asks for one
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == stored,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
                for version in (stored, *others)
            ],
        },
    }


PERMISSIVE_CRDS = (
    permissive_crd("argoproj.io", "Rollout", "rollouts", "v1alpha1"),
    permissive_crd("flagger.app", "Canary", "canaries", "v1beta1"),
)
