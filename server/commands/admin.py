"""`admin create`: the first IT administrator, of a password typed here or of a one-time link to choose it in a browser.

On the machine itself, by whoever may read its database; while there is an administrator it makes no other.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from pathlib import Path

from server.backup import Store, back_up_before_upgrade
from server.clock import SystemClock
from server.commands.data_folder import prepare_data_folder
from server.errors import Conflict, ErrorCode, InvalidInput
from server.pair import LocalizedText
from server.people import AccountService, build_people
from server.settings import Settings, load_settings
from server.storage import Database, database_url_for, migrate

HELP = "make the first IT administrator"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="create")
    create = verbs.add_parser("create", help=HELP, description=__doc__)
    add = create.add_argument
    add("--email", help="with it, nothing is asked: a one-time link to choose the password is printed")
    add("--name", default="", help="name that others see")
    add("--language", choices=("en", "zh-Hant-TW"), default="en", help="language of their pages (default en)")
    add("--data", type=Path, metavar="DIR", help="folder of the database (default ./data)")
    add("--public-url", metavar="URL", help="address that people type, for the link")


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings(data=arguments.data, public_url=arguments.public_url)
    if arguments.email is None and not sys.stdin.isatty():
        raise InvalidInput(ErrorCode.INVALID_REQUEST, "this is no terminal: give --email and --name")
    store = Store(data=prepare_data_folder(settings.data), database_url=settings.database_url.get_secret_value())
    back_up_before_upgrade(store, SystemClock().now())
    url = database_url_for(store.data, store.database_url)
    migrate(url)
    said = asyncio.run(_create(Database(url), arguments, _origin(settings)))
    sys.stdout.write(f"{said}\n")
    return 0


def _origin(settings: Settings) -> str:
    """Where people reach the server, as far as the settings say."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"{'https' if settings.tls_cert else 'http'}://{host}:{settings.port}"


async def _create(database: Database, arguments: argparse.Namespace, origin: str) -> str:
    people = build_people(database, SystemClock())
    try:
        if arguments.email is not None:
            return await _by_link(people.accounts, arguments, origin)
        return await _by_asking(people.accounts, arguments, origin)
    finally:
        await people.close()
        await database.close()


async def _by_link(accounts: AccountService, arguments: argparse.Namespace, origin: str) -> str:
    name = arguments.name or arguments.email.partition("@")[0]
    link = await accounts.prepare_first_administrator(
        email=arguments.email, name=LocalizedText(name, name), language=arguments.language
    )
    return f"Open this once, within 24 hours, to choose the password: {origin}{link.path}"


async def _by_asking(accounts: AccountService, arguments: argparse.Namespace, origin: str) -> str:
    """Raises Conflict before anybody types a password for nothing."""
    if await accounts.has_administrator():
        raise Conflict(ErrorCode.ALREADY_SET_UP)
    email = await asyncio.to_thread(input, "E-mail address: ")
    name = arguments.name or await asyncio.to_thread(input, "Name: ")
    password = await asyncio.to_thread(getpass.getpass, "Password (at least 10 characters): ")
    if password != await asyncio.to_thread(getpass.getpass, "Once more: "):
        raise InvalidInput(ErrorCode.PASSWORD_INVALID, "the two are not the same")
    account = await accounts.create_first_administrator(
        email=email, name=LocalizedText(name, name), password=password, language=arguments.language
    )
    return f"{account.email} can sign in now: {origin}/sign-in"
