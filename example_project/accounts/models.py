"""People: users, their profiles, their permissions, and field technicians."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone

from accounts.managers import UserManager
from organizations.models import Organization
from quell import needs


class Permission(models.Model):
    """Something that a person may do in the help desk."""

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by an email address."""

    class Role(models.TextChoices):
        """What somebody is to the help desk."""

        ADMIN = "admin", "Admin"
        MANAGER = "manager", "Manager"
        AGENT = "agent", "Agent"
        CUSTOMER = "customer", "Customer"

    class Tier(models.TextChoices):
        """How much service a customer pays for."""

        BASIC = "basic", "Basic"
        PREMIUM = "premium", "Premium"
        ENTERPRISE = "enterprise", "Enterprise"

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, choices=Role, default=Role.CUSTOMER)
    customer_tier = models.CharField(max_length=20, choices=Tier, default=Tier.BASIC)
    organization = models.ForeignKey(
        Organization, on_delete=models.SET_NULL, null=True, blank=True, related_name="members"
    )
    permissions = models.ManyToManyField(
        Permission,
        through="UserPermission",
        through_fields=("user", "permission"),
        related_name="holders",
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        ordering = ("full_name", "pk")
        indexes = (models.Index(fields=("role", "is_active"), name="user_role_active_idx"),)

    @needs("full_name")
    def __str__(self) -> str:
        return self.full_name

    def get_full_name(self) -> str:
        """Return the whole name."""
        return self.full_name

    def get_short_name(self) -> str:
        """Return the name to greet somebody with."""
        return self.full_name.split(" ", 1)[0]


class UserPermission(models.Model):
    """A permission given to somebody."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="permission_grants")
    permission = models.ForeignKey(Permission, on_delete=models.CASCADE, related_name="grants")
    granted_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="permissions_given"
    )
    granted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("granted_at", "pk")
        constraints = (
            models.UniqueConstraint(fields=("user", "permission"), name="user_permission_given_once"),
        )

    def __str__(self) -> str:
        return f"permission {self.permission_id} of user {self.user_id}"


class Profile(models.Model):
    """What somebody tells about themselves."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    job_title = models.CharField(max_length=80, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    time_zone = models.CharField(max_length=40, default="UTC")
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"profile of user {self.user_id}"


class Technician(models.Model):
    """Somebody who works on site."""

    class Level(models.TextChoices):
        """How much somebody may do alone."""

        TRAINEE = "trainee", "Trainee"
        SKILLED = "skilled", "Skilled"
        EXPERT = "expert", "Expert"

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="technician")
    level = models.CharField(max_length=20, choices=Level, default=Level.SKILLED)
    region = models.CharField(max_length=60)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"technician {self.pk} ({self.region})"
