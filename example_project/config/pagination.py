"""Pagination of the API."""

from __future__ import annotations

from collections.abc import Sequence

from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response


class NumberedPagination(PageNumberPagination):
    """Name pages by number, so that a client builds its own links."""

    page_size_query_param = "page_size"
    max_page_size = 500

    def get_paginated_response(self, data: Sequence[object]) -> Response:
        """Return one page with the number of rows and pages beside it."""
        assert self.page is not None
        paginator = self.page.paginator
        return Response(
            {
                "count": paginator.count,
                "page": self.page.number,
                "pages": paginator.num_pages,
                "results": data,
            }
        )
