"""Lianxi CRM: the application factory. Importing this package opens nothing."""

from __future__ import annotations

from dataclasses import replace

from werkzeug.middleware.proxy_fix import ProxyFix

import logs
from config import ROOT, Settings, settings_from

from . import cli, extensions, headers, health, metrics, openapi, tracing, web
from .account import mails as mails
from .attachment.routes import routes as attachment_routes
from .auth import identity
from .auth.account_routes import routes as account_routes
from .auth.routes import routes as auth_routes
from .auth.sso import flow as sso
from .auth.sso_routes import routes as sso_routes
from .bulk.routes import bulk_routes
from .contact.routes import routes as contact_routes
from .customer.routes import routes as customer_routes
from .dashboard.routes import routes as dashboard_routes
from .deal.routes import routes as deal_routes
from .errors import register_problems
from .exporting.routes import routes as exporting_routes
from .history.routes import routes as history_routes
from .importing.routes import routes as importing_routes
from .installation import secret_keys
from .intake import FORM_LIMIT
from .job.routes import routes as job_routes
from .journal import watch_old_values
from .live import sockets
from .live.routes import routes as live_routes
from .money.routes import routes as money_routes
from .notification.routes import routes as notification_routes
from .operation import measures as measures
from .operation import slow
from .operation.routes import routes as operation_routes
from .privacy import access_log
from .privacy.routes import routes as privacy_routes
from .quote.routes import routes as quote_routes
from .report.routes import routes as report_routes
from .reveal.routes import routes as reveal_routes
from .routing import CRM
from .search.routes import routes as search_routes
from .setting.routes import routes as setting_routes
from .target.routes import routes as target_routes
from .task.routes import routes as task_routes
from .view.routes import routes as view_routes
from .webhook import gauges as gauges
from .webhook.routes import routes as webhook_routes

BLUEPRINTS = (
    auth_routes,
    account_routes,
    sso_routes,
    job_routes,
    history_routes,
    notification_routes,
    setting_routes,
    reveal_routes,
    customer_routes,
    contact_routes,
    money_routes,
    deal_routes,
    task_routes,
    quote_routes,
    attachment_routes,
    target_routes,
    report_routes,
    dashboard_routes,
    view_routes,
    search_routes,
    live_routes,
    importing_routes,
    bulk_routes(),
    exporting_routes,
    privacy_routes,
    operation_routes,
    webhook_routes,
)


def create_app(settings: Settings | None = None) -> CRM:
    """An application of its own: configuration, extensions, blueprints.

    Args:
        settings: what it is told from outside; the process's environment by default.

    Raises:
        ConfigurationError: the environment is wrong; the text says what to change.
    """
    settings = settings or settings_from()
    settings = replace(settings, secret_key=secret_keys(settings))
    logs.configure(settings.log_format, settings.log_level)
    app = CRM(__name__, static_folder=None)
    # An address means what it says: an id from elsewhere may hold two slashes in a row.
    app.url_map.merge_slashes = False
    app.config.update(LIANXI=settings, MIGRATIONS=ROOT / "migrations", MAX_CONTENT_LENGTH=FORM_LIMIT)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    headers.register(app, settings)
    tracing.register(app, settings)
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    extensions.bind(app, settings)
    identity.remember(app)
    sso.remember(app)
    watch_old_values()
    register_problems(app)
    for routes in BLUEPRINTS:
        app.register_blueprint(routes)
    access_log.register(app)
    slow.register(app)
    health.register(app)
    metrics.register(app)
    openapi.register(app)
    sockets.register(app)
    web.register(app)
    cli.register(app)
    return app
