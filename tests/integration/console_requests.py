"""Requests to the operator's console."""

from __future__ import annotations

from typing import Any

import aiohttp


async def get(http: aiohttp.ClientSession, url: str, **options: Any) -> tuple[int, Any]:
    async with http.get(url, **options) as answer:
        return answer.status, await answer.json()


async def post(
    http: aiohttp.ClientSession, url: str, data: str = "{}", **headers: str
) -> tuple[int, Any]:
    async with http.post(url, data=data, headers=headers) as answer:
        return answer.status, await answer.json()
