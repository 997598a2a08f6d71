"""Label Studio's own client, sync or async, behind one way of calling it.

`sdk("users.get", id=1)` is `client.users.get(id=1)`, awaited where that is needed; a paged list is
read to its end. What crossed the wire is in `requests`, as httpx itself reports it.
"""

import asyncio
import logging
import re
from operator import attrgetter
from typing import Any

from label_studio_sdk import AsyncLabelStudio, LabelStudio
from label_studio_sdk.core.pagination import AsyncPager, SyncPager

SENT = re.compile(r'HTTP Request: (?P<method>\S+) https?://[^/]+(?P<path>\S+) "HTTP/1.1 (?P<status>\d+)')


class Sdk:
    """One client. It is closed with its event loop when the test is over."""

    def __init__(self, mode: str, url: str, **options: Any):
        self.is_async = mode == "async"
        self.loop = asyncio.new_event_loop() if self.is_async else None
        self.client = (AsyncLabelStudio if self.is_async else LabelStudio)(base_url=url, **options)

    def __call__(self, name: str, *args: Any, **kwargs: Any) -> Any:
        function = attrgetter(name)(self.client)
        if not self.is_async:
            result = function(*args, **kwargs)
            return list(result) if isinstance(result, SyncPager) else result
        return self.loop.run_until_complete(_awaited(function, args, kwargs))

    def close(self) -> None:
        if self.loop:
            self.loop.close()


async def _awaited(function, args: tuple, kwargs: dict) -> Any:
    result = await function(*args, **kwargs)
    return [item async for item in result] if isinstance(result, AsyncPager) else result


class Requests(logging.Handler):
    """Every request that any httpx client of this process has made: `POST /api/token/refresh/ 200`."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if sent := SENT.search(record.getMessage()):
            self.seen.append(f"{sent['method']} {sent['path']} {sent['status']}")

    def exchanges(self) -> list[str]:
        return [line for line in self.seen if "/api/token/refresh" in line]
