"""What Airflow makes of the generic DAG file: its DAGs, and what their operators are given after rendering.

`read.py FILE` writes JSON: by DAG id its description, cron, tags, tasks, and the conf that the run would get, and the
seconds that it took to read the file. It runs in Airflow's environment.
"""

import importlib.util
import json
import sys
import time

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG


def load(path: str) -> dict[str, DAG]:
    """The DAGs of the file, as Airflow finds them: among the module's names."""
    spec = importlib.util.spec_from_file_location("generic", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {dag.dag_id: dag for dag in vars(module).values() if isinstance(dag, DAG)}


def told(dag: DAG) -> dict[str, object]:
    """One DAG, with the trigger's templated fields rendered as before a run of the id `scheduled__now`."""
    dag.validate()
    found = {"description": dag.description, "tags": sorted(dag.tags), "tasks": [task.task_id for task in dag.tasks]}
    for task in dag.tasks:
        if isinstance(task, TriggerDagRunOperator):
            task.render_template_fields({"run_id": "scheduled__now"})
            found |= {
                "conf": task.conf,
                "target": task.trigger_dag_id,
                "run_id": task.trigger_run_id,
                "note": task.note,
                "careful": [task.skip_when_already_exists, task.fail_when_dag_is_paused],
            }
    if dag.schedule is not None:
        found |= {"start": dag.start_date.isoformat(), "end": dag.end_date and dag.end_date.isoformat()}
    return found


begun = time.perf_counter()
dags = load(sys.argv[1])
seconds = time.perf_counter() - begun
json.dump({"seconds": seconds, "dags": {name: told(dag) for name, dag in dags.items()}}, sys.stdout)
