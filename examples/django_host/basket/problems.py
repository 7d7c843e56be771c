"""Errors as ``application/problem+json`` (RFC 9457): the family decides the status."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from commerce import CommerceError, Conflict, Denied, Invalid, Misconfigured, NotFound, ProviderError, Refused

log = logging.getLogger("basket")

#: What the caller can do decides, not which error it was.
STATUS: dict[type[CommerceError], int] = {
    Invalid: 422,
    NotFound: 404,
    Conflict: 409,
    Denied: 403,
    Refused: 402,
    ProviderError: 502,
    Misconfigured: 500,
}


class ProblemMiddleware:
    """Answers what the shop refuses; every other exception is Django's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self._get_response(request)

    def process_exception(self, _: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a shop's error."""
        if not isinstance(error, CommerceError):
            return None
        status = next((status for family, status in STATUS.items() if isinstance(error, family)), 500)
        detail = str(error)
        if status == STATUS[Misconfigured]:
            log.error("%s: %s", error.code, error)
            detail = "the shop is not set up rightly; its keeper finds why in the log"
        body = {"type": f"/errors/{error.code}", "title": error.code, "status": status, "detail": detail}
        response = JsonResponse(body, status=status, content_type="application/problem+json")
        if error.retryable:
            response["Retry-After"] = "1"
        return response
