"""Makes the calls that it reads from standard input with label-studio-sdk 1.0.20, for test_old_sdk.py.

Runs in that version's own environment, so it uses nothing but it and the standard library.
"""

import asyncio
import json
import sys
from operator import attrgetter

import label_studio_sdk


def plain(value):
    """What a call gave, without the client's classes."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "dict"):
        return value.dict()
    return value


def client(kind: str, url: str, credentials: dict):
    if kind != "Client":
        return getattr(label_studio_sdk, kind)(base_url=url, **credentials)
    if "api_key" in credentials:
        return label_studio_sdk.Client(url, credentials["api_key"])
    return label_studio_sdk.Client(url, credentials=label_studio_sdk._legacy.client.ClientCredentials(**credentials))


async def results(job: dict) -> list:
    made = client(job["client"], job["url"], job["credentials"])
    found = []
    for name in job["calls"]:
        result = attrgetter(name)(made)()
        found.append(plain(await result if asyncio.iscoroutine(result) else result))
    return found


print(json.dumps(asyncio.run(results(json.load(sys.stdin))), default=str))
