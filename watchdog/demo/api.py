"""The verbs of the API server: a request in, a response out. HTTP itself is `server`."""

import copy
from collections.abc import Callable
from typing import Any

from watchdog.demo import (
    admission_plugins,
    control_loops,
    defaults,
    event_recorder,
    status_errors,
    tables,
)
from watchdog.demo.api_resources import ApiResource, Object, Route, discovery, named, route
from watchdog.demo.http_messages import Request, Response
from watchdog.demo.kubelet import Kubelet
from watchdog.demo.object_store import Store, StoredWrite
from watchdog.demo.patches import apply_patch
from watchdog.demo.request_checks import check_preconditions, placed
from watchdog.demo.status_errors import ApiFailure
from watchdog.demo.subresources import read_log, scale_of

_REVIEWS = frozenset({"SelfSubjectAccessReview", "SelfSubjectRulesReview"})
_PATCH_TYPES = frozenset(
    {
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
    }
)


class Api:
    """Answers requests from the store."""

    def __init__(
        self, store: Store, kubelet: Kubelet, allows: Callable[[Object], bool], *, as_tables: bool
    ) -> None:
        self._store = store
        self._kubelet = kubelet
        self._allows = allows
        self._as_tables = as_tables

    def answer(self, request: Request) -> Response:
        """Answer one request; refusals become Status objects."""
        with self._store.lock:
            try:
                return self._answer(request)
            except ApiFailure as failure:
                more = {"Retry-After": "1"} if failure.code == 429 else {}  # noqa: PLR2004  too many requests
                return Response(failure.code, failure.status, more)

    def _answer(self, request: Request) -> Response:
        if request.path in ("/readyz", "/livez", "/healthz"):
            return Response(200, "ok", content_type="text/plain")
        if request.method == "GET" and (found := discovery(request.path)):
            return Response(200, found)
        where = route(request.path)
        if where is None:
            raise status_errors.no_such_path()
        if where.resource.kind in _REVIEWS:
            return self._review(where, request)
        if where.subresource == "log":
            return self._log(where, request)
        if where.subresource == "eviction":
            return self._evict(where, request)
        if where.subresource == "scale":
            return self._scale(where, request)
        verbs = {
            ("GET", True): self._get,
            ("GET", False): self._list,
            ("POST", False): self._create,
            ("PUT", True): self._replace,
            ("PATCH", True): self._patch,
            ("DELETE", True): self._delete,
            ("DELETE", False): self._delete_all,
        }
        verb = verbs.get((request.method, bool(where.name)))
        if verb is None:
            raise status_errors.method_not_allowed()
        return verb(where, request)

    def _shown(self, where: ApiResource, item: Object) -> Object:
        return event_recorder.as_new_api(item) if where.group == "events.k8s.io" else item

    def _get(self, where: Route, request: Request) -> Response:
        item = self._store.get(where.resource, where.namespace, where.name)
        if self._as_tables and tables.wanted(request.headers.get("accept", ""), item["kind"]):
            return self._table(item["kind"], [item], {}, request)
        return Response(200, self._shown(where.resource, item))

    def _table(self, kind: str, items: list[Object], meta: Object, request: Request) -> Response:
        include = request.query.get("includeObject") or "Metadata"
        return Response(200, tables.table(kind, items, meta, include, self._store.clock.now()))

    def _list(self, where: Route, request: Request) -> Response:
        resource = where.resource
        items, meta = self._store.page(resource, where.namespace, request.query)
        if self._as_tables and tables.wanted(request.headers.get("accept", ""), resource.kind):
            return self._table(resource.kind, items, meta, request)
        return Response(
            200,
            {
                "kind": f"{resource.kind}List",
                "apiVersion": resource.api_version,
                "metadata": meta,
                "items": [self._shown(resource, item) for item in items],
            },
        )

    def _write(
        self, request: Request, subresource: str = "", operation: str = "Update"
    ) -> StoredWrite:
        agent = request.headers.get("user-agent", "unknown").partition("/")[0]
        manager = request.query.get("fieldManager") or agent
        return StoredWrite(manager, subresource, operation, request.dry_run)

    def _incoming(self, where: Route, request: Request) -> Object:
        item = request.body
        if not isinstance(item, dict):
            raise status_errors.bad_request(
                "the object provided is unrecognized (must be of type json)"
            )
        item = copy.deepcopy(item)
        item.setdefault("kind", where.resource.kind)
        item.setdefault("apiVersion", where.resource.api_version)
        if (item["apiVersion"], item["kind"]) != (where.resource.api_version, where.resource.kind):
            raise status_errors.bad_request(
                f"{item['kind']} in version {item['apiVersion']!r} cannot be handled as a "
                f"{where.resource.kind}"
            )
        if where.resource.group == "events.k8s.io":
            item = event_recorder.from_new_api(item)
        return placed(item, where)

    def _create(self, where: Route, request: Request) -> Response:
        item = self._incoming(where, request)
        return Response(201, self._shown(where.resource, self.admit(item, self._write(request))))

    def admit(self, item: Object, write: StoredWrite) -> Object:
        """Default, check and store a new object; raises ApiFailure."""
        resource = named(item["kind"])
        admission_plugins.check_types(item)
        defaults.fill_in(item)
        admission_plugins.validate(resource, item)
        if resource.namespaced:
            self._store.get(named("Namespace"), "", item["metadata"].get("namespace", ""))
        if resource.kind not in ("Namespace", "Node"):
            item.pop("status", None)
        if resource.kind == "Pod":
            admission_plugins.admit_pod(self._store, item)
        if resource.kind in ("Pod", "PersistentVolumeClaim"):
            item["status"] = {"phase": "Pending"}
        elif resource.kind == "Namespace":
            item["status"] = {"phase": "Active"}
        elif "spec" in item and resource.kind not in ("ResourceQuota", "LimitRange", "Lease"):
            item["status"] = {}
        created = self._store.create(resource, item, write)
        if resource.kind == "Namespace" and not write.dry_run:
            account = {"name": "default", "namespace": created["metadata"]["name"]}
            whole = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account}
            self._store.create(named("ServiceAccount"), whole)
        return created

    def store_changed(self, resource: ApiResource, item: Object, write: StoredWrite) -> Object:
        """Default, check and store a changed object; raises ApiFailure."""
        meta = item["metadata"]
        old = self._store.get(resource, meta.get("namespace", ""), meta["name"])
        admission_plugins.check_types(item)
        defaults.fill_in(item)
        if write.subresource != "status":
            admission_plugins.validate(resource, item, old)
        return self._store.update(resource, item, write)

    def _replace(self, where: Route, request: Request) -> Response:
        item = self._incoming(where, request)
        if item["metadata"].get("name") != where.name:
            raise status_errors.bad_request(
                f"the name of the object ({item['metadata'].get('name')}) does not match the name "
                f"on the URL ({where.name})"
            )
        write = self._write(request, where.subresource)
        changed = self.store_changed(where.resource, item, write)
        return Response(200, self._shown(where.resource, changed))

    def _patched(self, old: Object, request: Request) -> Object:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip()
        if content_type not in _PATCH_TYPES:
            supported = ", ".join(sorted(_PATCH_TYPES))
            message = (
                "the body of the request was in an unknown format - accepted media types include: "
                f"{supported}"
            )
            raise ApiFailure(415, "UnsupportedMediaType", message)
        return apply_patch(old, request.body, content_type)

    def _patch(self, where: Route, request: Request) -> Response:
        applied = "apply-patch" in request.headers.get("content-type", "")
        operation = "Apply" if applied else "Update"
        write = self._write(request, where.subresource, operation)
        try:
            old = self._store.get(where.resource, where.namespace, where.name)
        except ApiFailure:
            if not applied:
                raise
            item = self._incoming(where, request)
            return Response(201, self.admit(item, write))
        item = self._patched(self._shown(where.resource, old), request)
        if where.resource.group == "events.k8s.io":
            item = event_recorder.from_new_api(item)
        changed = self.store_changed(where.resource, item, write)
        return Response(200, self._shown(where.resource, changed))

    def _delete(self, where: Route, request: Request) -> Response:
        item = self._store.get(where.resource, where.namespace, where.name)
        options = request.body if isinstance(request.body, dict) else {}
        check_preconditions(where.resource, item, options.get("preconditions") or {})
        grace = options.get("gracePeriodSeconds", request.query.get("gracePeriodSeconds"))
        deleted = self._remove(where.resource, item, grace, self._write(request))
        if item["kind"] == "Pod":
            return Response(200, deleted)
        details = {
            "name": where.name,
            "kind": where.resource.plural,
            "uid": item["metadata"]["uid"],
        }
        if where.resource.group:
            details["group"] = where.resource.group
        body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return Response(200, {**body, "details": details})

    def _remove(
        self, resource: ApiResource, item: Object, grace: Any, write: StoredWrite
    ) -> Object:
        seconds = 0
        if item["kind"] == "Pod":
            own = item["spec"].get("terminationGracePeriodSeconds", 30)
            seconds = own if grace is None else int(grace)
        if resource.kind == "Namespace" and not write.dry_run:
            for held, inner in self._store.everything():
                if inner["metadata"].get("namespace") == item["metadata"]["name"]:
                    self._store.remove(held, inner)
        return self._store.delete(resource, item, seconds, write)

    def _delete_all(self, where: Route, request: Request) -> Response:
        items, meta = self._store.page(where.resource, where.namespace, request.query)
        for item in items:
            self._remove(where.resource, item, None, self._write(request))
        kind, version = f"{where.resource.kind}List", where.resource.api_version
        return Response(
            200, {"kind": kind, "apiVersion": version, "metadata": meta, "items": items}
        )

    def _evict(self, where: Route, request: Request) -> Response:
        if request.method != "POST":
            raise status_errors.method_not_allowed()
        pod = self._store.get(where.resource, where.namespace, where.name)
        options = (request.body or {}).get("deleteOptions") or {}
        check_preconditions(where.resource, pod, options.get("preconditions") or {})
        budget = control_loops.budget_against(self._store, pod)
        if budget is not None:
            raise status_errors.disruption(budget)
        dry = request.dry_run or "All" in (options.get("dryRun") or [])
        write = StoredWrite("eviction", dry_run=dry)
        self._remove(where.resource, pod, options.get("gracePeriodSeconds"), write)
        body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return Response(201, {**body, "code": 201})

    def _scale(self, where: Route, request: Request) -> Response:
        item = self._store.get(where.resource, where.namespace, where.name)
        scale = scale_of(item)
        if request.method == "GET":
            return Response(200, scale)
        if request.method not in ("PUT", "PATCH"):
            raise status_errors.method_not_allowed()
        new = request.body if request.method == "PUT" else self._patched(scale, request)
        changed = copy.deepcopy(item)
        changed["spec"]["replicas"] = (new.get("spec") or {}).get("replicas", 0)
        changed["metadata"]["resourceVersion"] = new["metadata"].get("resourceVersion", "")
        write = self._write(request, "scale")
        return Response(200, scale_of(self.store_changed(where.resource, changed, write)))

    def _review(self, where: Route, request: Request) -> Response:
        if request.method != "POST":
            raise status_errors.method_not_allowed()
        item = self._incoming(where, request)
        item["metadata"] = {"creationTimestamp": None}
        if where.resource.kind == "SelfSubjectAccessReview":
            item["status"] = {"allowed": self._allows(item.get("spec") or {})}
        else:
            rule = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
            item["status"] = {"resourceRules": [rule], "nonResourceRules": [], "incomplete": False}
        return Response(201, item)

    def _log(self, where: Route, request: Request) -> Response:
        pod = self._store.get(where.resource, where.namespace, where.name)
        data = read_log(self._kubelet, pod, request.query, self._store.clock.now())
        return Response(200, data, content_type="text/plain; charset=utf-8")
