"""Adults as a table shows them: with what the viewer may do to each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from server.access import Action, Adult, may
from server.pages.people_context import subject_of
from server.people import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    account: Account
    may_verify: bool
    may_set_roles: bool
    may_reset: bool
    may_disable: bool

    @property
    def may_change(self) -> bool:
        return self.may_set_roles or self.may_reset or self.may_disable


def person_row(adult: Adult, account: Account) -> PersonRow:
    subject = subject_of(account)
    return PersonRow(
        account=account,
        may_verify=not account.is_verified and not account.is_disabled and may(adult, Action.ACCOUNT_VERIFY, subject),
        may_set_roles=may(adult, Action.ACCOUNT_SET_ROLES, subject),
        may_reset=not account.is_disabled and may(adult, Action.ACCOUNT_RESET, subject),
        may_disable=may(adult, Action.ACCOUNT_DISABLE, subject),
    )


def person_rows(adult: Adult, accounts: Iterable[Account]) -> list[PersonRow]:
    """Who waits for verification first, disabled accounts last."""
    ranked = sorted(accounts, key=lambda one: (one.is_disabled, one.is_verified, one.name.en))
    return [person_row(adult, account) for account in ranked]
