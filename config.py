"""Configuration: read from the environment once, refused in words when a value is bad.

Every variable stands in the table of the README. Nothing else in the product reads the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import time
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from logs import FORMATS, LEVELS

ROOT = Path(__file__).resolve().parent
LANGUAGES = ("zh-CN", "en")
SERVICES = ("auth", "customer", "contact", "deal", "report")
"""Into what the product can be split; `app/services.py` says which paths are whose."""


class ConfigurationError(SystemExit):
    """A value of the environment cannot be used; its text tells the person who starts the product what to change."""


@dataclass(frozen=True)
class Smtp:
    """The server that takes the product's mail; with `is_tls` encrypted from the first byte."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False


@dataclass(frozen=True)
class SsoProvider:
    """Who vouches for people at sign-in, and what follows from its word.

    Attributes:
        key: names it in addresses and variables.
        kind: `oidc`, `wecom`, `dingtalk` or `feishu`.
        name: what the button on the sign-in page says; empty for the name that everybody knows it by.
        issuer: of `oidc`, without a slash at its end unless the provider has one there.
        client_id: what the provider knows us by; the corp id of `wecom`.
        tenant: the company whose people alone may come in: the corp id of `dingtalk`, the tenant key of `feishu`.
        agent_id: the application of `wecom`.
        sign_in_url: where people are sent, of a provider that is no `oidc`; empty for its usual one.
        api_url: where it is asked about them; empty likewise.
        trusts_email: whether addresses are taken for checked of which the provider does not say so.
        links_by_email: whether somebody unknown is the user who has the same, checked address.
        creates_users: whether somebody unknown is made a user.
        domains: of the addresses of those who are; empty for all that the provider vouches for.
        role: that they get.
        team: name of the team that they join; empty for none.
    """

    key: str
    kind: str
    name: str
    client_id: str
    client_secret: str = field(repr=False)
    issuer: str = ""
    scopes: str = "openid profile email"
    tenant: str = ""
    agent_id: str = ""
    sign_in_url: str = ""
    api_url: str = ""
    trusts_email: bool = False
    links_by_email: bool = False
    creates_users: bool = False
    domains: tuple[str, ...] = ()
    role: str = "sales"
    team: str = ""


@dataclass(frozen=True)
class Settings:
    """What one running product is told from outside. Durations are in seconds, sizes in bytes.

    Attributes:
        services: those that this process answers for; all of them, unless the product is split.
        clamav: host and port, or the socket, at which the virus scanner listens; None for none.
        consul_url: of the agent that is told of this process; empty for none.
        service_address: where others reach it; empty for the address from which it reaches the agent.
    """

    data_dir: Path
    database_url: str
    pooler_url: str = ""
    replica_url: str = ""
    redis_url: str = ""
    host: str = "127.0.0.1"
    port: int = 5000
    public_url: str = ""
    clamav: tuple[str, int] | Path | None = None
    smtp: Smtp | None = None
    mail_from: str = ""
    admin_email: str = ""
    admin_password: str = ""
    default_language: str = "zh-CN"
    time_zone: str = "Asia/Shanghai"
    base_currency: str = "CNY"
    default_region: str = "CN"
    ratelimit_enabled: bool = True
    ratelimit_user: str = "600/minute"
    ratelimit_anonymous: str = "60/minute"
    password_min_length: int = 12
    access_token_seconds: int = 900
    refresh_idle_seconds: int = 7 * 86_400
    session_seconds: int = 12 * 3_600
    remembered_session_seconds: int = 30 * 86_400
    admin_session_seconds: int = 8 * 3_600
    proxy_hops: int = 0
    cors_origins: tuple[str, ...] = ()
    sso: tuple[SsoProvider, ...] = ()
    sso_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    webhook_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    async_mode: str = "threading"
    socket_limit: int = 80
    channel: str = "lianxi"
    pool_size: int = 10
    secret_key: str = ""
    previous_secret_key: str = ""
    require_if_match: bool = False
    openapi_public: bool = True
    log_level: str = "INFO"
    services: tuple[str, ...] = SERVICES
    consul_url: str = ""
    consul_token: str = field(default="", repr=False)
    service_address: str = ""
    log_format: str = ""
    access_log: bool = False
    otlp_endpoint: str = ""
    traces_percent: int = 100
    sentry_dsn: str = field(default="", repr=False)
    metrics_dir: str = ""
    metrics_token: str = field(default="", repr=False)
    slow_seconds: float = 0.5
    statement_seconds: int = 10
    backup_dir: Path = Path()
    backup_nightly: bool = True
    backup_at: time = time(2, 30)
    backup_days: int = 7
    backup_weeks: int = 4
    backup_key: str = field(default="", repr=False)
    frontend_dist: Path = field(default=ROOT / "frontend" / "dist")

    @property
    def secure_cookies(self) -> bool:
        """Cookies carry the Secure flag and the __Host- prefix once the product is reached over TLS."""
        return self.public_url.startswith("https://")


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, "").strip() or str(default)
    if not text.isdigit() or not low <= int(text) <= high:
        raise ConfigurationError(f"{name}={text!r}: a whole number from {low} to {high} is expected.")
    return int(text)


