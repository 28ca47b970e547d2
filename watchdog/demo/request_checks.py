"""Whether an object and a request of the embedded API server fit."""

from watchdog.demo import status_errors
from watchdog.demo.api_resources import ApiResource, Object, Route


def check_preconditions(resource: ApiResource, item: Object, wanted: Object) -> None:
    """Raise ApiFailure 409 unless the object is the one that a delete means."""
    meta = item["metadata"]
    if wanted.get("uid") not in (None, meta["uid"]):
        raise status_errors.precondition(
            resource,
            meta["name"],
            f"the UID in the precondition ({wanted['uid']}) does not match the UID in record "
            f"({meta['uid']}). The object might have been deleted and then recreated",
        )
    if wanted.get("resourceVersion") not in (None, meta["resourceVersion"]):
        raise status_errors.precondition(
            resource,
            meta["name"],
            f"the ResourceVersion in the precondition ({wanted['resourceVersion']}) does not "
            f"match the ResourceVersion in record ({meta['resourceVersion']}). The object "
            "might have been modified",
        )


def placed(item: Object, where: Route) -> Object:
    """The object with namespace and name of the request; raises ApiFailure 400 if they differ."""
    meta = item.setdefault("metadata", {})
    if where.resource.namespaced:
        if meta.setdefault("namespace", where.namespace) != where.namespace:
            raise status_errors.bad_request(
                "the namespace of the provided object does not match the namespace sent on the "
                "request"
            )
    else:
        meta.pop("namespace", None)
    if where.name:
        meta.setdefault("name", where.name)
    return item
