"""List the GET pages of django-oscar: the shop, the dashboard and the admin."""

from collections.abc import Mapping
from dataclasses import replace

from crawling import admin_pages, url_pages
from django.db.models import Model
from protocol import Page

from apps.oscar.populate import BUYER, FILLER, hub

LIBRARIES = ("treebeard", "django_tables2", "haystack", "widget_tweaks", "extra_views", "phonenumber_field")
ARGUMENTS = {
    "order_number": ("order.Order", "number"),
    "number": ("order.Order", "number"),
    "line_id": ("order.Line", "pk"),
    "note_id": ("order.OrderNote", "pk"),
    "product_pk": ("catalogue.Product", "pk"),
    "parent_pk": ("catalogue.Product", "pk"),
    "product_slug": ("catalogue.Product", "slug"),
    "category_slug": ("catalogue.Category", "slug"),
    "parent": ("catalogue.Category", "pk"),
    "product_class_slug": ("catalogue.ProductClass", "slug"),
    "partner_pk": ("partner.Partner", "pk"),
    "user_pk": ("auth.User", "pk"),
    "key": ("wishlists.WishList", "key"),
    "line_pk": ("wishlists.Line", "pk"),
    "email_id": ("communication.Email", "pk"),
    "method_pk": ("shipping.WeightBased", "pk"),
}
SHOPPING = ("basket:", "checkout:", "catalogue:index")
SLUGS = {
    "catalogue:range": ("offer.Range", "slug"),
    "offer:detail": ("offer.ConditionalOffer", "slug"),
    "dashboard:comms-update": ("communication.CommunicationEventType", "code"),
}
PKS = {
    "catalogue:category": "catalogue.Category",
}
# They lead on to another page, answer to POST only, need a mail or a session, or have no template.
SKIP = frozenset(
    [
        "set_language",
        "home",
        "basket:vouchers-add",
        "basket:saved",
        "checkout:index",
        "checkout:shipping-address",
        "checkout:shipping-method",
        "checkout:payment-method",
        "checkout:payment-details",
        "checkout:preview",
        "checkout:thank-you",
        "customer:login",
        "customer:logout",
        "customer:register",
        "customer:summary",
        "customer:order-line",
        "customer:notifications-update",
        "customer:alert-create",
        "customer:alerts-confirm",
        "customer:alerts-cancel-by-key",
        "customer:wishlists-add-product",
        "dashboard:catalogue-product-bulk-action",
        "dashboard:catalogue-product-create-child",
        "dashboard:user-password-reset",
        "dashboard:partner-user-link",
        "dashboard:partner-user-unlink",
        "dashboard:offer-condition",
        "dashboard:offer-benefit",
        "dashboard:offer-restrictions",
        "dashboard:offer-delete",
        "dashboard:voucher-update",
        "dashboard:logout",
        "dashboard:partner-user-update",
        "password-reset",
        "password-reset-done",
        "password-reset-complete",
    ]
)


def pages(n: int) -> Mapping[str, Page]:
    """Return the pages of a database that holds n rows per list."""
    hubs = {
        type(row): row for (_, key), row in FILLER.rows.items() if key == "hub" and isinstance(row, Model)
    }
    found = {**dict(url_pages(_argument, skip=SKIP)), **dict(admin_pages(hubs))}
    # What the buyer sees beside the pages that show it to the staff, who have an empty basket.
    return {
        name: replace(page, user=BUYER) if name.startswith(SHOPPING) else page for name, page in found.items()
    }


def _argument(argument: str, page: str, view: object) -> object:
    if argument == "slug":
        label, field = SLUGS[page]
        return getattr(hub(label), field)
    if argument in ARGUMENTS:
        label, field = ARGUMENTS[argument]
        return getattr(hub(label), field)
    if argument == "pk":
        model = getattr(getattr(view, "view_class", None), "model", None)
        label = PKS.get(page) or (model._meta.label if model is not None else "")
        return hub(label).pk if label else None
    return None
