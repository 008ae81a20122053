# ruff: noqa: E501 - a row of a table stays a row
"""Fields that a controller writes at run time: found where its objects are, refused with a name and a setting."""

from __future__ import annotations

import pytest

from gitops_bot.edits.operations import Insert, Remove, Write, carry_out
from gitops_bot.edits.ownership import MAX_FILES, check, check_object
from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Overlay, Place
from gitops_bot.errors import EditRefused
from gitops_bot.policy.places import Where
from tests.edits.trees import Files

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {replicas: 3}
"""
ROLLOUT_OBJECT = DEPLOYMENT.replace("apps/v1", "argoproj.io/v1alpha1").replace("Deployment", "Rollout")
VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart}
spec:
  http:
  - name: primary
    route: [{destination: {host: a}, weight: 90}, {destination: {host: b}, weight: 10}]
"""
HTTP_ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop}
spec: {rules: [{backendRefs: [{name: a, weight: 90}, {name: b, weight: 10}]}]}
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: cart-canary
  annotations: {nginx.ingress.kubernetes.io/canary-weight: "20"}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {selector: {track: stable}}
"""
KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: cart}
spec: {traffic: [{revisionName: cart-1, percent: 100}]}
"""
SUBSETS = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart}
spec: {subsets: [{name: stable, labels: {version: v1}}]}
"""

HPA = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: cart-scaler}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}, maxReplicas: 9}
"""
KEDA = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: cart-queue}
spec: {scaleTargetRef: {name: cart}}
"""


def rollout(strategy: str, more: str = "") -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: cart-rollout}\n"
        f"spec: {{strategy: {strategy}{more}}}\n"
    )


def istio(rest: str) -> str:
    return rollout(f"{{canary: {{trafficRouting: {{istio: {rest}}}}}}}")


def canary(rest: str) -> str:
    return f"apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {{name: cart-canary}}\nspec: {{{rest}}}\n"


TARGET = "targetRef: {kind: Deployment, name: cart}"
ITER8 = """\
apiVersion: iter8.tools/v2alpha2
kind: Experiment
metadata: {name: try-cart, namespace: iter8}
spec:
  versionInfo:
    baseline: {name: a}
    candidates:
    - name: b
      weightObjRef: {kind: VirtualService, name: cart, namespace: shop, fieldPath: '.spec.http[0].route[1].weight'}
"""
ROUTEMAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: cart-map, labels: {iter8.tools/kind: routemap}}
data:
  strSpec: |
    versions:
    - resources: [{gvrShort: svc, name: cart-0}]
    routingTemplates:
      cart-vs:
        gvrShort: vs
        template: |
          apiVersion: networking.istio.io/v1
          kind: VirtualService
          metadata:
            name: cart
          spec:
            http: [{route: [{weight: {{ index .Weights 0 }}}]}]
"""
MANAGED = "argo-rollouts.argoproj.io/managed-by-rollouts"
OWNED_ROUTE = HTTP_ROUTE.replace(
    "namespace: shop", "namespace: shop, ownerReferences: [{apiVersion: flagger.app/v1beta1, kind: Canary, name: c}]"
)

REPLICAS = "spec.replicas"
HTTP = "spec.http[name=primary].route[destination.host=b].weight"
RULES = "spec.rules[0].backendRefs[name=b].weight"
NGINX = 'metadata.annotations."nginx.ingress.kubernetes.io/canary-weight"'
SELECTOR = "spec.selector.track"

