"""The bots' settings and their configuration file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from demo.slack.standin import StandIn
from demo.station.ports import HOST
from tests.chaos.people import ADA, DANA, OMAR
from tests.chaos.trains import DEPLOY

CONFIG = f"""
access:
  viewers: [everyone]
  runners: [{DANA}]
  approvers: [{ADA}]
compute:
  one-core: {{backend: local, time_limit: 10 min, price: 6.00}}
models:
  delays:
    dag: train_delays
    owners: [{OMAR}]
    channel: C0DELAYS
    metrics: {{auc: higher}}
    promotion: {{deploy: {DEPLOY}}}
  claims:
    dag: train_claims
    owners: [{OMAR}]
    channel: C0DELAYS
    compute: [one-core]
    ask_above: 0.01
    promotion: {{deploy: {DEPLOY}}}
"""


def settings_of(
    slack: StandIn, urls: Mapping[str, str], database: str, folder: Path, lease: float, text: str = CONFIG
) -> Mapping[str, str]:
    """What an installer would set; `text` is the configuration, `urls` those of Airflow and MLflow."""
    config = folder / "stationmaster.yaml"
    config.write_text(text, encoding="utf-8")
    return {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "AIRFLOW_URL": urls["airflow"],
        "AIRFLOW_TOKEN": "for-everybody",
        "MLFLOW_TRACKING_URI": urls["mlflow"],
        "BIND_ADDRESS": HOST,
        "PORT": "0",
        "DATABASE_URL": database,
        "STATIONMASTER_CONFIG": str(config),
        "JOB_LEASE": f"{lease:g}",
        "LOG_LEVEL": "warning",
    }
