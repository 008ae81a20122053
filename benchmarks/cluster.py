"""5,000 objects of one kind in a real API server, listed, read and decided: `python -m benchmarks.cluster [--write]`.

The objects are the tests' sample of a healthy Rollout, each with a name of its own, status through its own door and
everything that the server adds. A process of its own measures: idle is after its first (empty) list, when the client
is imported and the connection stands. Decided is what follows from each reading. The server shares the machine with the
bot and with whatever else runs, so that the goal of a list is held against the CPU time of the bot's process, as those
of edits are, and that of a watch, which waits, against wall time; figures are those of the best of several rounds. Ends
with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import urllib3
import yaml

from benchmarks.page import PAGE, write
from gitops_bot.adapters.kubernetes import KubernetesCluster, WatchedCluster
from gitops_bot.experiments import SYSTEMS, Lookup, Resource
from gitops_bot.experiments.act import act
from gitops_bot.model import Act
from tests.support.servers.kubernetes import ApiServer

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "conformance" / "data" / "samples" / "argo-rollouts" / "canary-healthy.yaml"
TITLE = "A cluster's objects"
"""The section that this benchmark writes; the others leave it as it is."""
OBJECTS = 5000
CHANGED = 50
ROUNDS = 7
MOST_S, MOST_MIB = 3.0, 150.0
KIND = SYSTEMS["Rollout"].kind
BASE = f"/apis/{KIND.group}/{KIND.version}/namespaces/default/{KIND.plural}"


def fill(server: ApiServer, numbers: range) -> None:
    """Create the objects, statuses apart."""
    sample = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    pool = urllib3.PoolManager(maxsize=8, ca_certs=str(server.ca_file))
    headers = {"Authorization": f"Bearer {server.admin_token}", "Content-Type": "application/json"}

    def send(method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = pool.request(method, f"{server.url}{path}", body=json.dumps(body), headers=headers)
        assert answer.status in (200, 201), answer.data
        made: dict[str, Any] = json.loads(answer.data)
        return made

    def create(number: int) -> None:
        name = f"cart-{number:05}"
        kept = {key: sample["metadata"][key] for key in ("labels", "annotations") if key in sample["metadata"]}
        made = send("POST", BASE, {**sample, "metadata": {**kept, "name": name}})
        status = {**sample["status"], "observedGeneration": "1"}
        send("PUT", f"{BASE}/{name}/status", {**made, "status": status})

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(create, numbers))


def memory(field: str) -> float:
    """This process's VmRSS or VmHWM in MiB."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def decided(objects: tuple[Resource, ...]) -> list[Act]:
    """What follows from each object."""
    lookup = Lookup(lambda _kind: {})
    return [act(SYSTEMS["Rollout"].read(one, lookup, None)) for one in objects]


def once(cluster: KubernetesCluster | WatchedCluster) -> dict[str, float]:
    """One list, its readings and what follows from them."""
    begun, cpu = time.perf_counter(), time.process_time()
    objects = cluster.list(KIND)
    listed = time.perf_counter()
    acts = decided(objects)
    done = time.perf_counter()
    assert len(acts) == OBJECTS
    assert len(set(acts)) == 1
    return {"list": listed - begun, "decide": done - listed, "all": done - begun, "cpu": time.process_time() - cpu}


def best(cluster: KubernetesCluster | WatchedCluster, rounds: int) -> dict[str, float]:
    """The round that was disturbed least."""
    return min((once(cluster) for _ in range(rounds)), key=lambda figures: figures["cpu"])


def measure(kubeconfig: str) -> None:
    """In a process of its own: prints the figures of lists, waits for a line, and prints those of watches."""
    cluster = KubernetesCluster(kubeconfig=kubeconfig)
    cluster.list(SYSTEMS["Canary"].kind)
    gc.collect()
    idle = memory("VmRSS")
    watched = WatchedCluster(cluster, notice=sys.exit, fresh_s=0)
    once(watched)
    peak = memory("VmHWM") - idle
    tell({"peak": peak, **best(cluster, ROUNDS)})
    sys.stdin.readline()
    tell({**best(watched, ROUNDS), "peak": memory("VmHWM") - idle})


def tell(figures: Mapping[str, float]) -> None:
    """One line for the process that waits for it."""
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def measured() -> tuple[dict[str, float], dict[str, float]]:
    """The figures of a list, and of a watch after some objects have changed."""
    with tempfile.TemporaryDirectory() as folder, ApiServer() as server:
        server.install_crds()
        fill(server, range(OBJECTS))
        file = server.write_kubeconfig(Path(folder) / "kubeconfig")
        command = [sys.executable, "-m", "benchmarks.cluster", "--measure", str(file)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdin
            assert process.stdout
            listed = json.loads(process.stdout.readline())
            for number in range(CHANGED):
                label = {"metadata": {"labels": {"changed": "yes"}}}
                path = f"{BASE}/cart-{number:05}"
                server.request("PATCH", path, label, content_type="application/merge-patch+json")
            process.stdin.write("\n")
            process.stdin.flush()
            return listed, json.loads(process.stdout.readline())


def section(listed: Mapping[str, float], watched: Mapping[str, float]) -> str:
    """What goes to the end of the page."""
    found = [
        "| {name} | {list:.2f} | {decide:.2f} | {all:.2f} | {cpu:.2f} | {peak:.0f} |".format(name=name, **one)
        for name, one in (("list", listed), ("watch", watched))
    ]
    against = [
        f"| {what} | ≤ {limit:g} {unit} | {told:.3g} {unit} | {'PASS' if told <= limit else '**FAIL**'} |"
        for what, limit, unit, told in goals(listed, watched)
    ]
    words = (
        f"{OBJECTS:,} Rollouts in a real API server, as `python -m benchmarks.cluster --write` finds them; the method",
        f"is described there. The watch is that of a later tick, after {CHANGED} objects have changed; most of its",
        "time is the second for which the server is asked to keep it open. Its memory is that of two lists at once, as",
        f"the rounds of the measurement hold them. The load was {os.getloadavg()[1]:.0f} on {os.cpu_count()} cores.\n",
    )
    head = (
        "| read by | objects, s | readings and acts, s | together, s | together, CPU s | peak MiB above idle |",
        "| --- |" + " --: |" * 5,
    )
    return "\n".join([*words, *head, *found, "", "| goal | limit | found |  |", "| --- |" + " --: |" * 3, *against, ""])


def goals(listed: Mapping[str, float], watched: Mapping[str, float]) -> list[tuple[str, float, str, float]]:
    """What, limit, unit, found."""
    return [
        ("listed, read and decided, CPU", MOST_S, "s", listed["cpu"]),
        ("watched, read and decided", MOST_S, "s", watched["all"]),
        ("memory above idle", MOST_MIB, "MiB", listed["peak"]),
    ]


def main() -> None:
    """Measure and report."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--measure", metavar="KUBECONFIG", help=argparse.SUPPRESS)
    options.add_argument("--write", action="store_true", help=f"write the section of {PAGE.name} as well")
    chosen = options.parse_args()
    if chosen.measure:
        measure(chosen.measure)
        return
    figures = measured()
    text = section(*figures)
    sys.stdout.write(text)
    if chosen.write:
        write(TITLE, text)
    sys.exit(any(found > limit for _, limit, _, found in goals(*figures)))


if __name__ == "__main__":
    main()