OWNED = {
    "autoscaler": (DEPLOYMENT, REPLICAS, HPA, "Kubernetes by the HorizontalPodAutoscaler cart-scaler"),
    "autoscaler in the same namespace": (
        DEPLOYMENT, REPLICAS, HPA.replace("cart-scaler", "cart-scaler, namespace: shop"), "HorizontalPodAutoscaler"),
    "autoscaler of a Rollout": (ROLLOUT_OBJECT, REPLICAS, HPA.replace("kind: Deployment", "kind: Rollout"), "Kubernetes"),
    "KEDA": (DEPLOYMENT, REPLICAS, KEDA, "KEDA by the ScaledObject cart-queue"),
    "Flagger scales its target": (DEPLOYMENT, REPLICAS, canary(TARGET), "Flagger by the Canary cart-canary"),
    "Rollout scales what it refers to": (
        DEPLOYMENT, REPLICAS, rollout("{}", ", workloadRef: {kind: Deployment, name: cart}"), "Argo Rollouts"),
    "Rollout with a VirtualService": (VIRTUAL_SERVICE, HTTP, istio("{virtualService: {name: cart}}"), "Argo Rollouts"),
    "Rollout with this route": (
        VIRTUAL_SERVICE, HTTP, istio("{virtualService: {name: cart, routes: [primary]}}"), "the Rollout cart-rollout"),
    "Rollout with several VirtualServices": (
        VIRTUAL_SERVICE, HTTP, istio("{virtualServices: [{name: other}, {name: cart}]}"), "Argo Rollouts"),
    "Rollout with a VirtualService elsewhere": (
        VIRTUAL_SERVICE, HTTP, istio("{virtualService: {name: cart.shop}}"), "Argo Rollouts"),
    "route by its number": (
        VIRTUAL_SERVICE, "spec.http[0].route[1].weight", istio("{virtualService: {name: cart, routes: [primary]}}"),
        "Argo Rollouts"),
    "a whole destination": (VIRTUAL_SERVICE, "spec.http[0].route[1]", istio("{virtualService: {name: cart}}"), "Argo"),
    "Rollout with a DestinationRule": (
        SUBSETS, "spec.subsets[name=stable].labels.version", istio("{destinationRule: {name: cart}}"), "Argo Rollouts"),
    "Rollout with an HTTPRoute": (
        HTTP_ROUTE, RULES, rollout("{canary: {trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoute: cart}}}}}"),
        "Argo Rollouts"),
    "Rollout with several HTTPRoutes": (
        HTTP_ROUTE, RULES,
        rollout("{canary: {trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoutes: [{name: cart}]}}}}}"),
        "Argo Rollouts"),
    "Rollout with a GRPCRoute": (
        HTTP_ROUTE.replace("HTTPRoute", "GRPCRoute"), RULES,
        rollout("{canary: {trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {grpcRoutes: [{name: cart}]}}}}}"),
        "Argo Rollouts"),
    "Rollout with an Ingress": (
        INGRESS, NGINX, rollout("{canary: {trafficRouting: {nginx: {stableIngress: cart-canary}}}}"), "Argo Rollouts"),
    "the Ingress that a Rollout makes": (
        INGRESS.replace("cart-canary", "cart-rollout-main-canary"), NGINX,
        rollout("{canary: {trafficRouting: {nginx: {stableIngresses: [main]}}}}"), "Argo Rollouts"),
    "stable service": (SERVICE, SELECTOR, rollout("{canary: {stableService: cart}}"), "Argo Rollouts"),
    "canary service": (SERVICE, SELECTOR, rollout("{canary: {canaryService: cart}}"), "Argo Rollouts"),
    "ping service": (SERVICE, SELECTOR, rollout("{canary: {pingPong: {pingService: cart}}}"), "Argo Rollouts"),
    "active service": (SERVICE, SELECTOR, rollout("{blueGreen: {activeService: cart}}"), "Argo Rollouts"),
    "preview service": (SERVICE, SELECTOR, rollout("{blueGreen: {previewService: cart}}"), "Argo Rollouts"),
    "Flagger's service": (SERVICE, SELECTOR, canary(TARGET), "Flagger"),
    "Flagger's primary service": (
        SERVICE.replace("name: cart", "name: web-primary"), SELECTOR, canary(TARGET + ", service: {name: web}"), "Flagger"),
    "Flagger with Istio": (VIRTUAL_SERVICE, HTTP, canary(TARGET + ", provider: istio"), "Flagger"),
    "Flagger with the provider of its installation": (VIRTUAL_SERVICE, HTTP, canary(TARGET), "Flagger"),
    "Flagger with a service of another name": (
        VIRTUAL_SERVICE.replace("name: cart", "name: web"), HTTP, canary(TARGET + ", service: {name: web}"), "Flagger"),
    "Flagger with Gateway API": (HTTP_ROUTE, RULES, canary(TARGET + ", provider: 'gatewayapi:v1'"), "Flagger"),
    "Flagger with nginx": (
        INGRESS, NGINX, canary(TARGET + ", provider: nginx, ingressRef: {kind: Ingress, name: cart}"), "Flagger"),
    "Iter8": (VIRTUAL_SERVICE, HTTP, ITER8, "Iter8 by the Experiment try-cart"),
    "routemap of Iter8": (VIRTUAL_SERVICE, HTTP, ROUTEMAP, "Iter8 by the routemap cart-map"),
}  # fmt: skip

