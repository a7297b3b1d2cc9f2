"""A client that calls an ASGI application directly, for tests of api modules."""

import asyncio
from types import TracebackType
from typing import Any

import httpx
from fastapi import FastAPI


class EdgeClient:
    """`with EdgeClient(app, key) as client: client.get("/api/v1/me").json()`; one event loop for its life."""

    def __init__(self, app: FastAPI, key: str = "") -> None:
        self.app = app
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._runner = asyncio.Runner()

    def __enter__(self) -> "EdgeClient":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._runner.close()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; `json=`, `content=`, `headers=`, `params=` as httpx takes them; `key=` shows another key."""
        return self.requests([(method, path, options)])[0]

    def requests(self, calls: list[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        """Many requests at once; answers in their order."""
        return self._runner.run(self._all(calls))

    async def _all(self, calls: list[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://tradewind.test") as client:
            return await asyncio.gather(*(self._one(client, *call) for call in calls))

    async def _one(self, client: httpx.AsyncClient, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        key = options.pop("key", None)
        shown = self.headers if key is None else {"Authorization": f"Bearer {key}"}
        headers = {**shown, **options.pop("headers", {})}
        return await client.request(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)
