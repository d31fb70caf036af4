"""How commands, buttons, forms, the home tab and work are declared, and how what `commands/` declares is found.

A file in `commands/` holds one command. Nothing else has to be edited to add one:

    @command("models", summary="the catalogue", example="models flights", right=Right.READ)
    async def models(call: Call, arguments: ModelsArguments) -> ModelsMessage: ...

A command that only reads returns its Message. One that changes something returns Work, which is written down before
Slack is answered, and carried out by the function declared with `@work` of the same kind. Either may return a Modal,
which is opened; what is filled in goes to the function declared with `@form`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any, TypeAlias, TypeVar, get_type_hints

from bot.access import Right, Role
from bot.catalogue import Model
from bot.conversation.words import Arguments, nearest
from bot.domain import Person, Posted
from bot.errors import Refusal, UnknownWord
from bot.jobs import JobContext
from bot.messages.render import Home, Message, Modal
from bot.station import Station
from bot.store import Draft, FollowedRun, KeptSchedule, Transaction

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "__stationmaster__"


@dataclass(frozen=True, slots=True)
class Work:
    """Something to be done durably. `args` is JSON; it must hold no secret, because it is kept.

    `also(tx, id)` writes in the transaction that accepts it under that id; where it raises, nothing is accepted.
    """

    kind: str
    args: dict[str, Any]
    subject: str = ""  # what the audit trail names it
    words: str = ""  # what one would have typed for it, where nothing was typed
    also: Callable[[Transaction, str], Awaitable[object]] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, where, and with what: given to every command and button."""

    station: Station
    person: Person
    roles: frozenset[Role]  # towards `model` where there is one, else in the workspace
    channel: str
    text: str  # the command as typed, after its name
    model: Model | None = None  # the one that the arguments name, or that the run is of
    run: FollowedRun | None = None  # the one that the arguments name
    request_id: str = ""  # what the work is accepted under
    schedule: KeptSchedule | None = None  # the one that the arguments name

    @property
    def own(self) -> bool:
        """Is what the arguments name this person's own?"""
        if self.schedule is not None:
            return self.schedule.owner == self.person.id
        return self.run is not None and self.run.requested_by == self.person.id

    @property
    def about_run(self) -> FollowedRun:
        """The run that the arguments name, where the command needs one."""
        if self.run is None:
            raise Refusal("I miss the RUN.")
        return self.run

    @property
    def about_schedule(self) -> KeptSchedule:
        """The schedule that the arguments name, where the command needs one."""
        if self.schedule is None:
            raise Refusal("I miss the SCHEDULE.")
        return self.schedule

    @property
    def about(self) -> Model:
        """The model that the arguments name, where the command needs one."""
        if self.model is None:
            raise Refusal("I miss the MODEL.")
        return self.model


@dataclass(frozen=True, slots=True)
class Submitted:
    """What was filled in. `values` are Slack's: by block_id, then action_id.

    `metadata` is the modal's `private_metadata`, whose last word is the draft's id; `action` names the button within
    the modal that was clicked, and is empty where the modal was submitted.
    """

    metadata: str
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    action: str = ""
    block: str = ""
    kept: Draft | None = None

    @property
    def draft(self) -> Draft:
        """What the form is about."""
        if self.kept is None:
            raise Refusal("This form is no longer open. Begin it anew.")
        return self.kept


@dataclass(frozen=True, slots=True)
class FieldErrors:
    """Why a form is not taken, by the block_id of the field."""

    by_block: Mapping[str, str]


CommandHandler: TypeAlias = Callable[[Call, Any], Awaitable[Message | Modal | Work]]
ButtonHandler: TypeAlias = Callable[[Call, str], Awaitable[Message | Modal | Work]]
FormHandler: TypeAlias = Callable[[Call, Submitted], Awaitable[Message | Modal | Work | FieldErrors | None]]
Suggest: TypeAlias = Callable[[Call, Submitted, str], Awaitable[list[dict[str, Any]]]]
ShortcutHandler: TypeAlias = Callable[[Station, Sequence[Posted]], Awaitable[str]]
HomeHandler: TypeAlias = Callable[[Call], Awaitable[Home]]
WorkHandler: TypeAlias = Callable[[JobContext, dict[str, Any], Station], Awaitable[Any]]