FREE = {
    "nobody": (DEPLOYMENT, REPLICAS, SERVICE),
    "an autoscaler of another workload": (DEPLOYMENT, REPLICAS, HPA.replace("name: cart}", "name: web}")),
    "an autoscaler of another kind": (DEPLOYMENT, REPLICAS, HPA.replace("kind: Deployment", "kind: StatefulSet")),
    "an autoscaler of another namespace": (
        DEPLOYMENT, REPLICAS, HPA.replace("cart-scaler", "cart-scaler, namespace: test")),
    "not the replicas": (DEPLOYMENT, "metadata.name", HPA),
    "another kind's replicas": (DEPLOYMENT.replace("Deployment", "Workload"), REPLICAS, HPA.replace("Deployment", "Workload")),
    "a Rollout that shifts no traffic": (VIRTUAL_SERVICE, HTTP, rollout("{canary: {steps: []}}")),
    "another route": (VIRTUAL_SERVICE, HTTP, istio("{virtualService: {name: cart, routes: [mirror]}}")),
    "a VirtualService of that name elsewhere": (
        VIRTUAL_SERVICE.replace("name: cart", "name: cart, namespace: a"), HTTP, istio("{virtualService: {name: cart.b}}")),
    "a knob of the Rollout itself": (
        rollout("{canary: {steps: [{setWeight: 5}]}}"), "spec.strategy.canary.steps[0].setWeight", HPA),
    "Flagger that leaves traffic alone": (VIRTUAL_SERVICE, HTTP, canary(TARGET + ", provider: kubernetes")),
    "Flagger by another router": (HTTP_ROUTE, RULES, canary(TARGET + ", provider: istio")),
    "Flagger that counts a DaemonSet": (
        DEPLOYMENT, REPLICAS, canary("targetRef: {kind: DaemonSet, name: cart}")),
    "an Experiment of Argo": (VIRTUAL_SERVICE, HTTP, ITER8.replace("iter8.tools/v2alpha2", "argoproj.io/v1alpha1")),
    "a ConfigMap that maps no routes": (VIRTUAL_SERVICE, HTTP, ROUTEMAP.replace("kind: routemap", "kind: notes")),
    "an Ingress in front of a managed Service": (
        INGRESS, NGINX, SERVICE.replace("name: cart", f"name: web, annotations: {{{MANAGED}: x}}")),
    "Knative by hand": (KNATIVE, "spec.traffic[0].percent", ""),
    "garbage of the right kind": (DEPLOYMENT, REPLICAS, "kind: Rollout\nspec: []\n---\nkind: Canary\nspec: {targetRef: 5}\n"),
    "a claim without a name": (DEPLOYMENT, REPLICAS, HPA.replace(", name: cart", "")),
    "a template of a chart": (DEPLOYMENT, REPLICAS, "{{- if .Values.hpa }}\n" + HPA),
    "an alias bomb": (DEPLOYMENT, REPLICAS, "x: &a [HorizontalPodAutoscaler]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}]\n" for a, b in zip("abcdefghijklm", "bcdefghijklmn", strict=True))),
    "a mapping that holds itself": (DEPLOYMENT, REPLICAS, "kind: &a {kind: *a, Rollout: *a}\n"),
    "a list as a key": (DEPLOYMENT, REPLICAS, "? [kind]\n: Rollout\n? {a: b}\n: Canary\n"),
}  # fmt: skip


def refusal(tree: Files, file: str, path: str, where: Where | None = None) -> EditRefused | None:
    try:
        check(tree, Place(file, Path.parse(path), where))
    except EditRefused as refused:
        return refused
    return None


@pytest.mark.parametrize("name", OWNED)
def test_an_owned_field_is_refused_by_the_name_of_its_owner(name: str) -> None:
    text, path, owner, said = OWNED[name]
    tree = Files({"app/edited.yaml": text.encode(), "app/owner.yaml": owner.encode()})
    refused = refusal(tree, "app/edited.yaml", path)
    assert refused is not None
    assert said in refused.what
    assert "app/owner.yaml:1" in refused.what
    assert refused.where.startswith("app/edited.yaml")
    assert "`ignoreDifferences`" in refused.remedy
    assert "`RespectIgnoreDifferences=true`" in refused.remedy


