"""Factories of people and what they may do."""

from __future__ import annotations

from datetime import timedelta

import factory
from factory.django import DjangoModelFactory
from factory.fuzzy import FuzzyChoice

from accounts.models import Permission, Profile, Technician, User, UserPermission
from organizations.factories import OrganizationFactory
from seeding.vocabulary import (
    FIRST_NAMES,
    JOB_TITLES,
    LAST_NAMES,
    PERMISSIONS,
    REGIONS,
    SEEDED_NOW,
    TIME_ZONES,
)

# Starts with Django's prefix of unusable passwords, and is the same at each run.
_NO_PASSWORD = "!no-password-for-seeded-users"


def _name(number: int) -> str:
    # The step is coprime to the number of last names, so that pairs repeat late.
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    return f"{first} {LAST_NAMES[(number * 7) % len(LAST_NAMES)]}"


class UserFactory(DjangoModelFactory[User]):
    """Make users who are customers, of all tiers."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person-{n:05}@helpdesk.example")
    password = _NO_PASSWORD
    full_name = factory.Sequence(_name)
    role = User.Role.CUSTOMER
    customer_tier = FuzzyChoice(User.Tier.values)
    organization = factory.SubFactory(OrganizationFactory)
    date_joined = factory.Sequence(lambda n: SEEDED_NOW - timedelta(days=400, hours=-n))


class ProfileFactory(DjangoModelFactory[Profile]):
    """Make profiles, some without a job title and a phone."""

    class Meta:
        model = Profile

    user = factory.SubFactory(UserFactory)
    job_title = FuzzyChoice(JOB_TITLES)
    phone = factory.Sequence(lambda n: f"+44 20 7946 {n % 1000:04}" if n % 3 else "")
    time_zone = FuzzyChoice(TIME_ZONES)
    updated_at = SEEDED_NOW


class TechnicianFactory(DjangoModelFactory[Technician]):
    """Make technicians."""

    class Meta:
        model = Technician

    user = factory.SubFactory(UserFactory, role=User.Role.AGENT)
    level = FuzzyChoice(Technician.Level.values)
    region = FuzzyChoice(REGIONS)


class PermissionFactory(DjangoModelFactory[Permission]):
    """Make permissions."""

    class Meta:
        model = Permission

    code = factory.Sequence(lambda n: PERMISSIONS[n][0] if n < len(PERMISSIONS) else f"permission-{n}")
    name = factory.Sequence(lambda n: PERMISSIONS[n][1] if n < len(PERMISSIONS) else f"Permission {n}")


class UserPermissionFactory(DjangoModelFactory[UserPermission]):
    """Give permissions to users."""

    class Meta:
        model = UserPermission

    user = factory.SubFactory(UserFactory)
    permission = factory.SubFactory(PermissionFactory)
    granted_at = SEEDED_NOW