@dataclass(frozen=True)
class Command:
    """A declared command. `name` is empty for what a bare `/train` does."""

    name: str
    summary: str
    example: str
    right: Right
    handler: CommandHandler

    @cached_property
    def arguments(self) -> type[Arguments]:
        """The class of its second parameter."""
        parameters = list(inspect.signature(self.handler).parameters)
        kind: type[Arguments] = get_type_hints(self.handler)[parameters[1]]
        return kind

    @property
    def reads_only(self) -> bool:
        """True where nothing is changed, so that the answer may come after the acknowledgement."""
        return self.right in {Right.READ, Right.LOGS, Right.AUDIT}

    @property
    def usage(self) -> str:
        """Its name and what it takes: "run MODEL [key=value …] [--reason …]"."""
        kind, parts = self.arguments, [self.name]
        parts += [
            name.upper() if kind.model_fields[name].is_required() else f"[{name.upper()}]" for name in kind.positional()
        ]
        if "values" in kind.model_fields:
            parts.append("[key=value …]")
        for name in sorted(kind.options()):
            flag = kind.model_fields[name].annotation is bool
            parts.append(f"[--{name.rstrip('_').replace('_', '-')}{'' if flag else ' …'}]")
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Button:
    """A declared button: what a click on an action id that begins with `name` does.

    One that `settles` answers the question that its message asks of one person, and what comes of it stands in its
    place: there is nothing left to click.
    """

    name: str
    right: Right
    handler: ButtonHandler
    settles: bool = False


@dataclass(frozen=True)
class Form:
    """A declared form: what is done with a modal whose `callback_id` is `name`."""

    name: str
    right: Right
    handler: FormHandler
    suggest: Suggest | None = None


@dataclass(frozen=True)
class HomeTab:
    """The declared home tab of the app: there is one."""

    handler: HomeHandler
    name: str = "home"


@dataclass(frozen=True)
class Shortcut:
    """A declared shortcut in a message's menu: which command it stands for, told by where the message stands, and the
    one that it replies to.
    """

    name: str
    handler: ShortcutHandler


@dataclass(frozen=True)
class WorkKind:
    """A declared kind of durable work."""

    name: str
    handler: WorkHandler


def command(name: str, *, summary: str, example: str, right: Right) -> Callable[[F], F]:
    """Declare a command; `example` is what one may type after `/train `."""
    return lambda handler: _marked(handler, Command(name, summary, example, right, handler))


def action(name: str, *, right: Right, settles: bool = False) -> Callable[[F], F]:
    """Declare what a button does; the handler is given the button's value. See Button for `settles`."""
    return lambda handler: _marked(handler, Button(name, right, handler, settles))


def form(name: str, *, right: Right, suggest: Suggest | None = None) -> Callable[[F], F]:
    """Declare what a submitted modal does; `suggest` gives the choices of its menus while somebody types."""
    return lambda handler: _marked(handler, Form(name, right, handler, suggest))


def shortcut(name: str) -> Callable[[F], F]:
    """Declare which command a message's shortcut stands for: it is carried out as if it had been typed."""
    return lambda handler: _marked(handler, Shortcut(name, handler))


def home_tab(handler: F) -> F:
    """Declare what a person sees on the app's home tab; whoever may read, may open it."""
    return _marked(handler, HomeTab(handler))


def work(kind: str) -> Callable[[F], F]:
    """Declare how a kind of durable work is carried out."""
    return lambda handler: _marked(handler, WorkKind(kind, handler))


def _marked(handler: F, declared: Command | Button | Form | Shortcut | HomeTab | WorkKind) -> F:
    setattr(handler, _MARK, declared)
    return handler


@dataclass
class Registered:
    """What `commands/` declares, by name. A name that is declared twice is a mistake, and raises."""

    commands: dict[str, Command] = field(default_factory=dict)
    buttons: dict[str, Button] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    homes: dict[str, HomeTab] = field(default_factory=dict)
    works: dict[str, WorkKind] = field(default_factory=dict)
    shortcuts: dict[str, Shortcut] = field(default_factory=dict)

    def add(self, module: ModuleType) -> None:
        """Everything that this module itself declares."""
        for member in vars(module).values():
            declared = getattr(member, _MARK, None)
            if declared is None or member.__module__ != module.__name__:
                continue
            kinds: Mapping[type, dict[str, Any]] = {
                Command: self.commands, Button: self.buttons, Form: self.forms, HomeTab: self.homes,
                WorkKind: self.works, Shortcut: self.shortcuts,
            }  # fmt: skip
            known = kinds[type(declared)]
            if declared.name in known:
                raise ValueError(f"{type(declared).__name__} {declared.name!r} is declared twice")
            known[declared.name] = declared

    def command(self, word: str) -> Command:
        """The command called `word`; UnknownWord with the nearest."""
        if found := self.commands.get(word.lower()):
            return found
        known = [name for name in self.commands if name]
        raise UnknownWord("command", word, nearest(word, known), hint=f"I know {', '.join(sorted(known))}.")


def discover(package: str = "commands") -> Registered:
    """Import every module of the package, and collect what they declare."""
    registered = Registered()
    root = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(root.__path__), key=lambda info: info.name):
        registered.add(importlib.import_module(f"{package}.{info.name}"))
    return registered