def _switch(env: Mapping[str, str], name: str, default: bool) -> bool:
    text = env.get(name, "").strip().lower()
    if text in ("", "1", "true", "yes", "on"):
        return default if text == "" else True
    if text in ("0", "false", "no", "off"):
        return False
    raise ConfigurationError(f"{name}={text!r}: 1 or 0 is expected.")


def _further_url(env: Mapping[str, str], name: str, what: str, database_url: str) -> str:
    """The address of what stands beside the database: there is none beside SQLite."""
    text = env.get(name, "").strip()
    if not text:
        return ""
    if database_url.startswith("sqlite") or not text.startswith(("postgres://", "postgresql")):
        raise ConfigurationError(f"{name}: the address of {what} the PostgreSQL at DATABASE_URL is expected.")
    return _database_url(text, Path())


def _database_url(text: str, data_dir: Path) -> str:
    if not text:
        return f"sqlite:///{data_dir / 'lianxi.db'}"
    if text.startswith("postgres://"):
        text = "postgresql://" + text.removeprefix("postgres://")
    if text.startswith("postgresql://"):
        return "postgresql+psycopg://" + text.removeprefix("postgresql://")
    if text.startswith(("postgresql+psycopg://", "sqlite:///")):
        return text
    raise ConfigurationError("DATABASE_URL: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME is expected.")


_SMTP_SHAPE = "SMTP_URL: smtp://USER:PASSWORD@HOST:PORT or smtps://... is expected, USER and PASSWORD percent-encoded."


def _smtp(text: str) -> Smtp | None:
    """The mail server of an address; what is refused is not repeated, for it holds a password."""
    if not text:
        return None
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise ConfigurationError(_SMTP_SHAPE) from None
    rest = (url.path.strip("/"), url.query, url.fragment)
    if url.scheme not in ("smtp", "smtps") or not url.hostname or any(rest) or (url.password and not url.username):
        raise ConfigurationError(_SMTP_SHAPE)
    is_tls = url.scheme == "smtps"
    user, password = unquote(url.username or ""), unquote(url.password or "")
    return Smtp(url.hostname, port or (465 if is_tls else 587), user, password, is_tls)


def _mail_from(text: str) -> str:
    name, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or not text.isprintable() or not address.isascii() or " " in address:
        raise ConfigurationError(
            f"MAIL_FROM={text!r}: an address such as crm@example.com or Lianxi CRM <crm@example.com> is expected."
        )
    return f"{name} <{address}>" if name else address


