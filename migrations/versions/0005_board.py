"""Forecast categories that follow from stages; when a deal was last spoken about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Win probabilities are stored in ten-thousandths.
_USUAL = """
    UPDATE stage SET forecast_category = CASE
        WHEN kind = 'lost' THEN 'omitted'
        WHEN kind = 'won' OR win_probability >= 9000 THEN 'committed'
        WHEN win_probability >= 5000 THEN 'best_case'
        ELSE 'pipeline' END
"""
# Until now every category but the default was a person's choice.
_CHOSEN = """
    UPDATE deal SET forecast_category_is_manual = true WHERE state = 'open' AND forecast_category <> 'pipeline'
"""
_FOLLOWING = """
    UPDATE deal SET forecast_category =
        (SELECT stage.forecast_category FROM stage WHERE stage.id = deal.stage_id)
    WHERE NOT forecast_category_is_manual
"""
_CONTACTED = """
    UPDATE deal SET last_contacted_at =
        (SELECT max(occurred_at) FROM contact_record WHERE contact_record.deal_id = deal.id AND contact_record.is_active)
"""


def upgrade() -> None:
    # SQLite adds and drops such columns in place: a rebuilt table would count its ids anew.
    op.add_column("stage", sa.Column("forecast_category", sa.String(length=10), nullable=False, server_default="pipeline"))
    op.add_column(
        "deal", sa.Column("forecast_category_is_manual", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("deal", sa.Column("last_contacted_at", types.Instant(), nullable=True))
    for statement in (_USUAL, _CHOSEN, _FOLLOWING, _CONTACTED):
        op.execute(statement)


def downgrade() -> None:
    op.drop_column("deal", "last_contacted_at")
    op.drop_column("deal", "forecast_category_is_manual")
    op.drop_column("stage", "forecast_category")
