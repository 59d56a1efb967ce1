"""Six ways to show tickets, as projects write them."""

from typing import Any, ClassVar

from rest_framework import serializers

from benchmarks.desk.models import (
    Agent,
    Attachment,
    Category,
    Comment,
    Organization,
    Person,
    Tag,
    Ticket,
)
from quell import needs


class OrganizationSerializer(serializers.ModelSerializer[Organization]):
    """A company by its name."""

    class Meta:
        model = Organization
        fields: ClassVar[list[str]] = ["id", "name"]


class PersonSerializer(serializers.ModelSerializer[Person]):
    """A person and their company."""

    organization = OrganizationSerializer()

    class Meta:
        model = Person
        fields: ClassVar[list[str]] = ["id", "name", "email", "organization"]


class AgentSerializer(serializers.ModelSerializer[Agent]):
    """An agent and the person that they are."""

    person = PersonSerializer()

    class Meta:
        model = Agent
        fields: ClassVar[list[str]] = ["id", "team", "person"]


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """A comment and its author."""

    author = PersonSerializer()

    class Meta:
        model = Comment
        fields: ClassVar[list[str]] = ["id", "body", "created_at", "author"]


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """A file."""

    class Meta:
        model = Attachment
        fields: ClassVar[list[str]] = ["id", "file_name", "size"]


class TagSerializer(serializers.ModelSerializer[Tag]):
    """A tag."""

    class Meta:
        model = Tag
        fields: ClassVar[list[str]] = ["id", "name"]


class CategorySerializer(serializers.ModelSerializer[Category]):
    """A category."""

    class Meta:
        model = Category
        fields: ClassVar[list[str]] = ["id", "slug"]


class NestedSerializer(serializers.ModelSerializer[Ticket]):
    """Serializers inside of serializers, three levels deep."""

    organization = OrganizationSerializer()
    customer = PersonSerializer()
    agent = AgentSerializer()
    category = CategorySerializer()
    comments = CommentSerializer(many=True)
    attachments = AttachmentSerializer(many=True)
    tags = TagSerializer(many=True)

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = [
            "id",
            "subject",
            "status",
            "organization",
            "customer",
            "agent",
            "category",
            "comments",
            "attachments",
            "tags",
        ]


class KeysSerializer(serializers.ModelSerializer[Ticket]):
    """Foreign keys as the numbers that they are."""

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["id", "subject", "organization", "customer", "agent", "category"]


class DottedSerializer(serializers.ModelSerializer[Ticket]):
    """Names from two relations away."""

    organization = serializers.CharField(source="customer.organization.name")
    agent = serializers.CharField(source="agent.person.name", default=None)

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["id", "subject", "organization", "agent"]


class MethodsSerializer(serializers.ModelSerializer[Ticket]):
    """What methods and a property find out; the methods declare nothing."""

    participants = serializers.ReadOnlyField()
    comment_count = serializers.SerializerMethodField()
    latest = serializers.SerializerMethodField()
    is_urgent = serializers.SerializerMethodField()

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = [
            "id",
            "subject",
            "participants",
            "comment_count",
            "latest",
            "is_urgent",
        ]

    def get_comment_count(self, ticket: Ticket) -> int:
        """Count the comments."""
        count: int = ticket.comments.count()
        return count

    def get_latest(self, ticket: Ticket) -> str:
        """Return the latest comment."""
        latest = ticket.comments.order_by("-created_at").first()
        return latest.body if latest else ""

    def get_is_urgent(self, ticket: Ticket) -> bool:
        """Tell whether a certain tag is on the ticket."""
        return ticket.tags.filter(name="tag 1").exists()


class DeclaredMethodsSerializer(MethodsSerializer):
    """The same, with what the methods read declared; what no plan can load is not."""

    @needs("comments__author__name")
    def get_comment_count(self, ticket: Ticket) -> int:
        """Count the comments."""
        return super().get_comment_count(ticket)

    @needs()
    def get_latest(self, ticket: Ticket) -> str:
        """Return the latest comment."""
        return super().get_latest(ticket)

    @needs()
    def get_is_urgent(self, ticket: Ticket) -> bool:
        """Tell whether a certain tag is on the ticket."""
        return super().get_is_urgent(ticket)


class KeysOfManySerializer(serializers.ModelSerializer[Ticket]):
    """Tags as text, attachments as numbers, the category by its slug."""

    tags: Any = serializers.StringRelatedField(many=True)
    attachments: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    category: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["id", "subject", "tags", "attachments", "category"]


class AuthorSerializer(serializers.ModelSerializer[Comment]):
    """A comment with names from two relations away."""

    author = serializers.CharField(source="author.name")
    organization = serializers.CharField(source="author.organization.name")

    class Meta:
        model = Comment
        fields: ClassVar[list[str]] = ["id", "author", "organization"]


class DottedInManySerializer(serializers.ModelSerializer[Ticket]):
    """Dotted sources inside of a list."""

    comments = AuthorSerializer(many=True)

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["id", "subject", "comments"]
