"""A help desk with every kind of relation that a plan can follow."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models

from quell import FetchPlan, FetchPlanManager, FetchPlanQuerySet


class LiveManager(models.Manager[Any]):
    """Hides what was deleted softly, as many projects do."""

    def get_queryset(self) -> models.QuerySet[Any, Any]:
        """Return the rows that are left."""
        return super().get_queryset().filter(is_deleted=False)


class DistinctManager(models.Manager[Any]):
    """Returns each row once, through a join that would repeat it."""

    def get_queryset(self) -> models.QuerySet[Any, Any]:
        """Return rows that hold a mark."""
        return super().get_queryset().filter(marks__isnull=False).distinct()


class Organization(models.Model):
    """The root of the to-one chain."""

    name = models.CharField(max_length=50)
    code = models.CharField(max_length=20, unique=True)


class Customer(models.Model):
    """Who asks."""

    name = models.CharField(max_length=50)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="customers")
    referrer = models.ForeignKey("self", models.SET_NULL, null=True, related_name="referred")


class Vip(Customer):
    """A multi-table child."""

    level = models.IntegerField(default=1)
    concierge = models.ForeignKey(Organization, models.SET_NULL, null=True, related_name="+")


class CustomerProxy(Customer):
    """A proxy of a concrete model."""

    class Meta:
        proxy = True


class Profile(models.Model):
    """The other side of a one-to-one, with a query name of its own."""

    customer = models.OneToOneField(
        Customer,
        models.CASCADE,
        related_name="profile",
        related_query_name="customer_profile",
        primary_key=True,
    )
    text = models.TextField(default="")


class Hidden(models.Model):
    """Its base manager hides rows, so a join would show more than loading on demand."""

    is_deleted = models.BooleanField(default=False)
    objects = LiveManager()

    class Meta:
        base_manager_name = "objects"


class Label(models.Model):
    """Tagged onto anything: generic both ways."""

    text = models.CharField(max_length=50)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey("content_type", "object_id")


class Sticker(models.Model):
    """Generic with a key of text."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.CharField(max_length=40)
    target = GenericForeignKey("content_type", "object_id")


class Topic(models.Model):
    """The other side of a many-to-many."""

    name = models.CharField(max_length=50)


class Ticket(models.Model):
    """The model that most plans start from."""

    subject = models.CharField(max_length=50)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="tickets")
    organization = models.ForeignKey(
        Organization, models.SET_NULL, null=True, to_field="code", related_name="code_tickets"
    )
    loose = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, related_name="loose_tickets"
    )
    hidden = models.ForeignKey(Hidden, models.SET_NULL, null=True)
    duplicates = models.ManyToManyField("self", symmetrical=True)
    blocks = models.ManyToManyField("self", symmetrical=False, related_name="blocked_by")
    topics = models.ManyToManyField(Topic, through="TicketTopic", related_name="tickets")
    labels = GenericRelation(Label, related_query_name="ticket")
    stickers = GenericRelation(Sticker)


class TicketTopic(models.Model):
    """A row of its own between tickets and topics."""

    ticket = models.ForeignKey(Ticket, models.CASCADE)
    topic = models.ForeignKey(Topic, models.CASCADE)


class Comment(models.Model):
    """Rows that may be deleted softly."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments")
    author = models.ForeignKey(Customer, models.CASCADE)
    body = models.TextField(default="")
    is_public = models.BooleanField(default=True)
    is_deleted = models.BooleanField(default=False)
    objects = LiveManager()
    everything: ClassVar[models.Manager[Any]] = models.Manager()


class FollowUp(models.Model):
    """Without a related name: the accessor differs from the query name."""

    ticket = models.ForeignKey(Ticket, models.CASCADE)
    text = models.CharField(max_length=50)


class Marked(models.Model):
    """Reached through a manager that folds rows."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="marked")
    objects = DistinctManager()


class Mark(models.Model):
    """Repeats a row of Marked when joined."""

    marked = models.ForeignKey(Marked, models.CASCADE, related_name="marks")


class Line(models.Model):
    """Its key has two columns."""

    pk = models.CompositePrimaryKey("ticket_id", "number")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="lines")
    number = models.IntegerField()


class StoryManager(FetchPlanManager[Any]):
    """Knows plans by name."""

    fetch_plans: ClassVar[Mapping[str, FetchPlan]] = {
        "list": FetchPlan("customer", only=("title", "customer__name"), counts={"chapter_count": "chapters"}),
        "detail": FetchPlan("customer__organization", "chapters"),
        "joined": FetchPlan("editor"),
    }


class Story(models.Model):
    """Its manager declares plans."""

    title = models.CharField(max_length=50)
    text = models.TextField(default="")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="stories")
    editor = models.ForeignKey(Customer, models.SET_NULL, null=True, related_name="+")
    objects = StoryManager()


class CountingManager(FetchPlanManager[Any]):
    """Declares plans beside those of its queryset."""

    fetch_plans: ClassVar[Mapping[str, FetchPlan]] = {"counted": FetchPlan(counts={"n": "story__chapters"})}


# The plugin gives each as_manager() a class of its own.
class ChapterQuerySet(FetchPlanQuerySet[Any]):  # type: ignore[override]
    """A queryset that declares plans."""

    fetch_plans: ClassVar[Mapping[str, FetchPlan]] = {"list": FetchPlan("story__customer")}

    def long(self) -> "ChapterQuerySet":
        """Return the long ones."""
        return self.filter(number__gt=1)


class Chapter(models.Model):
    """Its queryset declares plans, and makes two managers."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="chapters")
    number = models.IntegerField()
    objects: ClassVar[models.Manager[Any]] = ChapterQuerySet.as_manager()
    others: ClassVar[models.Manager[Any]] = models.Manager.from_queryset(ChapterQuerySet)()
    both: ClassVar[Any] = CountingManager.from_queryset(ChapterQuerySet)()
    plain: ClassVar[Any] = CountingManager.from_queryset(models.QuerySet)()
