"""Errors as ``application/problem+json`` (RFC 9457): the family decides the status."""

import logging
from collections.abc import Collection

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from commerce import CommerceError, Conflict, Denied, Invalid, Misconfigured, NotFound, ProviderError, Refused

log = logging.getLogger("shop_api")

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


def install(app: FastAPI) -> None:
    """Answer every error of this application in one shape."""

    @app.exception_handler(CommerceError)
    def of_the_shop(_: Request, error: CommerceError) -> JSONResponse:
        status = next((status for family, status in STATUS.items() if isinstance(error, family)), 500)
        if status == STATUS[Misconfigured]:
            log.error("%s: %s", error.code, error)
            return problem(status, "misconfigured", "the shop is not set up rightly; its keeper finds why in the log")
        fields = {name: _plain(value) for name, value in error.details.items()}
        seconds = getattr(error, "retry_after_seconds", 1) if error.retryable else None
        return problem(status, error.code, str(error), fields, retry_after=seconds)

    @app.exception_handler(RequestValidationError)
    def of_the_request(_: Request, error: RequestValidationError) -> JSONResponse:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        return problem(422, "invalid_request", "; ".join(wrong))

    @app.exception_handler(HTTPException)
    def of_the_framework(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, "http_error", str(error.detail))


def problem(
    status: int, code: str, detail: str, fields: dict[str, object] | None = None, *, retry_after: int | None = None
) -> JSONResponse:
    """One answer; ``fields`` are the error's own, such as the SKU it is about."""
    body = {
        "type": f"/errors/{code}",
        "title": code.replace("_", " "),
        "status": status,
        "detail": detail,
        "fields": fields or {},
    }
    headers = None if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def _plain(value: object) -> object:
    """Numbers and words as they are, lists of them, and all else (money, moments, problems) as text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Collection) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return str(value)
