"""Small files to edit: those of the tests in all their layouts, and kustomizations as people write them."""

from __future__ import annotations

import random
from functools import cache

from benchmarks.case import Case
from gitops_bot.edits.sense import Plain
from tests.edits.test_corpus import CORPUS, LAYOUTS, MARK, PLACES

KUSTOMIZATIONS = 107
SEED = 20_260_302


@cache
def small() -> tuple[Case, ...]:
    """Every file of the tests' corpus in every layout, one value of each."""
    return tuple(_one(file, layout, turn) for layout in LAYOUTS for turn, file in enumerate(PLACES))


def _one(file: str, layout: str, turn: int) -> Case:
    text = LAYOUTS[layout]((CORPUS / file).read_text())
    marks = list(MARK.finditer(text))
    number = turn % len(marks)
    before, after = text[: marks[number].start()], text[marks[number].end() :]
    where, _, path = PLACES[file][number].rpartition(" ") if file == "many.yaml" else ("", "", PLACES[file][number])
    name, _, namespace = where.partition("/")
    old = marks[number][1]
    new: Plain = 42 if old.isdigit() else "v2.3.4"
    document = ("ConfigMap", name, namespace) if name else ("", "", "")
    return Case(file, path, MARK.sub(r"\1", before), old, MARK.sub(r"\1", after), new, document)


# ---------------------------------------------------------------- kustomizations

_FIELDS = (
    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
    "# Owned by team-checkout; ask before you change it.\n",
    "namespace: shop-prod\n",
    "bases:\n@../../base\n",
    "resources:\n@../../base\n@ingress.yaml   # public\n",
    "commonLabels:\n  team: checkout\n  tier: backend\n",
    "patchesStrategicMerge:\n@replicas.yaml\n# - debug.yaml\n",
    "patches:\n@path: replicas.yaml\n_target: {kind: Deployment, name: shop}\n",
    "generatorOptions: {disableNameSuffixHash: true}\n",
)
"""`@` begins an item of a list, `_` a further line of it, in the style of the file."""
_DASHES = ("- ", "- ", "  - ", "  - ", "    - ")


@cache
def kustomizations() -> tuple[Case, ...]:
    """Kustomizations of different age and taste, each with the image whose tag is set."""
    rng = random.Random(SEED)
    return tuple(_kustomization(rng) for _ in range(KUSTOMIZATIONS))


def _kustomization(rng: random.Random) -> Case:
    fields = rng.sample(_FIELDS, rng.randint(2, 6))
    blank = rng.choice(["", "", "\n"])
    at = rng.randint(0, len(fields))
    quote = rng.choice(["", "", '"', "'"])
    comment = rng.choice(["", " # promoted", "   # set by CI"])
    others = rng.choice(["", "@name: ghcr.io/acme/web # ours\n_newTag: 0.9.1\n"])
    head = f"{blank.join(fields[:at])}images:\n{others}@name: ghcr.io/acme/shop\n_newTag: "
    tail = f"{comment}\n{blank.join(fields[at:])}"
    dash = rng.choice(_DASHES)
    before, after = (_in_style(text, dash) for text in (head, tail))
    path = "images[name=ghcr.io/acme/shop].newTag"
    return Case("kustomization.yaml", path, before, f"{quote}1.2.3{quote}", after, "1.2.4")


def _in_style(text: str, dash: str) -> str:
    return text.replace("\n@", f"\n{dash}").replace("\n_", "\n" + " " * len(dash))