def test_the_knobs_that_git_keeps_are_named_where_a_controller_has_the_weight() -> None:
    canary = "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: x}\nspec: {targetRef: {name: x}}\n"
    route = "{route: [{destination: {host: x-primary}, weight: 100}, {destination: {host: x-canary}, weight: 0}]}"
    head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: x}\n"
    tree = Files({"app/route.yaml": f"{head}spec: {{http: [{route}]}}\n".encode(), "app/canary.yaml": canary.encode()})
    refused = refusal(tree, "app/route.yaml", "spec.http[0].route[1].weight")
    assert refused is not None
    assert "`canary: {file: …, field: maxWeight}`" in refused.remedy


@pytest.mark.parametrize("name", FREE)
def test_a_field_that_nobody_claims_is_free(name: str) -> None:
    text, path, other = FREE[name]
    tree = Files({"app/edited.yaml": text.encode(), "app/other.yaml": other.encode()})
    assert refusal(tree, "app/edited.yaml", path) is None


SELF = {
    "managed Service": (SERVICE.replace("name: cart", f"name: cart, annotations: {{{MANAGED}: r}}"), SELECTOR,
                        "Argo Rollouts (annotation"),
    "managed VirtualService": (VIRTUAL_SERVICE.replace("name: cart", f"name: cart, annotations: {{{MANAGED}: r}}"), HTTP,
                               f"`{MANAGED}: r`"),
    "managed Ingress": (INGRESS.replace("annotations: {", f"annotations: {{{MANAGED}: r, "), NGINX, "Argo Rollouts"),
    "made by Flagger": (OWNED_ROUTE, RULES, "Flagger (owner reference to the Canary c)"),
    "Knative shifts by itself": (
        KNATIVE.replace("name: cart", 'name: cart, annotations: {serving.knative.dev/rollout-duration: "380s"}'),
        "spec.traffic[0].percent", "Knative"),
}  # fmt: skip


@pytest.mark.parametrize("name", SELF)
def test_an_object_can_say_itself_who_holds_it(name: str) -> None:
    text, path, said = SELF[name]
    refused = refusal(Files({"f.yaml": text.encode()}), "f.yaml", path)
    assert refused is not None
    assert said in refused.what


def test_the_owner_may_stand_in_the_same_file_and_only_the_chosen_document_counts() -> None:
    other = DEPLOYMENT.replace("cart", "web")
    tree = Files({"f.yaml": f"{DEPLOYMENT}---\n{HPA}---\n{other}".encode()})
    refused = refusal(tree, "f.yaml", REPLICAS, Where(kind="Deployment", name="cart"))
    assert refused is not None
    assert "f.yaml:6" in refused.what
    assert refusal(tree, "f.yaml", REPLICAS, Where(kind="Deployment", name="web")) is None
    assert refusal(tree, "f.yaml", REPLICAS) is None, "which document is meant is for the edit to ask"


def overlay(**more: str) -> Files:
    texts = {
        "base/kustomization.yaml": "resources: [deployment.yaml, hpa.yaml]\n",
        "base/deployment.yaml": DEPLOYMENT,
        "base/hpa.yaml": HPA,
        "prod/kustomization.yaml": "resources: [../base]\nreplicas: [{name: cart, count: 3}, {name: web, count: 1}]\n",
        "prod/patch.yaml": DEPLOYMENT,
        **more,
    }
    return Files({path: text.encode() for path, text in texts.items()})


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("prod/kustomization.yaml", "replicas[name=cart].count"),
        ("prod/kustomization.yaml", "replicas[0].count"),
        ("prod/kustomization.yaml", "replicas[name=cart]"),
        ("prod/patch.yaml", "spec.replicas"),
    ],
)
def test_an_overlay_is_held_against_what_its_kustomization_refers_to(file: str, path: str) -> None:
    refused = refusal(overlay(), file, path)
    assert refused is not None
    assert "base/hpa.yaml:1" in refused.what


@pytest.mark.parametrize(
    "kustomization",
    ["bases: [../base]\n", "components:\n- ../base\n", "resources: [../base/hpa.yaml]\n", "resources: [../base/]\n"],
)
def test_resources_bases_components_and_files_are_looked_into(kustomization: str) -> None:
    tree = overlay(**{"prod/kustomization.yaml": kustomization})
    assert refusal(tree, "prod/patch.yaml", REPLICAS) is not None


@pytest.mark.parametrize(
    "kustomization", ["resources: [../../base, https://example.com/base, 5, {a: b}]\n", "resources: ../base\n", "- [\n"]
)
def test_what_a_kustomization_cannot_mean_is_passed_over(kustomization: str) -> None:
    tree = overlay(**{"prod/kustomization.yaml": kustomization})
    assert refusal(tree, "prod/patch.yaml", REPLICAS) is None


