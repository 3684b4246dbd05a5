"""The command line: run Tocsin, and administer it without a browser, also while it runs."""

import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import msgspec
import typer

from tocsin.config import BadSettings, Settings, read_settings
from tocsin.domain.errors import InvalidFields, Refusal

BAD_SETTINGS = 2
BUSY = 3

cli = typer.Typer(
    name="tocsin",
    help="A self-hosted error tracker that speaks the Sentry protocol both ways.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
spool_cli = typer.Typer(help="Look after requests that could not be digested.", no_args_is_help=True)
org_cli = typer.Typer(help="Organizations.", no_args_is_help=True)
team_cli = typer.Typer(help="Teams.", no_args_is_help=True)
project_cli = typer.Typer(help="Projects.", no_args_is_help=True)
user_cli = typer.Typer(help="Users.", no_args_is_help=True)
token_cli = typer.Typer(help="API tokens.", no_args_is_help=True)
grouping_cli = typer.Typer(help="How events become issues.", no_args_is_help=True)
for name, group in [
    ("spool", spool_cli),
    ("org", org_cli),
    ("team", team_cli),
    ("project", project_cli),
    ("user", user_cli),
    ("token", token_cli),
    ("grouping", grouping_cli),
]:
    cli.add_typer(group, name=name)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
OrgOption = Annotated[str, typer.Option("--org", help="Slug of the organization.")]


def main() -> None:
    """Run the command line; refusals become one line on standard error and an exit code."""
    try:
        cli(standalone_mode=True)
    except BadSettings as refusal:
        _leave(refusal.detail, BAD_SETTINGS)
    except Refusal as refusal:
        _leave(refusal.detail, 1)


def _leave(text: str, code: int) -> NoReturn:
    sys.stderr.write(f"tocsin: {text}\n")
    raise SystemExit(code)


def _setting_parameters() -> list[inspect.Parameter]:
    """Return one keyword option per setting, so that every setting can be given as ``--name value``."""
    parameters = []
    for field in msgspec.structs.fields(Settings):
        description = next(m.description for m in field.type.__metadata__ if getattr(m, "description", None))
        option = typer.Option(
            None,
            "--" + field.name.replace("_", "-"),
            help=f"{description} [TOCSIN_{field.name.upper()}, default {field.default!r}]",
            rich_help_panel="Settings",
            show_default=False,
        )
        parameters.append(
            inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=str | None)
        )
    return parameters


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give *command* every setting as an option, and the settings read from them as its first argument."""
    settings_parameters = _setting_parameters()
    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "settings"]
    taken = {parameter.name for parameter in own}
    extra = [parameter for parameter in settings_parameters if parameter.name not in taken]

    @functools.wraps(command)
    def wrapped(**values: Any) -> None:
        options = {parameter.name: values.pop(parameter.name) for parameter in extra}
        settings = read_settings(options, os.environ)
        if command.__name__ != "serve":
            _log_to_standard_error(settings)
        command(settings, **values)

    wrapped.__signature__ = inspect.Signature([*own, *extra])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *extra]}
    return wrapped


def _log_to_standard_error(settings: Settings) -> None:
    """Keep logs out of what a command prints. The supervisor logs nothing and stays small without."""
    from tocsin.observe import configure_logging

    configure_logging(settings.log_format, settings.log_level)


@cli.command()
@with_settings
def serve(settings: Settings) -> None:
    """Run everything in one supervised program: intake, digest, API and web."""
    from tocsin.lib import supervise

    if supervise.LIFELINE in os.environ:
        supervise.watch_lifeline()
        _run(settings, "serve")
    arguments = supervise.own_command(*sys.argv[1:])
    code = supervise.supervise(
        arguments,
        report=lambda text: print(f"tocsin: {text}", file=sys.stderr),
        final_codes=frozenset({0, BAD_SETTINGS, BUSY}),
    )
    raise SystemExit(code)


@cli.command()
@with_settings
def web(settings: Settings) -> None:
    """Answer HTTP only: intake, API and web; another program digests."""
    _run(settings, "web")


@cli.command()
@with_settings
def work(settings: Settings) -> None:
    """Digest and do the periodic jobs only; another program answers HTTP."""
    _run(settings, "work")


def _run(settings: Settings, part: str) -> NoReturn:
    from tocsin import app

    _log_to_standard_error(settings)
    try:
        app.run(settings, part)
    except app.Busy as busy:
        _leave(str(busy), BUSY)
    raise SystemExit(0)


@cli.command()
@with_settings
def migrate(settings: Settings) -> None:
    """Bring the stores to the newest schema."""
    from tocsin import app

    app.migrate(settings)
    print("The schema is up to date.")


@cli.command()
@with_settings
def upkeep(settings: Settings, *, as_json: AsJson = False) -> None:
    """Put history in order now: merge weeks that are over, make columns for frequent tags.

    A running server does so by itself, every five minutes. After an upgrade, or a restored backup, this does it before
    the server starts; the embedded history is open to one process.
    """
    from tocsin import app

    try:
        done = app.keep_up(settings)
    except app.Busy as busy:
        _leave(f"{busy}; the server does this by itself.", BUSY)
    if as_json:
        print(json.dumps(msgspec.to_builtins(done)))
    else:
        print("\n".join(done.lines()))


@cli.command()
@with_settings
def doctor(settings: Settings, *, as_json: AsJson = False) -> None:
    """Check settings, stores, disk and migrations, and say what to do about what is wrong."""
    from tocsin import app

    findings = app.examine(settings)
    if as_json:
        print(json.dumps([msgspec.to_builtins(finding) for finding in findings]))
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'BAD '} {finding.subject}: {finding.text}")
    raise SystemExit(0 if all(finding.ok for finding in findings) else 1)


@contextmanager
def _administration(settings: Settings) -> Iterator[Any]:
    from tocsin import app

    with app.administration(settings) as administration:
        yield administration


def _print(answer: Any, *, as_json: bool) -> None:
    fields: dict[str, Any] = msgspec.to_builtins(answer)
    if as_json:
        print(json.dumps(fields))
        return
    width = max(map(len, fields))
    for key, value in fields.items():
        if value != "":
            print(f"{key:<{width}}  {value}")


@cli.command()
@with_settings
def init(
    settings: Settings,
    *,
    org: Annotated[str, typer.Option(help="Slug of the organization.")],
    project: Annotated[str, typer.Option(help="Slug of the project.")],
    email: Annotated[str, typer.Option(help="E-mail of the owner, to log in with.")],
    platform: Annotated[str, typer.Option(help="Platform of the project.")] = "other",
    password: Annotated[str, typer.Option(help="Password; made up and printed once when not given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make the first organization, project, user and token; a second run changes nothing and prints the same."""
    with _administration(settings) as administration:
        _print(
            administration.init(org=org, project=project, platform=platform, email=email, password=password),
            as_json=as_json,
        )