_SSO_NEEDS = {
    "oidc": ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"),
    "wecom": ("CORP_ID", "AGENT_ID", "SECRET"),
    "dingtalk": ("CLIENT_ID", "CLIENT_SECRET", "CORP_ID"),
    "feishu": ("APP_ID", "APP_SECRET", "TENANT_KEY"),
}
_SSO_MAY = ("KIND", "NAME", "TRUST_EMAIL", "LINK_BY_EMAIL", "CREATE_USERS", "DOMAINS", "ROLE", "TEAM")
_SSO_URLS = ("SIGN_IN_URL", "API_URL")


def _sso(env: Mapping[str, str], public_url: str) -> tuple[SsoProvider, ...]:
    """The providers of single sign-on that `SSO_PROVIDERS` names, each by variables of its own."""
    keys = [key.strip() for key in env.get("SSO_PROVIDERS", "").split(",") if key.strip()]
    for key in keys:
        if not re.fullmatch(r"[a-z][a-z0-9]{0,19}", key) or keys.count(key) > 1:
            raise ConfigurationError(
                f"SSO_PROVIDERS: {key!r}: small letters and digits, each name once, are expected, such as corp,wecom."
            )
    if keys and not public_url:
        raise ConfigurationError("SSO_PROVIDERS needs PUBLIC_URL: providers send people back to it.")
    providers = tuple(_sso_provider(env, key) for key in keys)
    for name in env:
        key, _, rest = name.removeprefix("SSO_").partition("_")
        if name.startswith("SSO_") and rest and name != "SSO_ALLOW_CIDRS" and key.lower() not in keys:
            raise ConfigurationError(f"{name}: SSO_PROVIDERS does not name {key.lower()!r}.")
    return providers


def _sso_provider(env: Mapping[str, str], key: str) -> SsoProvider:
    prefix = f"SSO_{key.upper()}_"

    def text(name: str) -> str:
        return env.get(prefix + name, "").strip()

    kind = text("KIND") or (key if key in _SSO_NEEDS else "oidc")
    if kind not in _SSO_NEEDS:
        raise ConfigurationError(f"{prefix}KIND={kind!r}: one of {', '.join(_SSO_NEEDS)} is expected.")
    needs = _SSO_NEEDS[kind]
    for name in needs:
        if not text(name):
            raise ConfigurationError(f"{prefix}{name} is missing: {kind} needs {', '.join(needs)}.")
    known = {*needs, *_SSO_MAY, *(("SCOPES",) if kind == "oidc" else _SSO_URLS)}
    for name in env:
        if name.startswith(prefix) and name.removeprefix(prefix) not in known:
            raise ConfigurationError(f"{name}: {kind} knows {', '.join(sorted(known))}.")
    issuer, scopes = text("ISSUER"), text("SCOPES") or "openid profile email"
    if kind == "oidc" and not issuer.startswith(("https://", "http://")):
        raise ConfigurationError(f"{prefix}ISSUER={issuer!r}: an address such as https://id.example.com is expected.")
    for name in _SSO_URLS:
        if text(name) and not text(name).startswith(("https://", "http://")):
            given = f"{prefix}{name}={text(name)!r}"
            raise ConfigurationError(f"{given}: an address such as https://example.com is expected.")
    if "openid" not in scopes.split():
        raise ConfigurationError(f"{prefix}SCOPES={scopes!r}: openid is expected among them.")
    domains = tuple(one.strip().lower().lstrip("@") for one in text("DOMAINS").split(",") if one.strip())
    if any("." not in one or not re.fullmatch(r"[a-z0-9.-]+", one) for one in domains):
        raise ConfigurationError(f"{prefix}DOMAINS={text('DOMAINS')!r}: domains such as example.com are expected.")
    creates, role = _switch(env, prefix + "CREATE_USERS", False), text("ROLE") or "sales"
    if creates and kind == "oidc" and not domains:
        raise ConfigurationError(f"{prefix}CREATE_USERS needs {prefix}DOMAINS: whose addresses are those of the house.")
    if role == "admin":
        raise ConfigurationError(f"{prefix}ROLE=admin: nobody becomes an admin by signing in.")
    return SsoProvider(
        key=key,
        kind=kind,
        name=text("NAME"),
        client_id=text({"wecom": "CORP_ID", "feishu": "APP_ID"}.get(kind, "CLIENT_ID")),
        client_secret=text({"wecom": "SECRET", "feishu": "APP_SECRET"}.get(kind, "CLIENT_SECRET")),
        issuer=issuer,
        scopes=scopes,
        tenant=text({"dingtalk": "CORP_ID", "feishu": "TENANT_KEY"}.get(kind, "")),
        agent_id=text("AGENT_ID"),
        sign_in_url=text("SIGN_IN_URL").rstrip("/"),
        api_url=text("API_URL").rstrip("/"),
        trusts_email=_switch(env, prefix + "TRUST_EMAIL", False),
        links_by_email=_switch(env, prefix + "LINK_BY_EMAIL", False),
        creates_users=creates,
        domains=domains,
        role=role,
        team=text("TEAM"),
    )


