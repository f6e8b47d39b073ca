"""Frozen settings from the environment and `.env`; only composition roots read them, the rest is handed values."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from server.errors import ErrorCode, InvalidInput

Port = Annotated[int, Field(ge=0, le=65535)]


def _field_name(name: str) -> AliasChoices:
    """A name of the field (LiveKit's, the database world's), not one of ours: no prefix."""
    return AliasChoices(name)


class Settings(BaseSettings):
    """Every setting of the product. `.env.example` lists them all; a test compares the two."""

    model_config = SettingsConfigDict(
        env_prefix="TONGCHUANG_",
        env_file=".env",
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        env_ignore_empty=True,
    )

    host: str = Field("127.0.0.1", description="Address that pages and signalling listen on.")
    port: Port = Field(8080, description="Port of pages and signalling; 0 picks a free one.")
    data: Path = Field(Path("data"), description="Folder of the database and of everything that is written.")
    demo: bool = Field(True, description="Show the demo lesson that is always live.")
    public_url: str = Field("", description="Address that people type, when a proxy with TLS stands in front.")
    tls_cert: Path | None = Field(None, description="Certificate file (PEM), when the server speaks TLS itself.")
    tls_key: Path | None = Field(None, description="Key file (PEM) of that certificate.")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1", "::1"), description="Addresses of proxies whose X-Forwarded-For is believed; commas between."
    )

    node_ip: str = Field("", description="Address that browsers send media to, when it is not the one found here.")
    media_udp_port: Port = Field(7882, description="UDP port of the first media worker; worker n has this plus n.")
    media_tcp_port: Port = Field(7881, description="TCP port of the first media worker; worker n has this plus n.")
    # Why 64: far more workers than cores of any school's server; a typing error must not start thousands.
    workers: int = Field(0, ge=0, le=64, description="Media workers; 0 means one less than the cores, at least 1.")
    # Why 0.5: two heartbeats and a half; below that an ordinary busy moment would count as dead.
    worker_tick_timeout_s: float = Field(3.0, ge=0.5, le=60, description="A worker silent for so long is replaced.")
    webhook_urls: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Where the media server posts LiveKit webhooks; commas between."
    )

    # Why 64: as for workers.
    apps: int = Field(1, ge=1, le=64, description="App processes; more than 1 need REDIS_URL.")
    app_spare: bool = Field(True, description="Keep one more loaded, so that one that dies is replaced at once.")

    # C14 of the safety rules: never more than a minute; less than 5 s would empty a class for one reload of a page.
    adult_grace_s: int = Field(60, ge=5, le=60, description="So long may pupils be without an adult in the lesson.")

    metrics_token: SecretStr = Field(SecretStr(""), description="Token for /metrics; empty allows loopback only.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    log_format: Literal["console", "json"] = Field("console", description="One line of text or of JSON per event.")
    log_personal_data: bool = Field(False, description="Keep names in the log; for development only.")

    livekit_url: str = Field(
        "", validation_alias=_field_name("LIVEKIT_URL"), description="A LiveKit server instead of ours."
    )
    livekit_api_key: str = Field("", validation_alias=_field_name("LIVEKIT_API_KEY"), description="Key of join tokens.")
    livekit_api_secret: SecretStr = Field(
        SecretStr(""),
        validation_alias=_field_name("LIVEKIT_API_SECRET"),
        description="Its secret, at least 32 characters.",
    )
    livekit_keys: SecretStr = Field(
        SecretStr(""),
        validation_alias=_field_name("LIVEKIT_KEYS"),
        description="Several `key: secret` lines, for `media`.",
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        validation_alias=_field_name("DATABASE_URL"),
        description="postgresql://user:password@host/name; empty means SQLite in the data folder.",
    )

    redis_url: SecretStr = Field(
        SecretStr(""),
        validation_alias=_field_name("REDIS_URL"),
        description="redis://host:6379/0, so that several app processes are one classroom.",
    )

    smtp_url: SecretStr = Field(
        SecretStr(""),
        validation_alias=_field_name("SMTP_URL"),
        description="smtp://user:password@host:587/?from=class@school.example; empty means that no mail is sent.",
    )

    @field_validator("trusted_proxies", "webhook_urls", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("public_url", "livekit_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        if value:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
                raise ValueError("is no address such as https://class.example.edu")
        return value.rstrip("/")

    @field_validator("node_ip")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value:
            ip_address(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and url.partition(":")[0].partition("+")[0] not in ("sqlite", "postgresql", "postgres"):
            raise ValueError("only sqlite and postgresql are supported")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and (urlsplit(url).scheme not in ("redis", "rediss", "unix") or url.endswith("://")):
            raise ValueError("is no address such as redis://127.0.0.1:6379/0")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and (urlsplit(url).scheme not in ("smtp", "smtps") or not urlsplit(url).hostname):
            raise ValueError("is no address such as smtp://mail.school.example:587/?from=class@school.example")
        return value

    @model_validator(mode="after")
    def _several_apps_need_redis(self) -> Self:
        if self.apps > 1 and not self.redis_url.get_secret_value():
            raise ValueError("TONGCHUANG_APPS above 1 needs REDIS_URL, or the processes would not hear one another")
        return self

    @model_validator(mode="after")
    def _tls_is_a_pair(self) -> Self:
        if (self.tls_cert is None) is not (self.tls_key is None):
            raise ValueError("--tls-cert and --tls-key go together")
        return self


class _Given(Settings):
    """Settings of what is given, and of nothing else."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def dump_settings(settings: Settings) -> dict[str, Any]:
    """As JSON values, secrets included: for the standard input of a child, never for a log or a file."""
    dumped: dict[str, Any] = {}
    for name, value in settings:
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        dumped[name] = str(plain) if isinstance(plain, Path) else plain
    return dumped


def read_settings(dumped: Mapping[str, Any]) -> Settings:
    """What `dump_settings` wrote; neither the environment nor `.env` is asked again."""
    return _Given(**dumped)


def load_settings(**given: object) -> Settings:
    """Settings with what the command line gave on top (None = not given). Raises InvalidInput in one sentence."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # checked by pydantic
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise InvalidInput(ErrorCode.SETTING_INVALID, f"{where}: {reason}" if where else reason) from None
