"""What the API says about work orders."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from accounts.models import Technician, User
from fieldwork.models import JobAssignment, WorkOrder


class TechnicianUserSerializer(serializers.ModelSerializer[User]):
    """The person behind a technician."""

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["full_name"]


class TechnicianSerializer(serializers.ModelSerializer[Technician]):
    """A technician."""

    user = TechnicianUserSerializer()

    class Meta:
        model = Technician
        fields: ClassVar[list[str]] = ["region", "user"]


class JobAssignmentSerializer(serializers.ModelSerializer[JobAssignment]):
    """A technician's part in a work order."""

    technician = TechnicianSerializer()

    class Meta:
        model = JobAssignment
        fields: ClassVar[list[str]] = ["is_lead", "technician"]


class WorkOrderSerializer(serializers.ModelSerializer[WorkOrder]):
    """A work order with everybody assigned to it."""

    assignments = JobAssignmentSerializer(many=True)

    class Meta:
        model = WorkOrder
        fields: ClassVar[list[str]] = ["id", "title", "status", "assignments"]
