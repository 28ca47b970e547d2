"""Events: recorded as the cluster's components do, and shown under both of their APIs."""

from typing import NamedTuple

from watchdog.demo.api_resources import NODE_NAME, Object, named
from watchdog.demo.object_store import CONTROLLER, Store, StoredWrite
from watchdog.demo.simulated_clock import stamp

_RENAMED = {
    "note": "message",
    "regarding": "involvedObject",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "deprecatedSource": "source",
    "reportingController": "reportingComponent",
}


class Said(NamedTuple):
    """What an event says."""

    reason: str
    message: str
    component: str
    warning: bool = False
    container: str = ""


def record(store: Store, about: Object, said: Said) -> None:
    """Record an event; the same words about the same object count up the first one."""
    meta = about["metadata"]
    regarding = {
        "kind": about["kind"],
        "namespace": meta.get("namespace", ""),
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": about["apiVersion"],
        "resourceVersion": meta["resourceVersion"],
    }
    if said.container:
        regarding["fieldPath"] = f"spec.containers{{{said.container}}}"
    moment = stamp(store.clock.now())
    namespace = meta.get("namespace") or "default"
    for held in store.all("Event", namespace):
        same = held["involvedObject"].get("uid") == meta["uid"]
        if same and (held["reason"], held["message"]) == (said.reason, said.message):

            def again(item: Object) -> None:
                item["count"] = item.get("count", 1) + 1
                item["lastTimestamp"] = moment

            store.change(named("Event"), held, again, CONTROLLER)
            return
    source = {"component": said.component}
    if said.component == "kubelet":
        source["host"] = NODE_NAME
    event: Object = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{meta['name']}.{store.random.getrandbits(64):016x}",
            "namespace": namespace,
        },
        "involvedObject": regarding,
        "reason": said.reason,
        "message": said.message,
        "source": source,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
        "type": "Warning" if said.warning else "Normal",
        "eventTime": None,
        "reportingComponent": said.component,
        "reportingInstance": source.get("host", ""),
    }
    if store.find("Namespace", "", namespace) is not None:
        store.create(named("Event"), event, StoredWrite(said.component))


def as_new_api(event: Object) -> Object:
    """Show a stored event as events.k8s.io/v1 does."""
    back = {old: new for new, old in _RENAMED.items()}
    shown = {back.get(key, key): value for key, value in event.items()}
    return {**shown, "apiVersion": "events.k8s.io/v1"}


def from_new_api(event: Object) -> Object:
    """Turn an events.k8s.io/v1 event into what is stored."""
    stored = {_RENAMED.get(key, key): value for key, value in event.items()}
    stored.setdefault("source", {})
    stored.setdefault("firstTimestamp", None)
    stored.setdefault("lastTimestamp", None)
    return {**stored, "apiVersion": "v1"}
