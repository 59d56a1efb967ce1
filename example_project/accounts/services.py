"""What must happen whole or not at all: a profile and what its user may do."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from accounts.models import Permission, Profile, User, UserPermission
from quell.services import Retry, lock_rows, service


@service(retry=Retry(tries=5))
def update_profile(
    *, user_id: int, job_title: str, permissions: Sequence[str], granted_by_id: int | None = None
) -> int:
    """
    Change a profile and replace the permissions of its user; return the key of the profile.

    Raises:
        LookupError: If a permission does not exist.
    """
    (user,) = lock_rows(User.objects.filter(pk=user_id))
    profile, _ = Profile.objects.update_or_create(
        user=user, defaults={"job_title": job_title, "updated_at": timezone.now()}
    )
    found = {permission.code: permission for permission in Permission.objects.filter(code__in=permissions)}
    missing = sorted(set(permissions) - found.keys())
    if missing:
        msg = f"There is no permission {', '.join(missing)}."
        raise LookupError(msg)
    UserPermission.objects.filter(user=user).exclude(permission__code__in=permissions).delete()
    UserPermission.objects.bulk_create(
        [
            UserPermission(user=user, permission=found[code], granted_by_id=granted_by_id)
            for code in permissions
        ],
        ignore_conflicts=True,
    )
    return profile.pk
