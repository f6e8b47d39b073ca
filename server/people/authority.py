"""Who may change whom: the rule of C19 and its like, kept where the change is made, whatever page asks for it. Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from server.errors import ErrorCode, Forbidden, InvalidInput
from server.ids import AccountId, SchoolId
from server.people.model import ACCOUNT_ROLES, SCHOOL_ROLES, Account, Role


def check_authority(by: Account | None, over: Account) -> None:
    """May `by` verify, disable, reset or re-role this account? None is the system. Raises Forbidden(ROLE_REFUSED)."""
    check_may_give(by, over.school_id, over.roles, to=over.id)


def check_may_give(
    by: Account | None, school_id: SchoolId | None, roles: AbstractSet[Role], *, to: AccountId | None = None
) -> None:
    """May `by` have an account with these roles in this school? Raises Forbidden(ROLE_REFUSED)."""
    if by is None:
        return
    is_acting = by.is_verified and not by.is_disabled and by.id != to
    if is_acting and Role.IT_ADMINISTRATOR in by.roles:
        return
    is_own = by.school_id is not None and by.school_id == school_id
    if is_acting and Role.COORDINATOR in by.roles and is_own and roles <= SCHOOL_ROLES:
        return
    raise Forbidden(ErrorCode.ROLE_REFUSED, "no authority over this account")


def check_roles(school_id: SchoolId | None, roles: AbstractSet[Role]) -> None:
    """C1: no account is a student's. Roles of a school need one. Raises InvalidInput(ROLE_REFUSED)."""
    if not roles or not roles <= ACCOUNT_ROLES or (roles & SCHOOL_ROLES and school_id is None):
        raise InvalidInput(ErrorCode.ROLE_REFUSED, "no account can have these roles")