def test_other_entries_and_other_lists_of_a_kustomization_are_free() -> None:
    for path in ("replicas[name=web].count", "replicas[1].count", "replicas[7].count", "images[name=cart].newTag"):
        assert refusal(overlay(), "prod/kustomization.yaml", path) is None


def test_a_field_that_a_patch_sets_is_checked_as_the_field_of_its_object() -> None:
    path = Path.parse(REPLICAS)
    with pytest.raises(EditRefused, match="HorizontalPodAutoscaler"):
        check_object(overlay(), "prod/kustomization.yaml", Where(kind="Deployment", name="cart"), path)
    with pytest.raises(EditRefused, match="HorizontalPodAutoscaler"):
        check_object(overlay(), "prod/kustomization.yaml", Where(name="cart"), path)
    check_object(overlay(), "prod/kustomization.yaml", Where(kind="Deployment", name="web"), path)
    check_object(overlay(), "prod/kustomization.yaml", Where(kind="Deployment"), path)
    check_object(overlay(), "prod/kustomization.yaml", Where(kind="Deployment", name="cart"), Path.parse("spec.paused"))


class Counting(Files):
    """Counts what is asked of it."""

    asked: list[str]

    def read(self, path: str) -> bytes | None:
        self.asked.append(path)
        return super().read(path)

    def names(self, folder: str) -> tuple[str, ...]:
        self.asked.append(folder)
        return super().names(folder)


def test_other_edits_read_nothing() -> None:
    tree = Counting({"f.yaml": DEPLOYMENT.encode(), "kustomization.yaml": b"images: []\n"})
    object.__setattr__(tree, "asked", [])
    for path in (
        "spec.template.spec.containers[name=a].image",
        "images[name=a].newTag",
        "image.tag",
        "metadata.labels.a",
    ):
        check(tree, Place("f.yaml", Path.parse(path)))
        check(tree, Place("kustomization.yaml", Path.parse(path)))
    check(tree, Place("f.yaml", Path(())))
    assert tree.asked == []


def test_a_large_folder_is_read_up_to_a_bound() -> None:
    many = {f"a{number:04}.yaml": b"kind: Rollout\n" for number in range(MAX_FILES)}
    tree = Counting({"f.yaml": DEPLOYMENT.encode(), **many, "z.yaml": HPA.encode()})
    object.__setattr__(tree, "asked", [])
    check(tree, Place("f.yaml", Path.parse(REPLICAS)))
    assert len(set(tree.asked)) <= MAX_FILES + 2


class Locked(Files):
    """Neighbours and folders that may not be read."""

    def read(self, path: str) -> bytes | None:
        if path != "app/f.yaml":
            raise EditRefused("the file cannot be read")
        return super().read(path)


class Closed(Files):
    """No folder can be listed."""

    def names(self, folder: str) -> tuple[str, ...]:
        raise EditRefused("the folder cannot be read")


@pytest.mark.parametrize("tree", [Locked, Closed])
def test_what_may_not_be_read_is_no_evidence(tree: type[Files]) -> None:
    files = {
        "app/f.yaml": DEPLOYMENT.encode(),
        "app/hpa.yaml": HPA.encode(),
        "app/kustomization.yaml": b"resources: []\n",
    }
    assert refusal(tree(files), "app/f.yaml", REPLICAS) is None
    assert refusal(Files(files), "app/f.yaml", REPLICAS) is not None


@pytest.mark.parametrize("data", [b"", b"\xff", b"a: [", b"- a\n", b"kind: Deployment\n", b"{{ x }}: 1\n"])
def test_what_cannot_be_told_is_left_to_the_edit_itself(data: bytes) -> None:
    assert refusal(Files({"f.yaml": data, "hpa.yaml": HPA.encode()}), "f.yaml", REPLICAS) is None
    assert refusal(Files({"hpa.yaml": HPA.encode()}), "f.yaml", REPLICAS) is None


def test_every_operation_is_checked_and_what_is_done_already_is_not() -> None:
    tree = Overlay(Files({"f.yaml": DEPLOYMENT.encode(), "hpa.yaml": HPA.encode()}))
    place = Place("f.yaml", Path.parse(REPLICAS))
    for operation in (Write(place, 5), Insert(place, 5), Remove(place)):
        with pytest.raises(EditRefused, match="at run time"):
            carry_out(tree, operation)
    assert carry_out(tree, Write(place, 3)) == (tree, ())
