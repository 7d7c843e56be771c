"""What views take, checked the way Django does it."""

import json
from typing import Any

from django import forms
from django.http import HttpRequest

from commerce.kernel import InvalidValue


class LineForm(forms.Form):
    """Units to put into the cart."""

    sku = forms.CharField(max_length=64)
    quantity = forms.IntegerField()


class CodeForm(forms.Form):
    """A promotion code."""

    code = forms.CharField(max_length=64)


class DeliveryForm(forms.Form):
    """Where it goes and how."""

    shipping_method = forms.CharField(max_length=64)
    country = forms.CharField(max_length=2)
    postal_code = forms.CharField(max_length=16, required=False)
    city = forms.CharField(max_length=128, required=False)
    street = forms.CharField(max_length=256, required=False)
    name = forms.CharField(max_length=128, required=False)


class OrderForm(forms.Form):
    """The last page: who buys, how it is paid, and the total that was shown."""

    email = forms.EmailField(max_length=320)
    gateway = forms.CharField(max_length=64)
    token = forms.CharField(max_length=255, required=False)
    expected_total = forms.CharField(max_length=32, required=False)


def read(request: HttpRequest, form: type[forms.Form]) -> dict[str, Any]:
    """The checked fields of a JSON body. Raises `commerce.kernel.InvalidValue` for the first that is wrong."""
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise InvalidValue(field="body", reason="send a JSON object")
    asked = form(body)
    if not asked.is_valid():
        field, reasons = next(iter(asked.errors.items()))
        raise InvalidValue(field=field, reason=" ".join(reasons))
    fields: dict[str, Any] = asked.cleaned_data
    return fields
