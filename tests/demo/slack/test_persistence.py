import asyncio
import signal
import sys
import time
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from demo.slack import StandIn
from tests.demo.slack import cards


async def test_a_restart_keeps_messages_and_threads(tmp_path: Path) -> None:
    """Messages, edits, deletions and threads survive; ephemerals do not; ts goes on rising."""
    async with StandIn(data=tmp_path) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        kept = await client.chat_postMessage(channel="C0TRAINING", text="kept", blocks=cards.running())
        await client.chat_update(channel="C0TRAINING", ts=kept["ts"], text="edited", blocks=cards.finished())
        await client.chat_postMessage(channel="C0TRAINING", text="reply", thread_ts=kept["ts"])
        gone = await client.chat_postMessage(channel="C0TRAINING", text="gone")
        await client.chat_delete(channel="C0TRAINING", ts=gone["ts"])
        await client.chat_postEphemeral(channel="C0TRAINING", user="U0DANA", text="psst")
        before = slack.messages("C0TRAINING")
    async with StandIn(data=tmp_path, clock=lambda: 0.0) as slack:
        assert slack.messages("C0TRAINING") == before
        assert [m.text for m in slack.replies("C0TRAINING", str(kept["ts"]))] == ["reply"]
        assert slack.ephemerals("U0DANA", "C0TRAINING") == []
        assert (await slack.as_user("U0DANA").say("C0TRAINING", "next")).ts > str(kept["ts"])


async def test_the_program_says_where_it_is_and_stops_when_told(tmp_path: Path) -> None:
    """It prints one line with its address, writes its port, and ends within 2 s of SIGTERM."""
    port_file = tmp_path / "port"
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo.slack", "--port-file", str(port_file), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert program.stdout is not None
        line = (await program.stdout.readline()).decode()
        url = f"http://127.0.0.1:{port_file.read_text()}"
        assert line == f"Slack stands at {url}\n"
        assert (await AsyncWebClient("xoxb-demo", base_url=f"{url}/api/").auth_test())["ok"]
        told = time.monotonic()
        program.send_signal(signal.SIGTERM)
        assert await program.wait() == 0
        assert time.monotonic() - told < 2
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
