# ruff: noqa: E501 - a row of a table stays a row
"""Files as people write them. `«old→new»` marks the value, its path stands beside it."""

from __future__ import annotations

from dataclasses import dataclass

from gitops_bot.policy.places import Where


@dataclass(frozen=True)
class Snippet:
    name: str
    path: str
    new: str | int
    marked: str
    where: Where | None = None

    def _chosen(self, part: int) -> bytes:
        head, _, rest = self.marked.partition("«")
        literals, _, tail = rest.partition("»")
        return (head + literals.split("→")[part] + tail).encode()

    @property
    def before(self) -> bytes:
        return self._chosen(0)

    @property
    def after(self) -> bytes:
        return self._chosen(1)


_ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: checkout, namespace: shop}
spec:
  replicas: 5
  strategy:
    canary:
      steps:
      - setWeight: %s
      - pause: {duration: 10m}   # soak
      - analysis:
          templates: [{templateName: errors}]
  template:
    spec:
      containers:
      - name: istio-proxy
        image: auto
      - name: checkout
        image: %s
        ports: [{containerPort: 8080}]
"""
_VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: checkout
spec:
  hosts: [checkout]
  http:
  - match: [{headers: {x-canary: {exact: "1"}}}]
    name: forced
    route: [{destination: {host: checkout, subset: canary}, weight: 100}]
  - name: primary
    route:
    - destination: {host: checkout, subset: stable}
      weight: %s
    - destination:
        host: checkout
        subset: canary   # on trial
      weight:   %s
"""
_HTTP_ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  rules:
    - matches:
        - path: {type: PathPrefix, value: /}
      backendRefs:
        - name: shop-stable
          port: 80
          weight: 90
        - name: shop-canary
          port: 80
          weight: %s
"""
_KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: hello
spec:
  template: {metadata: {name: hello-00002}}
  traffic:
  - {revisionName: hello-00001, percent: 90, tag: stable}
  - {revisionName: hello-00002, percent: %s, tag: canary}
"""
_NGINX = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop-canary
  annotations:
    nginx.ingress.kubernetes.io/canary: "true"
    nginx.ingress.kubernetes.io/canary-weight: %s
