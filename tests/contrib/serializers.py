"""Serializers of every kind, over the models of plans."""

from typing import Any, ClassVar

from rest_framework import serializers

from quell import FetchPlan, Limit, needs
from tests.planapp.models import Comment, Customer, Organization, Ticket, Topic

Data = dict[str, Any]


class OrganizationSerializer(serializers.ModelSerializer[Organization]):
    """One column."""

    class Meta:
        model = Organization
        fields: ClassVar[list[str]] = ["name"]


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    """Nested, to-one."""

    organization = OrganizationSerializer()

    class Meta:
        model = Customer
        fields: ClassVar[list[str]] = ["name", "organization"]


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """Dotted inside of many=True."""

    author_name = serializers.CharField(source="author.name")
    author_code = serializers.CharField(source="author.organization.code")

    class Meta:
        model = Comment
        fields: ClassVar[list[str]] = ["body", "author_name", "author_code"]


class NestedSerializer(serializers.ModelSerializer[Ticket]):
    """Three levels."""

    customer = CustomerSerializer()
    comments = CommentSerializer(many=True)

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["subject", "customer", "comments"]


class KeySerializer(serializers.ModelSerializer[Ticket]):
    """Foreign keys as ids only; the one with a to_field shows a column of the row that it leads to."""

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["id", "customer", "organization", "hidden"]


class SlugSerializer(serializers.ModelSerializer[Ticket]):
    """Slugs, texts and keys of several rows."""

    organization: Any = serializers.SlugRelatedField(slug_field="name", read_only=True)
    topics: Any = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)
    comments: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    referrer: Any = serializers.SlugRelatedField(
        source="customer.referrer", slug_field="organization__name", read_only=True
    )
    blocks: Any = serializers.StringRelatedField(many=True)

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["organization", "topics", "comments", "referrer", "blocks"]


class InnerSerializer(serializers.Serializer[Any]):
    """Given the same row."""

    title = serializers.CharField(source="subject")
    customer = serializers.CharField(source="customer.name")


class WholeSerializer(serializers.Serializer[Any]):
    """The row itself as a source; no Meta."""

    inner = InnerSerializer(source="*")
    number = serializers.IntegerField(source="comments.count")


class DeclaredSerializer(serializers.ModelSerializer[Ticket]):
    """Method fields that say what they read."""

    people = serializers.SerializerMethodField()
    latest = serializers.SerializerMethodField()
    nothing = serializers.SerializerMethodField()

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["id", "people", "latest", "nothing"]

    @needs("subject", "comments__author__name")
    def get_people(self, ticket: Any) -> list[str]:
        """Read a column of the row, and one behind a relation."""
        return [ticket.subject, *sorted(comment.author.name for comment in ticket.comments.all())]

    @needs(FetchPlan(limits={"newest": Limit("comments", 1, "-pk")}), FetchPlan("customer__organization"))
    def get_latest(self, ticket: Any) -> list[Any]:
        """Read what a plan loads."""
        bodies = [comment.body for comment in getattr(ticket, "newest", ticket.comments.order_by("-pk")[:1])]
        return [*bodies, ticket.customer.name, ticket.customer.organization.code]

    @needs()
    def get_nothing(self, ticket: Any) -> int:
        """Read nothing."""
        return 1


class UndeclaredSerializer(serializers.ModelSerializer[Ticket]):
    """A method field that says nothing, beside a narrow relation."""

    text = serializers.SerializerMethodField()
    customer = CustomerSerializer()

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["text", "customer"]

    def get_text(self, ticket: Any) -> str:
        """Read columns."""
        return f"{ticket.subject} {ticket.loose_id}"


class ContextSerializer(serializers.ModelSerializer[Ticket]):
    """Fields that depend on the request."""

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["id", "subject"]

    def get_fields(self) -> Any:
        """Show the customer to some."""
        fields = super().get_fields()
        if self.context.get("is_staff"):
            fields["customer"] = CustomerSerializer()
        return fields


class TreeSerializer(serializers.ModelSerializer[Customer]):
    """Recursive: customers that referred customers."""

    class Meta:
        model = Customer
        fields: ClassVar[list[str]] = ["name"]

    def get_fields(self) -> Any:
        """Nest itself."""
        return {**super().get_fields(), "referred": TreeSerializer(many=True)}


class ShortTopicSerializer(serializers.ModelSerializer[Topic]):
    """One of two serializers of a topic."""

    class Meta:
        model = Topic
        fields: ClassVar[list[str]] = ["name"]


class PickingSerializer(serializers.Serializer[Any]):
    """Picks another serializer, and says which."""

    @needs(serializers=[KeySerializer, InnerSerializer])
    def to_representation(self, instance: Any) -> Any:
        """Pick by the row."""
        chosen: type[Any] = KeySerializer if instance.pk % 2 else InnerSerializer
        return chosen(instance).data


class MappingSerializer(serializers.Serializer[Any]):
    """Picks another serializer from a table, as packages for polymorphic models do."""

    model_serializer_mapping: ClassVar[dict[Any, Any]] = {Ticket: NestedSerializer}

    def to_representation(self, instance: Any) -> Any:
        """Pick by the class of the row."""
        return self.model_serializer_mapping[type(instance)](instance).data


class WritingSerializer(serializers.ModelSerializer[Ticket]):
    """A column that is never read."""

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["id", "subject", "customer"]
        extra_kwargs: ClassVar[Data] = {"customer": {"write_only": True}}


EVERY: list[type[serializers.BaseSerializer[Any]]] = [
    NestedSerializer,
    KeySerializer,
    SlugSerializer,
    WholeSerializer,
    DeclaredSerializer,
    UndeclaredSerializer,
    ContextSerializer,
    PickingSerializer,
    MappingSerializer,
    WritingSerializer,
]
