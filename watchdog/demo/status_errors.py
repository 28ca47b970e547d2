"""What the API server answers when it refuses: Status objects in its own words."""

from typing import Any

from watchdog.demo.api_resources import ApiResource, Object

EXPIRED_CONTINUE = (
    "The provided continue parameter is too old to display a consistent list result. You can "
    "start a new list without the continue parameter, or use the continue token in this response "
    "to retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list."
)


class ApiFailure(Exception):  # noqa: N818  a refusal is an answer here, not a programming error
    """A request that is refused; `code` is the HTTP status and `status` the reply's body."""

    def __init__(self, code: int, reason: str, message: str, details: Object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}

    @property
    def status(self) -> Object:
        """The Status object that goes over the wire."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }


def _details(resource: ApiResource, name: str, **more: Any) -> Object:
    return {"name": name, "group": resource.group, "kind": resource.plural, **more}


def bad_request(message: str) -> ApiFailure:
    """400: the request itself makes no sense."""
    return ApiFailure(400, "BadRequest", message)


def no_such_path() -> ApiFailure:
    """404: the server knows nothing under this path."""
    return ApiFailure(404, "NotFound", "the server could not find the requested resource")


def not_found(resource: ApiResource, name: str) -> ApiFailure:
    """404: the object does not exist."""
    return ApiFailure(
        404, "NotFound", f'{resource.qualified} "{name}" not found', _details(resource, name)
    )


def method_not_allowed() -> ApiFailure:
    """405: the path exists, the verb does not."""
    message = "the server does not allow this method on the requested resource"
    return ApiFailure(405, "MethodNotAllowed", message)


def already_exists(resource: ApiResource, name: str) -> ApiFailure:
    """409: an object of this name is there."""
    message = f'{resource.qualified} "{name}" already exists'
    return ApiFailure(409, "AlreadyExists", message, _details(resource, name))


def modified(resource: ApiResource, name: str) -> ApiFailure:
    """409: the resourceVersion that was sent is not the current one."""
    message = (
        f'Operation cannot be fulfilled on {resource.qualified} "{name}": the object has been '
        "modified; please apply your changes to the latest version and try again"
    )
    return ApiFailure(409, "Conflict", message, _details(resource, name))


def precondition(resource: ApiResource, name: str, why: str) -> ApiFailure:
    """409: a delete's preconditions do not hold."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    message = f'Operation cannot be fulfilled on {kind} "{name}": {why}'
    return ApiFailure(409, "Conflict", message, _details(resource, name))


def invalid(resource: ApiResource, name: str, causes: list[tuple[str, str]]) -> ApiFailure:
    """422: validation found these (field, words) wrong."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    listed = [f"{field}: {words}" for field, words in causes]
    said = listed[0] if len(listed) == 1 else f"[{', '.join(listed)}]"
    details = _details(
        resource,
        name,
        causes=[
            {"reason": "FieldValueInvalid", "message": words, "field": field}
            for field, words in causes
        ],
    )
    return ApiFailure(422, "Invalid", f'{kind} "{name}" is invalid: {said}', details)


def patch_refused() -> ApiFailure:
    """422: a JSON patch that does not apply, be it a failed `test` or a missing path."""
    message = "the server rejected our request due to an error in our request"
    return ApiFailure(422, "Invalid", message)


def forbidden(resource: ApiResource, name: str, why: str) -> ApiFailure:
    """403: admission refuses the object."""
    message = f'{resource.qualified} "{name}" is forbidden: {why}'
    return ApiFailure(403, "Forbidden", message, _details(resource, name))


def expired(message: str = EXPIRED_CONTINUE) -> ApiFailure:
    """410: the continue token is too old."""
    return ApiFailure(410, "Expired", message)


def disruption(budget: Object) -> ApiFailure:
    """429: an eviction that a PodDisruptionBudget does not allow now."""
    status = budget.get("status", {})
    why = (
        f"The disruption budget {budget['metadata']['name']} needs "
        f"{status.get('desiredHealthy', 0)} healthy pods and has "
        f"{status.get('currentHealthy', 0)} currently"
    )
    return ApiFailure(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
        {"causes": [{"reason": "DisruptionBudget", "message": why}]},
    )