spec: {}
"""
_MULTI = """\
# two documents
---
kind: Service
metadata: {name: web}
spec: {replicas: 1}
---
kind: Deployment
metadata: {name: web, namespace: a}
spec: {replicas: %s}
...
---
kind: Deployment
metadata: {name: web, namespace: b}
spec: {replicas: %s}
---
# nothing here
"""
_WEIGHT = 'metadata.annotations."nginx.ingress.kubernetes.io/canary-weight"'
_CANARY = "spec.http[name=primary].route[destination.subset=canary].weight"

SNIPPETS = (
    Snippet("kustomization, flush list", "images[name=ghcr.io/acme/checkout].newTag", "1.2.4",
            "resources:\n- ../../base\nimages:\n- name: ghcr.io/acme/web\n  newTag: 1.2.3\n"
            "- name: ghcr.io/acme/checkout # ours\n  newTag: «1.2.3→1.2.4»   # promoted\n"),
    Snippet("kustomization, indented list", "images[name=app].newTag", "v2",
            "images:\n  - name: app\n    newName: registry:5000/app\n    newTag: «v1→v2»\n\n\npatches: []\n"),
    Snippet("kustomization, tag before name", "images[name=app].newTag", "v2",
            "images:\n- newTag: «v1→v2»\n  name: app\n"),
    Snippet("kustomization, digest", "images[name=app].digest", "sha256:" + "b" * 64,
            "images:\n- name: app\n  digest: «sha256:" + "a" * 64 + "→sha256:" + "b" * 64 + "»\n"),
    Snippet("kustomization, flow entries", "images[name=b].newTag", "2.0.1",
            "images: [{name: a, newTag: 1.0.0}, {name: b, newTag: «2.0.0→2.0.1» } ]\n"),
    Snippet("Helm values with comments", "image.tag", "1.10.0",
            "# -- image\nimage:\n  repository: ghcr.io/acme/app # keep\n  # -- tag\n  tag: «1.9.0→1.10.0»\t# bump\n"),
    Snippet("number becomes a string", "image.tag", "1.10", 'image:\n  tag: «1.9→"1.10"»\n'),
    Snippet("single quotes kept", "image.tag", "1.10", "image:\n  tag: «'1.9'→'1.10'»\n"),
    Snippet("double quotes kept", "image.tag", "v2", 'image:\n  tag: «"v1"→"v2"» # c\n'),
    Snippet("single quote doubled", "a", "it's", "a: «'x'→'it''s'»\n"),
    Snippet("double quotes escaped", "a", 'say "hi" \\', 'a: «"x"→"say \\"hi\\" \\\\"»\n'),
    Snippet("deep Helm values", "global.services.checkout.canary.image.tag", "abc123f",
            "global:\n  services:\n    checkout:\n      canary:\n        image: {tag: «abc123e→abc123f», pull: Always}\n"),
    Snippet("sha of digits only", "tag", "1234567", 'tag: «deadbee→"1234567"»\n'),
    Snippet("sha of digits with one e", "tag", "12345e7", 'tag: «deadbee→"12345e7"»\n'),
    Snippet("root is a list", "[1].tag", "b2", "- tag: a\n- tag: «b→b2»\n"),
    Snippet("list in a list", "deep[0][1]", "z", "deep:\n- - a\n  - «b→z»\n- c\n"),
    Snippet("quoted keys", '"quoted key"."odd.key"', "2", '"quoted key":\n  \'odd.key\': «"1"→"2"»\n'),
    Snippet("key with a slash", '"acme.io/version"', "v2", "acme.io/version: «v1→v2»\n"),
    Snippet("escaped key", r'"a\"b\\c"', "v2", '"a\\"b\\\\c": «v1→v2»\n'),
    Snippet("integer key", "ports.8080", "web2", "ports:\n  8080: «web→web2»\n"),
    Snippet("explicit key", "a", "v2", "? a\n: «v1→v2»\n"),
    Snippet("Rollout image by container", "spec.template.spec.containers[name=checkout].image", "ghcr.io/a/checkout:2.0",
            _ROLLOUT % (20, "«ghcr.io/a/checkout:1.0→ghcr.io/a/checkout:2.0»")),
    Snippet("Rollout weight by number", "spec.strategy.canary.steps[0].setWeight", 40, _ROLLOUT % ("«20→40»", "x")),
    Snippet("VirtualService, canary", _CANARY, 25, _VIRTUAL_SERVICE % (90, "«10→25»")),
    Snippet("VirtualService, stable", _CANARY.replace("canary", "stable"), 75, _VIRTUAL_SERVICE % ("«90→75»", 10)),
    Snippet("HTTPRoute", "spec.rules[0].backendRefs[name=shop-canary].weight", 0, _HTTP_ROUTE % "«10→0»"),
    Snippet("Knative traffic in flow", "spec.traffic[tag=canary].percent", 50, _KNATIVE % "«10→50»"),
    Snippet("nginx annotation stays a string", _WEIGHT, 50, _NGINX % '«"10"→"50"»'),
    Snippet("nginx annotation, single quotes", _WEIGHT, 5, _NGINX % "«'10'→'5'»"),
    Snippet("two documents, by namespace", "spec.replicas", 7, _MULTI % ("3", "«3→7»"),
            Where(kind="Deployment", namespace="b")),
    Snippet("two documents, by the other namespace", "spec.replicas", 7, _MULTI % ("«3→7»", "3"),
            Where(name="web", namespace="a")),
    Snippet("document by kind", "spec.replicas", 2, "kind: A\nspec: {replicas: 5}\n---\nkind: B\nspec: {replicas: «1→2»}",
            Where(kind="B")),
    Snippet("document with an aliased name", "v", "2x", "kind: A\nx: &n web\nmetadata: {name: *n}\nv: «1→2x»\n---\nkind: A\n",
            Where(name="web")),
    Snippet("one document with a selector", "v", "b", "kind: A\nv: «a→b»\n", Where(kind="A")),
    Snippet("leading document marker and directives", "v", "b", "%YAML 1.1\n%TAG !e! tag:e,1:\n---\n# c\nv: «a→b»\n...\n"),
    Snippet("empty first document", "v", "b", "# licence\n---\n---\nv: «a→b»\n"),
    Snippet("CRLF", "a.b", "new", "a:\r\n  b: «old→new»   # c\r\n  c: 1\r\n"),
    Snippet("CRLF, quoted", "a.b", "new", 'a:\r\n  b: «"old"→"new"»\r\n'),
    Snippet("byte order mark", "b", "new", "\ufeffa: é\nb: «old→new»\n"),
    Snippet("byte order mark and CRLF", "b", "new", "\ufeffa: 1\r\nb: «old→new»\r\n"),
    Snippet("no newline at the end", "b", "longer", "a: 1\nb: «x→longer»"),
    Snippet("non-ASCII before the value", "b", "2.0", 'ü: "日本 𝄞"\nn: {ß: 𝕏, x: "é"}\nb: «ä→"2.0"» # ö\n'),
    Snippet("astral on the same line", "m.b", "v2", "m: {a: 𝄞𝄞, b: «v1→v2»}\n"),
    Snippet("tab before a comment", "a", "2.x", "a: «1.x→2.x»\t\t# tab\nb: 1\t\n"),
    Snippet("trailing spaces", "a", "2.x", "a: «1.x→2.x»   \nb: 1\n"),
    Snippet("JSON", "image.tag", "v2", '{"image": {"name": "a", "tag": «"v1"→"v2"»}, "n": 1}\n'),
    Snippet("JSON, indented", "image.tag", "v2", '{\n  "image": {\n    "tag": «"v1"→"v2"»\n  }\n}\n'),
    Snippet("JSON, a number gives way to a string", "tag", "v2", '{"tag": «1→"v2"»}'),
    Snippet("JSON, null gives way to a string", "tags[0]", "v2", '{"tags": [«null→"v2"»]}'),
    Snippet("JSON, weight", "w", 20, '{"w":«10→20»,"x":1}'),
    Snippet("flow, a comma needs quotes", "a.b", "x,y", 'a: {b: «x→"x,y"», c: 1}\n'),
    Snippet("flow, over several lines", "a.b", "z", "a: {\n  b: «x→z»,  # c\n  c: [1,\n 2]\n}\n"),
    Snippet("flow, empty value", "a.b", "z", "a: {b: «→z», c: 1}\n"),
    Snippet("flow list", "a[2]", "z", "a: [1, two, «three→z»]\n"),
    Snippet("empty value", "image.tag", "v1", "image:\n  tag:«→ v1»   # set by the bot\n  name: x\n"),
    Snippet("empty value at the end", "image.tag", "v1", "image:\n  tag:«→ v1»"),
    Snippet("empty list item", "a[0]", "v1", "a:\n-«→ v1»\n- b\n"),
    Snippet("explicit null", "tag", "v1", "tag: «~→v1»\n"),
    Snippet("empty weight", "w", 5, "w:«→ 5»\n"),
    Snippet("anchor without aliases", "tag", "v2", "tag: &tag «v1→v2»\nx: 1\n"),
    Snippet("anchor and tag", "tag", "v2", "tag: &tag !!str «v1→v2» # c\n"),
    Snippet("anchor, value on the next line", "tag", "v2", "tag: &tag # why\n  «v1→v2»\n"),
    Snippet("anchor without a value", "tag", "v2", "tag: &tag«→ v2»\nx: 1\n"),
    Snippet("verbatim tag", "n", 6, "n: !<tag:yaml.org,2002:int> «5→6»\n"),
    Snippet("string tag keeps a number a string", "n", 6, "n: !!str «5→6»\n"),
    Snippet("re-used anchor", "b.v", "2", 'a: &x 1\nb: {v: «"1"→"2"»}\nc: &x 2\nd: *x\n'),
    Snippet("aliases elsewhere", "image.tag", "v2", "x: &x {a: 1}\ny: *x\nz: {<<: *x}\nimage:\n  <<: *x\n  tag: «v1→v2»\n"),
    Snippet("own key beats the merge", "svc.tag", "v2", "b: &b {tag: v0}\nsvc:\n  <<: *b\n  tag: «v1→v2»\n"),
    Snippet("inline merge", "svc.<<.tag", "v2", "svc:\n  <<: {tag: «v1→v2»}\n"),
    Snippet("block scalars around", "b", "2.x", "a: |\n  tag: 1\n   x\n\nb: «1.x→2.x»\nc: >-\n  y\n\n\n"),
    Snippet("value over two lines", "a", "v2", "a: «one\n  two→v2»\nb: 1\n"),
    Snippet("quoted value over two lines", "a", "v2", 'a: «"one\n\n  two"→"v2"»\nb: 1\n'),
    Snippet("value on the next line", "a", "v2", "a:\n    «v1→v2»\nb: 1\n"),
    Snippet("duplicate keys elsewhere", "b", "2.x", "a: 1\na: 2\nb: «1.x→2.x»\n"),
    Snippet("template in quotes", "tag", "v2", 'x: "{{ .Values.y }}"\nz: \'{{ z }}\'\ntag: «v1→v2» # {{ c }}\n'),
    Snippet("very long line", "a.b", "v2", "a: {x: " + "y" * 200_000 + ", b: «v1→v2»}\n"),
    Snippet("odd filter value", 'l[name="a b]"].v', "2x", "l:\n- {name: 'a b]', v: «1x→2x»}\n- scalar\n- [1]\n- {v: 3}\n"),
    Snippet("aliased filter value", "l[name=web].v", "2x", "n: &n web\nl:\n- {name: *n, v: «1x→2x»}\n- {name: &q x, v: 1}\n"),
    Snippet("nested quoted filter", 'l[metadata.labels."acme.io/x"=y].v', "2x",
            "l:\n- metadata: {labels: {acme.io/x: y}}\n  v: «1x→2x»\n- metadata: {labels: {}}\n  v: z\n"),
    Snippet("Jenkins X requirements", "dependencies[name=shop].version", "0.0.43",
            "dependencies:\n- alias: shop\n  name: shop\n  repository: http://r\n  version: «0.0.42→0.0.43»\n"),
    Snippet("Argo CD application", "spec.source.targetRevision", "v1.4.0",
            "kind: Application\nspec:\n  source: {repoURL: https://x/y.git, targetRevision: «v1.3.9→v1.4.0», path: .}\n"),
    Snippet("Helm parameters", "spec.source.helm.parameters[name=image.tag].value", "1.5",
            'spec:\n  source:\n    helm:\n      parameters:\n      - name: image.tag\n        value: «"1.4"→"1.5"»\n'),
    Snippet("Flux HelmRelease with a marker", "spec.values.image.tag", "5.0.1",
            'spec:\n  values:\n    image:\n      tag: «5.0.0→5.0.1» # {"$imagepolicy": "flux-system:podinfo:tag"}\n'),
    Snippet("complex keys elsewhere", "b", "v2", "? [x, y]\n: 1\n? {a: b}\n: 2\nb: «v1→v2»\n"),
    Snippet("dates stay strings", "v", "2024-01-02", 'v: «2024-01-01→"2024-01-02"»\n'),
    Snippet("image reference in flow", "a.image", "nginx:1.27", "a: {image: «nginx:1.25→nginx:1.27», b: 1}\n"),
)  # fmt: skip
