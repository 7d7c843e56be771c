"""The routes of the project."""

from basket import views
from django.urls import path

urlpatterns = [
    path("basket", views.BasketView.as_view()),
    path("basket/lines", views.add_line),
    path("basket/codes", views.add_code),
    path("basket/delivery", views.deliver_to),
    path("basket/quote", views.quote),
    path("basket/order", views.place_order),
    path("webhooks/<str:gateway>", views.webhook),
]