def _networks(env: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(one.strip()) for one in env.get(name, "").split(",") if one.strip())
    except ValueError:
        raise ConfigurationError(
            f"{name}={env[name]!r}: networks such as 10.1.0.0/16,fd00:1::/64 are expected."
        ) from None


def _origins(env: Mapping[str, str]) -> tuple[str, ...]:
    """Whole origins, each by its name: a pattern, `*` or `null` would let pages in that nobody has thought of."""
    named = [one.strip().lower() for one in env.get("CORS_ORIGINS", "").split(",") if one.strip()]
    if wrong := [one for one in named if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", one)]:
        raise ConfigurationError(
            f"CORS_ORIGINS={wrong[0]!r}: origins such as https://intranet.example.com are expected."
        )
    return tuple(named)


def _services(env: Mapping[str, str]) -> tuple[str, ...]:
    named = [one.strip() for one in env.get("LIANXI_SERVICES", "").split(",") if one.strip()]
    if unknown := set(named) - set(SERVICES):
        raise ConfigurationError(
            f"LIANXI_SERVICES: {', '.join(sorted(unknown))} is none of them; some of {','.join(SERVICES)} are expected."
        )
    return tuple(one for one in SERVICES if one in named) or SERVICES


def _consul_url(env: Mapping[str, str]) -> str:
    text = env.get("CONSUL_URL", "").strip().rstrip("/")
    try:
        url = urlsplit(text)
        is_whole = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        is_whole = False
    if text and (not is_whole or url.path or url.query):
        raise ConfigurationError(f"CONSUL_URL={text!r}: an address such as http://consul:8500 is expected.")
    return text


def _clamav(text: str) -> tuple[str, int] | Path | None:
    if not text:
        return None
    with suppress(ValueError):
        url = urlsplit(text)
        path = unquote(url.path)
        is_plain = not (url.query or url.fragment or "@" in url.netloc)
        # A longer name the system takes for no socket.
        if url.scheme == "unix" and is_plain and not url.netloc and 1 < len(path.encode()) < 108:
            return Path(path)
        if url.scheme == "tcp" and is_plain and url.hostname and path in ("", "/") and url.port != 0:
            return url.hostname, url.port or 3310
    raise ConfigurationError(
        f"CLAMAV_URL={text!r}: an address such as tcp://clamav:3310 or unix:///run/clamav/clamd.ctl is expected."
    )


def _time_of_day(env: Mapping[str, str], name: str, default: str) -> time:
    text = env.get(name, "").strip() or default
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ConfigurationError(f"{name}={text!r}: a time of day such as 02:30 is expected.")
    return time.fromisoformat(text)


def _backup_key(text: str) -> str:
    """The key of encrypted backups; what is refused is not repeated."""
    if text and not re.fullmatch(r"AGE-SECRET-KEY-1[0-9A-Z]{58}", text):
        raise ConfigurationError(
            "BACKUP_KEY: AGE-SECRET-KEY-1... is expected, such as `flask backup key` or age-keygen makes."
        )
    return text


def _address(env: Mapping[str, str], name: str) -> str:
    """An address of a service; what is refused is not repeated, for it may hold a key."""
    text = env.get(name, "").strip().rstrip("/")
    if text and not text.startswith(("http://", "https://")):
        raise ConfigurationError(f"{name}: an address such as https://traces.example.com is expected.")
    return text


def _metrics_token(text: str) -> str:
    if text and len(text) < 16:
        raise ConfigurationError("METRICS_TOKEN: at least 16 random characters are expected.")
    return text


def _one_of(env: Mapping[str, str], name: str, default: str, words: tuple[str, ...]) -> str:
    text = env.get(name, "").strip() or default
    if text and text not in words:
        raise ConfigurationError(f"{name}={text!r}: one of {', '.join(words)} is expected.")
    return text


def environment_for_programs(without: str = "", **more: str) -> dict[str, str]:
    """The process's environment, for a program that it starts.

    Args:
        without: variables that begin so are left out.
        more: what the program is told besides.
    """
    return {name: text for name, text in os.environ.items() if not (without and name.startswith(without))} | more


def settings_from(env: Mapping[str, str] | None = None) -> Settings:
    """The settings that an environment describes.

    Args:
        env: variable names to texts; the process's environment by default.

    Raises:
        ConfigurationError: a value is out of its range or contradicts another one.
    """
    env = os.environ if env is None else env
    data_dir = Path(env.get("DATA_DIR", "") or ROOT / "instance").resolve()
    database_url = _database_url(env.get("DATABASE_URL", "").strip(), data_dir)
    pooler_url = _further_url(env, "DATABASE_POOLER_URL", "a pooler in front of", database_url)
    replica_url = _further_url(env, "DATABASE_REPLICA_URL", "a standby of", database_url)
    worker_class = env.get("WORKER_CLASS", "gthread")
    if worker_class not in ("gthread", "gevent"):
        raise ConfigurationError(f"WORKER_CLASS={worker_class!r}: gthread or gevent is expected.")
    if worker_class == "gevent" and database_url.startswith("sqlite"):
        raise ConfigurationError(
            "WORKER_CLASS=gevent needs PostgreSQL: SQLite's writers would block each other for ever. "
            "Set DATABASE_URL to a PostgreSQL database or leave WORKER_CLASS unset."
        )
    language = env.get("DEFAULT_LANGUAGE", "") or "zh-CN"
    if language not in LANGUAGES:
        raise ConfigurationError(f"DEFAULT_LANGUAGE={language!r}: one of {', '.join(LANGUAGES)} is expected.")
    time_zone = env.get("TIME_ZONE", "") or "Asia/Shanghai"
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigurationError(f"TIME_ZONE={time_zone!r}: an IANA zone such as Asia/Shanghai is expected.") from error
    currency = env.get("BASE_CURRENCY", "") or "CNY"
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise ConfigurationError(f"BASE_CURRENCY={currency!r}: an ISO 4217 code such as CNY is expected.")
    secret = env.get("SECRET_KEY", "")
    if secret and (len(secret.encode()) < 32 or len(set(secret)) < 8):
        raise ConfigurationError("SECRET_KEY: at least 32 random bytes are expected; leave it unset to have one made.")
    public_url = env.get("PUBLIC_URL", "").rstrip("/")
    if public_url and not public_url.startswith(("http://", "https://")):
        raise ConfigurationError(f"PUBLIC_URL={public_url!r}: an address such as https://crm.example.com is expected.")
    smtp, mail_from = _smtp(env.get("SMTP_URL", "").strip()), env.get("MAIL_FROM", "").strip()
    if smtp is not None and not (mail_from and public_url):
        raise ConfigurationError("SMTP_URL needs MAIL_FROM, who sends, and PUBLIC_URL, where links in a mail lead to.")
    return Settings(
        data_dir=data_dir,
        database_url=database_url,
        pooler_url=pooler_url,
        replica_url=replica_url,
        redis_url=env.get("REDIS_URL", "").strip(),
        host=env.get("HOST", "") or "127.0.0.1",
        port=_integer(env, "PORT", 5000, 1, 65_535),
        public_url=public_url,
        clamav=_clamav(env.get("CLAMAV_URL", "").strip()),
        smtp=smtp,
        mail_from=_mail_from(mail_from) if mail_from else "",
        admin_email=env.get("LIANXI_ADMIN_EMAIL", "").strip(),
        admin_password=env.get("LIANXI_ADMIN_PASSWORD", ""),
        default_language=language,
        time_zone=time_zone,
        base_currency=currency,
        default_region=env.get("DEFAULT_REGION", "") or "CN",
        ratelimit_enabled=_switch(env, "RATELIMIT_ENABLED", True),
        ratelimit_user=env.get("RATELIMIT_USER", "") or "600/minute",
        ratelimit_anonymous=env.get("RATELIMIT_ANONYMOUS", "") or "60/minute",
        password_min_length=_integer(env, "PASSWORD_MIN_LENGTH", 12, 12, 64),
        access_token_seconds=_integer(env, "ACCESS_TOKEN_SECONDS", 900, 5, 86_400),
        proxy_hops=_integer(env, "PROXY_HOPS", 0, 0, 5),
        cors_origins=_origins(env),
        sso=_sso(env, public_url),
        sso_allow=_networks(env, "SSO_ALLOW_CIDRS"),
        webhook_allow=_networks(env, "WEBHOOK_ALLOW_CIDRS"),
        async_mode="gevent" if worker_class == "gevent" else "threading",
        socket_limit=_integer(env, "SOCKET_LIMIT", 5_000 if worker_class == "gevent" else 80, 1, 100_000),
        channel=env.get("REDIS_CHANNEL", "") or "lianxi",
        pool_size=_integer(env, "POOL_SIZE", 10, 1, 200),
        secret_key=secret,
        previous_secret_key=env.get("PREVIOUS_SECRET_KEY", ""),
        require_if_match=_switch(env, "REQUIRE_IF_MATCH", False),
        openapi_public=_switch(env, "OPENAPI_PUBLIC", True),
        services=_services(env),
        consul_url=_consul_url(env),
        consul_token=env.get("CONSUL_TOKEN", "").strip(),
        service_address=env.get("SERVICE_ADDRESS", "").strip(),
        log_level=_one_of({"LOG_LEVEL": env.get("LOG_LEVEL", "").upper()}, "LOG_LEVEL", "INFO", LEVELS),
        log_format=_one_of(env, "LOG_FORMAT", "", FORMATS),
        otlp_endpoint=_address(env, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        traces_percent=_integer(env, "TRACES_PERCENT", 100, 0, 100),
        sentry_dsn=_address(env, "SENTRY_DSN"),
        metrics_dir=env.get("PROMETHEUS_MULTIPROC_DIR", ""),
        metrics_token=_metrics_token(env.get("METRICS_TOKEN", "").strip()),
        slow_seconds=_integer(env, "SLOW_QUERY_MS", 500, 0, 600_000) / 1_000,
        statement_seconds=_integer(env, "STATEMENT_TIMEOUT", 10, 1, 3_600),
        backup_dir=Path(env.get("BACKUP_DIR", "").strip() or data_dir / "backups").resolve(),
        backup_nightly=_switch(env, "BACKUP_NIGHTLY", True),
        backup_at=_time_of_day(env, "BACKUP_AT", "02:30"),
        backup_days=_integer(env, "BACKUP_DAYS", 7, 1, 366),
        backup_weeks=_integer(env, "BACKUP_WEEKS", 4, 0, 520),
        backup_key=_backup_key(env.get("BACKUP_KEY", "").strip()),
        access_log=env.get("ACCESS_LOG", "").strip() == "-" or _switch(env, "ACCESS_LOG", False),
    )