@org_cli.command("add")
@with_settings
def org_add(settings: Settings, *, slug: Annotated[str, typer.Argument()], as_json: AsJson = False) -> None:
    """Make an organization, unless it exists."""
    with _administration(settings) as administration:
        _print(administration.add_organization(slug), as_json=as_json)


@team_cli.command("add")
@with_settings
def team_add(
    settings: Settings, *, slug: Annotated[str, typer.Argument()], org: OrgOption, as_json: AsJson = False
) -> None:
    """Make a team, unless it exists."""
    with _administration(settings) as administration:
        _print(administration.add_team(slug, org=org), as_json=as_json)


@project_cli.command("add")
@with_settings
def project_add(
    settings: Settings,
    *,
    slug: Annotated[str, typer.Argument()],
    org: OrgOption,
    team: Annotated[list[str] | None, typer.Option(help="Slug of a team; may be repeated.")] = None,
    platform: Annotated[str, typer.Option(help="Platform of the project.")] = "other",
    as_json: AsJson = False,
) -> None:
    """Make a project with a key, unless it exists."""
    with _administration(settings) as administration:
        _print(administration.add_project(slug, org=org, teams=team or [], platform=platform), as_json=as_json)


@user_cli.command("add")
@with_settings
def user_add(
    settings: Settings,
    *,
    email: Annotated[str, typer.Argument()],
    org: OrgOption,
    role: Annotated[str, typer.Option(help="member, admin, manager or owner.")] = "member",
    username: Annotated[str, typer.Option(help="User name; the e-mail when not given.")] = "",
    name: Annotated[str, typer.Option(help="Full name.")] = "",
    password: Annotated[str, typer.Option(help="Password to log in with; sets it anew for an existing user.")] = "",
    team: Annotated[list[str] | None, typer.Option(help="Slug of a team; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a user and member of an organization, or bring an existing one to this role, these teams, this password."""
    from tocsin.flows.administration import WantedUser

    with _administration(settings) as administration:
        wanted = WantedUser(
            email=email, org=org, role=role, username=username, name=name, password=password, teams=team or []
        )
        _print(administration.add_user(wanted), as_json=as_json)


@token_cli.command("add")
@with_settings
def token_add(
    settings: Settings,
    *,
    scopes: Annotated[
        str, typer.Option("--scopes", "--scope", help="Comma list such as event:read,project:read, or all.")
    ],
    user: Annotated[str, typer.Option(help="E-mail of the user whose token it is.")] = "",
    org: Annotated[str, typer.Option(help="Slug of the organization whose token it is, instead of a user's.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make an API token of a user or, for programs, of an organization; it is shown this once."""
    with _administration(settings) as administration:
        _print(administration.add_token(user=user, org=org, scopes=scopes), as_json=as_json)


DeadLetterIds = Annotated[list[int], typer.Argument(help="Ids as `tocsin spool list` prints them.")]


@spool_cli.command("list")
@with_settings
def spool_list(
    settings: Settings,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List dead letters with the reason each was set aside."""
    from tocsin import app

    with app.open_spool(settings) as spool:
        letters = spool.dead_letters(limit)
        if as_json:
            print(json.dumps([_letter(letter) for letter in letters]))
        for letter in () if as_json else letters:
            print(f"{letter.id}  project {letter.project_id}  {letter.size_bytes} bytes  {letter.reason}")


def _letter(letter: Any) -> dict[str, Any]:
    return {
        "id": str(letter.id),
        "project_id": letter.project_id,
        "size_bytes": letter.size_bytes,
        "tries": letter.tries,
        "buried_at": letter.buried_at.isoformat(),
        "reason": letter.reason,
    }


@spool_cli.command("retry")
@with_settings
def spool_retry(settings: Settings, *, ids: DeadLetterIds) -> None:
    """Put dead letters back into the queue."""
    from tocsin import app
    from tocsin.storage.spool.contract import EntryId

    with app.open_spool(settings) as spool:
        print(f"{spool.retry([EntryId(i) for i in ids])} put back into the queue.")


@spool_cli.command("drop")
@with_settings
def spool_drop(settings: Settings, *, ids: DeadLetterIds) -> None:
    """Delete dead letters for good."""
    from tocsin import app
    from tocsin.storage.spool.contract import EntryId

    with app.open_spool(settings) as spool:
        print(f"{spool.drop([EntryId(i) for i in ids])} deleted.")


RulesFile = Annotated[
    typer.FileText | None, typer.Option(help="File with the rules to try; those of the project when not given.")
]


@grouping_cli.command("replay")
@with_settings
def grouping_replay(
    settings: Settings,
    *,
    project: Annotated[str, typer.Option(help="Slug of the project.")],
    org: Annotated[str, typer.Option(help="Slug of its organization; needed where several have such a project.")] = "",
    enhancements: RulesFile = None,
    fingerprinting: RulesFile = None,
    config: Annotated[str, typer.Option(help="Id of the configuration to try.")] = "",
    events: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest events to look at.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """Say which issues would split and which would merge under other rules; nothing is changed.

    The embedded history is open to one process: stop the server, or use the page "Grouping" of the project.
    """
    from tocsin import app

    texts = {"groupingEnhancements": enhancements, "fingerprintingRules": fingerprinting}
    changes: dict[str, Any] = {name: file.read() for name, file in texts.items() if file}
    if config:
        changes["groupingConfig"] = config
    try:
        with app.grouping_replay(settings) as replay:
            verdict = replay.named(project, org, changes, app.now(), events)
    except InvalidFields as refusal:
        _leave("; ".join(f"{name}: {faults}" for name, faults in refusal.errors.items()), 1)
    except app.Busy as busy:
        _leave(f"{busy}; stop the server, or use the page Grouping of the project.", BUSY)
    if as_json:
        print(json.dumps(msgspec.to_builtins(verdict)))
    else:
        print("\n".join(verdict.lines()))
