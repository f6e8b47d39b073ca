"""Sign-in and one's own account by the pages."""

from __future__ import annotations

from server.people import Role
from tests.integration.staff_pages.conftest import PASSWORD, House

COORDINATOR = frozenset({Role.TEACHER, Role.COORDINATOR})
NEW_PASSWORD = "eight loud herons"


async def test_a_wrong_address_and_a_wrong_password_get_one_answer(house: House) -> None:
    school = await house.school()
    await house.adult(school.id, "lin@example.edu")
    pages = [await house.sign_in("lin@example.edu", "wrong password"), await house.sign_in("nobody@example.edu")]
    assert [page.status for page in pages] == [401, 401]
    assert len({page.html.replace("lin@example.edu", "x").replace("nobody@example.edu", "x") for page in pages}) == 1
    assert pages[0].form("/sign-in").values["password"] == [""]
    page = await house.sign_in("lin@example.edu")
    assert page.path == "/dashboard"
    page = await house.anybody.submit(page, "/sign-out")
    assert (page.path, "You are signed out. 您已登出。" in page.text) == ("/sign-in", True)
    assert "You are signed out." not in (await house.anybody.get("/sign-in")).text
    assert (await house.anybody.get("/dashboard")).path.startswith("/sign-in")


async def test_too_many_tries(house: House) -> None:
    school = await house.school()
    await house.adult(school.id, "lin@example.edu")
    page = await house.anybody.get("/sign-in")
    seen = [await house.anybody.submit(page, "/sign-in", email="lin@example.edu", password="x" * 10) for _ in range(40)]
    assert seen[0].status == 401
    assert seen[-1].status == 429
    assert "Please wait a moment" in seen[-1].text
    assert int(seen[-1].headers["Retry-After"]) > 0


async def test_own_name_language_and_password(house: House) -> None:
    school = await house.school()
    account = await house.adult(school.id, "lin@example.edu")
    await house.sign_in("lin@example.edu")
    user = house.anybody
    page = await user.submit(await user.get("/account"), "/account", name_en="Lin", name_zh="林", language="zh-Hant-TW")
    assert '<html lang="zh-Hant-TW">' in page.html
    assert "已儲存。 Saved." in page.text
    page = await user.submit(page, "/account/password", current="wrong", password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert (page.status, "這不是您目前的密碼。" in page.text) == (422, True)
    page = await user.submit(page, "/account/password", current=PASSWORD, password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert (page.status, page.path) == (200, "/account")
    assert (await house.sign_in("lin@example.edu")).status == 401
    page = await house.sign_in("lin@example.edu", NEW_PASSWORD)
    page = await user.submit(await user.get("/account"), "/account/sign-out-everywhere")
    assert page.path == "/sign-in"
    assert (await house.find(account.id)).name.zh == "林"


async def test_a_forgotten_password_tells_a_stranger_nothing(house: House) -> None:
    school = await house.school()
    await house.adult(school.id, "lin@example.edu")
    user = house.anybody
    pages = [
        await user.submit(await user.get("/reset"), "/reset", email=email)
        for email in ("lin@example.edu", "nobody@example.edu")
    ]
    assert pages[0].html == pages[1].html
    assert "If this address has an account here" in pages[0].text


async def test_a_reset_link_for_somebody_without_mail(house: House) -> None:
    school = await house.school()
    await house.administrator()
    teacher = await house.adult(school.id, "lin@example.edu")
    await house.sign_in("it@example.edu")
    user = house.anybody
    page = await user.submit(await user.get(f"/accounts/{teacher.id}"), f"/accounts/{teacher.id}/link")
    assert "The reset link is ready" in page.text
    path = page.html.split('id="link" value="')[1].split('"')[0]
    path = "/" + path.split("/", 3)[3]
    house.client.session.cookie_jar.clear()
    page = await user.submit(await user.get(path), path, password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert (page.path, "The new password is valid" in page.text) == ("/dashboard", True)
    assert (await user.get(path)).status == 404


async def test_a_disabled_account_is_out_at_once(house: House) -> None:
    school = await house.school()
    await house.adult(school.id, "boss@example.edu", COORDINATOR)
    teacher = await house.adult(school.id, "lin@example.edu")
    await house.sign_in("lin@example.edu")
    cookies = {cookie.key: cookie.value for cookie in house.client.session.cookie_jar}
    await house.sign_in("boss@example.edu")
    user = house.anybody
    page = await user.submit(await user.get(f"/accounts/{teacher.id}"), f"/accounts/{teacher.id}/disable")
    assert "This account can no longer sign in." in page.text
    house.client.session.cookie_jar.clear()
    house.client.session.cookie_jar.update_cookies(cookies)
    assert (await user.get("/dashboard")).path.startswith("/sign-in")
    assert (await house.sign_in("lin@example.edu")).status == 401
    await house.sign_in("boss@example.edu")
    await user.submit(await user.get(f"/accounts/{teacher.id}"), f"/accounts/{teacher.id}/enable")
    assert (await house.sign_in("lin@example.edu")).path == "/dashboard"
