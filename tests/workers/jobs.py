"""Work for RQ, and the consumers of Channels: each with the one line that makes it a scope."""

from typing import Any

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer

import quell
from tests.library.models import Author


@quell.watch()
def remind() -> int:
    """Load the countries one by one."""
    return len([author.country.name for author in Author.objects.order_by("pk")])


@quell.watch()
def failing() -> None:
    """Fail after some work."""
    remind()
    raise ValueError("on purpose")


def plain() -> int:
    """Load the countries one by one, and let somebody else watch."""
    return len([author.country.name for author in Author.objects.order_by("pk")])


class SyncAuthors(WebsocketConsumer):
    """Answers each message with the countries."""

    @quell.watch()
    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Load the countries one by one."""
        self.send(text_data=str(plain()))


class AsyncAuthors(AsyncWebsocketConsumer):
    """Answers each message with the countries, from a coroutine."""

    @quell.watch()
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Load the countries one by one."""
        names = [
            await sync_to_async(self._country_of)(author) async for author in Author.objects.order_by("pk")
        ]
        await self.send(text_data=str(len(names)))

    @staticmethod
    def _country_of(author: Any) -> str:
        return str(author.country.name)
