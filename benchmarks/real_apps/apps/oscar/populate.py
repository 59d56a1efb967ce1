"""Fill django-oscar: n rows of every model of the shop, and a hub of each with n children."""

from django.contrib.auth.models import User
from django.db import models, transaction
from filling import HUB, Filler, Key, Row, Values
from oscar.apps.catalogue.models import Category, Product

STAFF, BUYER = "staff", "user0"
LABELS = (
    "auth", "sites", "flatpages", "address", "partner", "catalogue", "reviews", "offer", "voucher", "basket",
    "order", "payment", "shipping", "customer", "communication", "wishlists", "analytics",
)  # fmt: skip


def _user(key: Key) -> Values:
    name = STAFF if key == HUB else f"user{key}"
    return {"username": name, "email": f"{name}@example.com", "is_active": True}


def _make_user(values: Values) -> models.Model:
    make = User.objects.create_superuser if values["username"] == STAFF else User.objects.create_user
    return make(values["username"], values["email"], "password")


def _make_category(values: Values) -> models.Model:
    kept = {name: values[name] for name in ("name", "description", "slug")}
    return Category.add_root(**kept)


def _country(key: Key) -> Values:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    number = 0 if key == HUB else int(key if isinstance(key, int) else key[1]) + 1
    code = "GB" if key == HUB else letters[number // 26] + letters[number % 26]
    return {"iso_3166_1_a2": code, "is_shipping_country": True, "printable_name": f"Country {number}"}


def _product(key: Key) -> Values:
    # The n-th child of the hub; every other product stands alone.
    is_child = isinstance(key, tuple) and key[0] == "parent"
    structure = Product.CHILD if is_child else Product.PARENT if key == HUB else Product.STANDALONE
    found: Values = {"structure": structure, "is_public": True, "title": f"Product {key}"}
    return found if is_child else found | {"parent": None}


def _basket(key: Key) -> Values:
    if key == HUB:
        # Each page shows the basket of its user, with every offer tried on every line: one user has a full one.
        return {"status": "Open", "owner": FILLER.row(User, 0)}
    # A customer has one open basket and one saved basket at most.
    return {"status": "Submitted" if isinstance(key, tuple) else "Saved"}


FILLER = Filler(
    labels=LABELS,
    values={
        "auth.User": _user,
        "address.Country": _country,
        "catalogue.Product": _product,
        "basket.Basket": _basket,
        "catalogue.ProductAttributeValue": lambda key: {"value_text": f"Text {key}"},
        "catalogue.ProductAttribute": lambda key: {"type": "text"},
        "offer.Condition": lambda key: {"proxy_class": None, "type": "Count", "value": 1},
        "offer.Benefit": lambda key: {"proxy_class": None, "type": "Percentage", "value": 1},
        "offer.Range": lambda key: {"proxy_class": None, "is_public": True},
        # Offers of one condition or benefit wait for a voucher: a basket tries each of the others on each line.
        "offer.ConditionalOffer": lambda key: {
            "start_datetime": None,
            "end_datetime": None,
            "offer_type": "Voucher" if isinstance(key, tuple) else "Site",
        },
        "voucher.Voucher": lambda key: {"code": f"CODE{key}".upper()},
        "order.Line": lambda key: {"quantity": 1},
        "wishlists.WishList": lambda key: {"visibility": "Public"},
    },
    # The page of a product shows three reviews and six recommendations.
    fewer={
        "reviews.ProductReview": lambda n: n // 4,
        "catalogue.ProductRecommendation": lambda n: max(2, n // 4),
    },
    makers={"auth.User": _make_user, "catalogue.Category": _make_category},
    skip=frozenset(
        {
            "catalogue.ProductCategoryHierarchy",
            "auth.Permission",
            "offer.RangeProductFileUpload",
            "order.ShippingEventQuantity",
            "order.PaymentEventQuantity",
        }
    ),
)


@transaction.atomic
def populate(n: int) -> None:
    """Grow the database until every list has n rows."""
    FILLER.fill(n)


def hub(label: str) -> Row:
    """Return the hub row of a model."""
    return FILLER.hub(label)
