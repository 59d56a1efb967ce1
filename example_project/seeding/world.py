"""What all seeded rows refer to: organizations, staff, tags and the like."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from accounts.factories import PermissionFactory, ProfileFactory, TechnicianFactory, UserFactory
from accounts.models import Permission, Profile, Technician, User
from automation.factories import AutomationRuleFactory
from automation.models import AutomationRule
from organizations.factories import OrganizationFactory, TagFactory
from organizations.models import Organization, Tag
from security.factories import SecurityRuleFactory
from security.models import EventKind, SecurityRule
from seeding.vocabulary import CATEGORIES, PERMISSIONS, SEEDED_NOW, TAGS
from tickets.factories import CategoryFactory
from tickets.models import Category

ADMIN_EMAIL = "admin@helpdesk.example"
ADMIN_PASSWORD = "admin"


@dataclass(frozen=True, slots=True)
class World:
    """Rows that the rows of every page refer to; all in order of their primary keys."""

    organizations: list[Organization]
    agents: list[User]
    technicians: list[Technician]
    tags: list[Tag]
    categories: list[Category]
    permissions: list[Permission]
    rules: list[AutomationRule]

    def agents_of(self, organization: Organization) -> list[User]:
        """Return the agents of an organization, or all agents if it has none of its own."""
        return [agent for agent in self.agents if agent.organization_id == organization.pk] or self.agents


def create_world(tickets: int) -> World:
    """Create the rows that the others refer to, as many as fit that number of tickets."""
    staff_count = max(3, tickets // 25)
    organizations = Organization.objects.bulk_create(OrganizationFactory.build_batch(max(3, tickets // 50)))
    _create_admin()
    _create_words()
    agents = create_users(organizations, staff_count, role=User.Role.AGENT)
    for manager in agents[:: max(2, staff_count // 3)]:
        manager.role = User.Role.MANAGER
        manager.save(update_fields=["role"])
    field_staff = create_users(organizations, staff_count, role=User.Role.AGENT)
    Technician.objects.bulk_create([TechnicianFactory.build(user=user) for user in field_staff])
    AutomationRule.objects.bulk_create(
        [AutomationRuleFactory.build(organization=organization) for organization in organizations * 2]
    )
    return load_world()


def load_world() -> World:
    """Load the rows that the others refer to."""
    return World(
        organizations=list(Organization.objects.order_by("pk")),
        agents=list(User.objects.filter(role=User.Role.AGENT, technician=None).order_by("pk")),
        technicians=list(Technician.objects.order_by("pk")),
        tags=list(Tag.objects.order_by("pk")),
        categories=list(Category.objects.order_by("pk")),
        permissions=list(Permission.objects.order_by("pk")),
        rules=list(AutomationRule.objects.order_by("pk")),
    )


def create_users(organizations: list[Organization], count: int, *, role: User.Role) -> list[User]:
    """Create users with profiles; of the customers each tenth has no organization."""
    users = []
    for index in range(count):
        is_alone = role == User.Role.CUSTOMER and index % 10 == 9
        organization = None if is_alone else organizations[index % len(organizations)]
        users.append(UserFactory.build(role=role, organization=organization))
    User.objects.bulk_create(users, batch_size=500)
    Profile.objects.bulk_create([ProfileFactory.build(user=user) for user in users], batch_size=500)
    return users


def _create_admin() -> None:
    admin = User.objects.create(
        email=ADMIN_EMAIL,
        # A fixed salt, for the same row at each run.
        password=make_password(ADMIN_PASSWORD, salt="help-desk-example-only"),
        full_name="Robin Admin",
        role=User.Role.ADMIN,
        is_staff=True,
        is_superuser=True,
        date_joined=SEEDED_NOW,
    )
    Profile.objects.create(user=admin, job_title="Help desk lead", updated_at=SEEDED_NOW)


def _create_words() -> None:
    """Create what has fixed names, save those names that exist."""
    tags = [TagFactory.build(name=name) for name in TAGS]
    Tag.objects.bulk_create(tags, ignore_conflicts=True)
    categories = [CategoryFactory.build(name=name) for name in CATEGORIES]
    Category.objects.bulk_create(categories, ignore_conflicts=True)
    permissions = [PermissionFactory.build(code=code, name=name) for code, name in PERMISSIONS]
    Permission.objects.bulk_create(permissions, ignore_conflicts=True)
    rules = [SecurityRuleFactory.build(kind=kind) for kind in EventKind.values]
    SecurityRule.objects.bulk_create(rules, ignore_conflicts=True)
