"""The naive list of work orders, and its fast twin."""

from __future__ import annotations

from rest_framework.viewsets import ReadOnlyModelViewSet

from config.pagination import NumberedPagination
from fieldwork.models import WorkOrder
from fieldwork.serializers import WorkOrderSerializer


class WorkOrderPagination(NumberedPagination):
    """Fewer work orders to a page: each brings a crew."""

    page_size = 100


class SlowWorkOrderViewSet(ReadOnlyModelViewSet[WorkOrder]):
    """List work orders with their crews."""

    queryset = WorkOrder.objects.all()
    serializer_class = WorkOrderSerializer
    pagination_class = WorkOrderPagination


class FastWorkOrderViewSet(SlowWorkOrderViewSet):
    """List work orders with their crews, in one query per level."""

    queryset = WorkOrder.objects.prefetch_related("assignments__technician__user")
