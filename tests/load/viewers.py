"""Viewers on one server, each acting about every ten seconds, and a single viewer whose answers theirs must equal."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from tests.load.client import connected
from tests.load.mix import OF_MANY_STEPS, PAGES, Asked, Mix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.load.client import Run, Session

#: Between two actions of a viewer, in seconds.
APART: Final = (7.0, 13.0)


@dataclass(frozen=True)
class Answer:
    """What a viewer asked and was shown."""

    asked: Asked
    run: Run


async def look(address: str, viewers: int, seconds: float, mix: Mix, seed: int) -> list[Answer]:
    """Let viewers act until the time is up, and wait for the last answers.

    Args:
        address: of the server.
        viewers: how many.
        seconds: how long.
        mix: what they ask.
        seed: of what they ask, and when.
    """
    until = time.monotonic() + seconds
    seeded = (Random(f"{seed}-{number}") for number in range(viewers))  # noqa: S311  no secret is made of it
    each = await asyncio.gather(*(_view(address, until, mix, random) for random in seeded))
    return [answer for answers in each for answer in answers]


async def alone(address: str, asked: Iterable[Asked]) -> dict[Asked, Run]:
    """What a single viewer is shown, one link after the other, each on a connection of its own."""
    found = {}
    for one in asked:
        async with connected(address) as session:
            found[one] = await session.open(one.page, dict(one.parameters))
    return found


async def _view(address: str, until: float, mix: Mix, random: Random) -> list[Answer]:
    answers = []
    async with AsyncExitStack() as stack:
        act = time.monotonic() + random.uniform(0, APART[1])
        session, asked = None, Asked("")
        while act < until:
            await asyncio.sleep(act - time.monotonic())
            step = mix.step(random) if session else "link"
            if session is None or step == "link":
                await stack.aclose()
                session = await stack.enter_async_context(connected(address))
                asked = mix.link(random)
                run = await session.open(asked.page, dict(asked.parameters))
            else:
                asked, run = await _go_on(session, step, asked, mix, random)
            answers.append(Answer(asked, run))
            act = max(act + random.uniform(*APART), time.monotonic())
    return answers


async def _go_on(session: Session, step: str, asked: Asked, mix: Mix, random: Random) -> tuple[Asked, Run]:
    name, chosen = mix.choice(asked, random)
    # Where nothing can be shown there is nothing to choose either, so the viewer turns to another page.
    if step == "choice" and session.offers(name) and asked.page not in OF_MANY_STEPS:
        return chosen, await session.choose(name, dict(chosen.parameters).get(name), dict(chosen.parameters))
    turned = asked.on(random.choice([page for page in PAGES if page != asked.page]))
    return turned, await session.turn_to(turned.page, dict(turned.parameters))
