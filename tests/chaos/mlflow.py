"""MLflow's REST API over the fake in memory, as far as the bot's client asks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from aiohttp import web

from bot.domain import RunKey, Version
from bot.errors import NotFound, ServiceRejected
from tests.chaos.effects import EFFECT
from tests.chaos.mlflow_json import conditions, error, run, version
from tests.chaos.wire import Service
from tests.fakes import FakeRegistry

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
COPY_TAG = "stationmaster.copy"
MOST = 1_000_000


class MlflowOverHttp:
    """`routes` answer as MLflow's tracking server does; what changes something says so in `request[EFFECT]`."""

    def __init__(self, fake: FakeRegistry) -> None:
        self._fake = fake

    def service(self) -> Service:
        """The service to serve."""
        return Service("mlflow", self.routes(), error)

    def routes(self) -> list[web.RouteDef]:
        """Every endpoint that the bot's client asks."""
        return [
            web.get("/version", _server_version),
            web.post(f"{API}/experiments/search", _experiments),
            web.post(f"{API}/runs/search", self._trainings),
            web.get(f"{API}/runs/get", self._training),
            web.get(f"{API}/registered-models/search", self._models),
            web.get(f"{API}/registered-models/get", self._model),
            web.post(f"{API}/registered-models/create", self._create_model),
            web.post(f"{API}/registered-models/set-tag", self._tag_model),
            web.get(f"{API}/registered-models/alias", self._holder),
            web.post(f"{API}/registered-models/alias", self._set_alias),
            web.delete(f"{API}/registered-models/alias", self._drop_alias),
            web.get(f"{API}/model-versions/search", self._versions),
            web.get(f"{API}/model-versions/get", self._version),
            web.get(f"{API}/model-versions/get-download-uri", self._place),
            web.post(f"{API}/model-versions/create", self._copy),
            web.post(f"{API}/model-versions/set-tag", self._tag_version),
            web.get(FILES, self._listed),
            web.get(f"{FILES}/{{path:.*}}", self._file),
        ]

    # Runs

    async def _trainings(self, request: web.Request) -> web.Response:
        wanted = conditions((await request.json())["filter"])
        if "attributes.run_id" in wanted:
            found = list((await self._fake.trainings_of(wanted["attributes.run_id"])).values())
        else:
            key = RunKey(wanted["tags.`airflow.dag_id`"][0], wanted["tags.`airflow.run_id`"][0])
            found = list(await self._fake.trainings(key))
        return web.json_response({"runs": [run(each) for each in found]})

    async def _training(self, request: web.Request) -> web.Response:
        if found := await self._fake.training(request.query["run_id"]):
            return web.json_response({"run": run(found)})
        raise NotFound("MLflow", f"Run with id={request.query['run_id']} not found", status=404)

    # Models

    async def _models(self, request: web.Request) -> web.Response:
        names = conditions(request.query.get("filter", "")).get("name", ())
        found = [await self._described(name) for name in names if await self._fake.versions(name, 1)]
        return web.json_response({"registered_models": found})

    async def _model(self, request: web.Request) -> web.Response:
        name = _possible(request.query["name"])
        if not await self._fake.versions(name, 1):
            raise NotFound("MLflow", f"Registered Model with name={name} not found", status=404)
        return web.json_response({"registered_model": await self._described(name)})

    async def _described(self, name: str) -> Mapping[str, object]:
        held = await self._fake.holders([name])
        aliases = [{"alias": alias, "version": number} for (_, alias), number in held.items()]
        return {"name": name, "aliases": aliases}

    async def _create_model(self, request: web.Request) -> web.Response:
        """The fake has a model as soon as it has a version."""
        name = _possible((await request.json())["name"])
        if await self._fake.versions(name, 1):
            raise ServiceRejected("MLflow", f"Registered Model (name={name}) already exists.", status=400)
        return web.json_response({"registered_model": {"name": name}})

    async def _tag_model(self, request: web.Request) -> web.Response:
        body = await request.json()
        await self._fake.tag_model(body["name"], {body["key"]: body["value"]})
        return web.json_response({})

    # Aliases

    async def _holder(self, request: web.Request) -> web.Response:
        name, alias = request.query["name"], request.query["alias"]
        if found := await self._fake.holder(name, alias):
            return _one(found)
        raise ServiceRejected("MLflow", f"Registered model alias {alias} not found.", status=400)

    async def _set_alias(self, request: web.Request) -> web.Response:
        """MLflow takes whatever it is told, and tells nobody what the alias was before."""
        body = await request.json()
        model, alias, number = body["name"], body["alias"], body["version"]
        before = await self._fake.holder(model, alias)
        await self._fake.set_alias(model, alias, number)
        verb = "repeated" if before and before.version == number else "moved"
        request[EFFECT] = f"{verb} {model}@{alias} to v{number}"
        return web.json_response({})

    async def _drop_alias(self, request: web.Request) -> web.Response:
        body = await request.json()
        await self._fake.drop_alias(body["name"], body["alias"])
        request[EFFECT] = f"dropped {body['name']}@{body['alias']}"
        return web.json_response({})

    # Versions

    async def _versions(self, request: web.Request) -> web.Response:
        wanted, most = conditions(request.query["filter"]), int(request.query["max_results"])
        found = [
            each
            for each in await self._among(wanted)
            if int(each.version) >= int(wanted.get("version_number", ["0"])[0])
            and each.tags.get(COPY_TAG, "") == wanted.get(f"tags.`{COPY_TAG}`", [each.tags.get(COPY_TAG, "")])[0]
        ]
        return web.json_response({"model_versions": [version(each) for each in found[:most]]})

    async def _among(self, wanted: Mapping[str, Sequence[str]]) -> Sequence[Version]:
        if "run_id" in wanted:
            return await self._fake.versions_of(wanted["run_id"][0])
        return [each for name in wanted["name"] for each in await self._fake.versions(name, MOST)]

    async def _version(self, request: web.Request) -> web.Response:
        return _one(await self._there(request))

    async def _place(self, request: web.Request) -> web.Response:
        """Where the files are: an address that holds any name."""
        found = await self._there(request)
        return web.json_response({"artifact_uri": f"mlflow-artifacts:/{found.model.encode().hex()}/{found.version}"})

    async def _copy(self, request: web.Request) -> web.Response:
        body = await request.json()
        marker = next(tag["value"] for tag in body["tags"] if tag["key"] == COPY_TAG)
        (original, *_) = await self._fake.versions_of(body["run_id"])
        made = await self._fake.copy_version(original, _possible(body["name"]), marker)
        request[EFFECT] = f"copied {original.model} v{original.version} to {made.model} v{made.version}"
        return _one(made)

    async def _tag_version(self, request: web.Request) -> web.Response:
        body = await request.json()
        await self._fake.tag_version(body["name"], body["version"], {body["key"]: body["value"]})
        return web.json_response({})

    async def _there(self, request: web.Request) -> Version:
        name, number = request.query["name"], request.query["version"]
        if found := await self._fake.version(name, number):
            return found
        raise NotFound("MLflow", f"Model Version (name={name}, version={number}) not found", status=404)

    # Files

    async def _listed(self, request: web.Request) -> web.Response:
        model, number, folder = _located(request.query["path"])
        below = f"{folder}/" if folder else ""
        files = self._fake.files(model, number)
        found: dict[str, dict[str, object]] = {}
        for path, content in files.items():
            if path.startswith(below):
                name, deeper, _ = path.removeprefix(below).partition("/")
                found[name] = {"path": name, "is_dir": bool(deeper)} | ({} if deeper else {"file_size": len(content)})
        return web.json_response({"files": list(found.values())})

    async def _file(self, request: web.Request) -> web.Response:
        model, number, path = _located(unquote(request.match_info["path"]))
        return web.Response(body=self._fake.files(model, number)[path])


def _located(path: str) -> tuple[str, str, str]:
    """The model, the version and the path below it of an address that `_place` has given."""
    model, number, rest = [*path.split("/", 2), ""][:3]
    return bytes.fromhex(model).decode(), number, rest


def _possible(name: str) -> str:
    if "/" in name or ":" in name:
        raise ServiceRejected("MLflow", f"Invalid model name: {name!r}", status=400)
    return name


def _one(found: Version) -> web.Response:
    return web.json_response({"model_version": version(found) | {"aliases": list(found.aliases)}})


async def _server_version(_: web.Request) -> web.Response:
    return web.Response(text="3.17.2")


async def _experiments(_: web.Request) -> web.Response:
    return web.json_response({"experiments": [{"experiment_id": "1", "name": "all", "lifecycle_stage": "active"}]})
