"""initial."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types
from app.journal import XID, current_transaction
from app.search_index import MAKE_FTS, Pieces

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "changeset",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("actor_id", types.Id, nullable=True),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("entry_count", sa.Integer(), nullable=False),
        sa.Column("undoes_id", types.Id, nullable=True),
        sa.ForeignKeyConstraint(["undoes_id"], ["changeset.id"], name=op.f("fk_changeset_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changeset")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("changeset", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_changeset_actor_id"), ["actor_id"], unique=False)

    op.create_table(
        "collaborator",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("record_id", types.Id, nullable=False),
        sa.Column("user_id", types.Id, nullable=True),
        sa.Column("team_id", types.Id, nullable=True),
        sa.Column("access", sa.String(length=5), nullable=False),
        sa.CheckConstraint("access IN ('read', 'write')", name=op.f("ck_collaborator_access")),
        sa.CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name=op.f("ck_collaborator_one_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collaborator")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("collaborator", schema=None) as batch_op:
        batch_op.create_index("ix_collaborator_record", ["resource", "record_id"], unique=False)
        batch_op.create_index(
            "ix_collaborator_team", ["team_id", "resource"], unique=False, sqlite_where=sa.text("team_id IS NOT NULL")
        )
        batch_op.create_index(
            "ix_collaborator_user", ["user_id", "resource"], unique=False, sqlite_where=sa.text("user_id IS NOT NULL")
        )

    op.create_table(
        "idempotency_key",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("status", types.Id, nullable=False),
        sa.Column("headers", types.Document, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_idempotency_key")),
    )
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_key_created_at"), ["created_at"], unique=False)

    op.create_table(
        "option",
        sa.Column("list", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=60), nullable=False),
        sa.Column("label_zh", sa.String(length=100), nullable=False),
        sa.Column("label_en", sa.String(length=100), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("is_retired", sa.Boolean(), nullable=False),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_option")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("option", schema=None) as batch_op:
        batch_op.create_index("uq_option_origin", ["external_source", "external_id"], unique=True)
        batch_op.create_index(
            "uq_option_value",
            ["list", "value"],
            unique=True,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )

    op.create_table(
        "product",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=60), nullable=True),
        sa.Column("series", sa.String(length=100), nullable=True),
        sa.Column("unit", sa.String(length=20), nullable=True),
        sa.Column("specification", sa.String(length=300), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("price", types.FixedDecimal(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tax_percent", types.FixedDecimal(), nullable=True),
        sa.Column("cost", types.FixedDecimal(), nullable=True),
        sa.Column("code_key", types.KeyText(), nullable=False),
        sa.Column("name_key", types.KeyText(), nullable=False),
        sa.Column("sort_key", types.KeyText(), nullable=False),
        sa.Column("search_key", types.KeyText(), nullable=False),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.create_index(
            "ix_product_name",
            ["sort_key", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "uq_product_code",
            ["code_key"],
            unique=True,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index("uq_product_origin", ["external_source", "external_id"], unique=True)

    op.create_table(
        "role",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("permissions", types.Document, nullable=False),
        sa.Column("sight", sa.String(length=12), nullable=False),
        sa.Column("is_builtin", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_role")),
    )
    op.create_table(
        "search_entry",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("record_id", types.Id, nullable=False),
        sa.Column("pieces", Pieces(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("search_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_search_entry_pieces",
            ["pieces"],
            unique=False,
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 256},
            sqlite_where=sa.text("id IS NULL"),
        )
        batch_op.create_index("uq_search_entry_record", ["resource", "record_id"], unique=True)

    if op.get_bind().dialect.name == "sqlite":
        op.execute(MAKE_FTS)

    op.create_table(
        "setting",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", types.Document, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "sign_in_throttle",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("first_at", types.Instant(), nullable=False),
        sa.Column("last_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_throttle")),
    )
    with op.batch_alter_table("sign_in_throttle", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_throttle_last_at"), ["last_at"], unique=False)

    op.create_table(
        "tag",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", types.KeyText(), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=True),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("tag", schema=None) as batch_op:
        batch_op.create_index(
            "uq_tag_name",
            ["name_key"],
            unique=True,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index("uq_tag_origin", ["external_source", "external_id"], unique=True)

    op.create_table(
        "team",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", types.KeyText(), nullable=False),
        sa.Column("sort_key", types.KeyText(), nullable=False),
        sa.Column("parent_id", types.Id, nullable=True),
        sa.Column("manager_id", types.Id, nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["team.id"], name=op.f("fk_team_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_manager_id"), ["manager_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_team_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index("uq_team_origin", ["external_source", "external_id"], unique=True)

    op.create_table(
        "journal",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("xact", XID, server_default=current_transaction(), nullable=False),
        sa.Column("changeset_id", types.Id, nullable=False),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("actor_id", types.Id, nullable=True),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("resource_id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("changed", types.Document, nullable=False),
        sa.Column("audience", types.Document, nullable=False),
        sa.Column("customer_id", types.Id, nullable=True),
        sa.ForeignKeyConstraint(["changeset_id"], ["changeset.id"], name=op.f("fk_journal_changeset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_changeset_id"), ["changeset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index("ix_journal_feed", ["xact", "id"], unique=False)
        batch_op.create_index("ix_journal_record", ["resource", "resource_id", "id"], unique=False)

    op.create_table(
        "pipeline",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", types.KeyText(), nullable=False),
        sa.Column("team_id", types.Id, nullable=True),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_pipeline_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipeline")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("pipeline", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pipeline_team_id"), ["team_id"], unique=False)
        batch_op.create_index(
            "uq_pipeline_name",
            ["name_key"],
            unique=True,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index("uq_pipeline_origin", ["external_source", "external_id"], unique=True)

    op.create_table(
        "user",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", types.KeyText(), nullable=False),
        sa.Column("sort_key", types.KeyText(), nullable=False),
        sa.Column("search_key", types.KeyText(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_key", types.KeyText(), nullable=True),
        sa.Column("phone", sa.String(length=50), nullable=True),
        sa.Column("phone_e164", types.KeyText(), nullable=True),
        sa.Column("title", sa.String(length=100), nullable=True),
        sa.Column("avatar", sa.String(length=500), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("time_zone", sa.String(length=60), nullable=True),
        sa.Column("team_id", types.Id, nullable=True),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("absent_until", types.Instant(), nullable=True),
        sa.Column("last_seen_at", types.Instant(), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("access_stamp", sa.Integer(), nullable=False),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["role"], ["role.key"], name=op.f("fk_user_role")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_user_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_team_id"), ["team_id"], unique=False)
        batch_op.create_index(
            "uq_user_email",
            ["email_key"],
            unique=True,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index("uq_user_origin", ["external_source", "external_id"], unique=True)
        batch_op.create_index(
            "uq_user_phone",
            ["phone_e164"],
            unique=True,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )

    op.create_table(
        "customer",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("short_name", sa.String(length=100), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=50), nullable=True),
        sa.Column("company", sa.String(length=200), nullable=True),
        sa.Column("title", sa.String(length=100), nullable=True),
        sa.Column("website", sa.String(length=300), nullable=True),
        sa.Column("industry", sa.String(length=60), nullable=True),
        sa.Column("source", sa.String(length=60), nullable=True),
        sa.Column("source_detail", sa.String(length=200), nullable=True),
        sa.Column("level", sa.String(length=60), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("credit_rating", sa.Integer(), nullable=True),
        sa.Column("address", types.Document, nullable=True),
        sa.Column("tax_id", sa.String(length=40), nullable=True),
        sa.Column("employee_count", sa.Integer(), nullable=True),
        sa.Column("annual_revenue", types.FixedDecimal(), nullable=True),
        sa.Column("parent_id", types.Id, nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("custom", types.Document, nullable=True),
        sa.Column("owner_id", types.Id, nullable=True),
        sa.Column("team_id", types.Id, nullable=True),
        sa.Column("pool_id", types.Id, nullable=True),
        sa.Column("last_contacted_at", types.Instant(), nullable=True),
        sa.Column("first_contacted_at", types.Instant(), nullable=True),
        sa.Column("next_follow_up_at", types.Instant(), nullable=True),
        sa.Column("qualified_at", types.Instant(), nullable=True),
        sa.Column("name_key", types.KeyText(), nullable=False),
        sa.Column("sort_key", types.KeyText(), nullable=False),
        sa.Column("search_key", types.KeyText(), nullable=False),
        sa.Column("reach_key", types.KeyText(), nullable=False),
        sa.Column("email_key", types.KeyText(), nullable=True),
        sa.Column("phone_e164", types.KeyText(), nullable=True),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "credit_rating IS NULL OR credit_rating BETWEEN 0 AND 100", name=op.f("ck_customer_credit_rating")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_customer_owner_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["customer.id"], name=op.f("fk_customer_parent_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_customer_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.create_index(
            "ix_customer_created",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_customer_name",
            ["sort_key", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_customer_owner",
            ["owner_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(batch_op.f("ix_customer_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_phone_e164"), ["phone_e164"], unique=False)
        batch_op.create_index(
            "ix_customer_team",
            ["team_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "uq_customer_email",
            ["email_key"],
            unique=True,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index("uq_customer_origin", ["external_source", "external_id"], unique=True)

    op.create_table(
        "journal_value",
        sa.Column("journal_id", types.Id, autoincrement=False, nullable=False),
        sa.Column("before", types.Document, nullable=False),
        sa.Column("after", types.Document, nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_journal_value_journal_id")),
        sa.PrimaryKeyConstraint("journal_id", name=op.f("pk_journal_value")),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.Column("last_used_at", types.Instant(), nullable=False),
        sa.Column("revoked_at", types.Instant(), nullable=True),
        sa.Column("revoked_because", sa.String(length=20), nullable=True),
        sa.Column("is_remembered", sa.Boolean(), nullable=False),
        sa.Column("by_cookie", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("agent", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_sign_in_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_user_id"), ["user_id"], unique=False)

    op.create_table(
        "stage",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("pipeline_id", types.Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("win_probability", types.Rate(), nullable=False),
        sa.Column("expected_days", sa.Integer(), nullable=True),
        sa.Column("colour", sa.String(length=20), nullable=True),
        sa.Column("required_fields", types.Document, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('open', 'won', 'lost')", name=op.f("ck_stage_kind")),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipeline.id"], name=op.f("fk_stage_pipeline_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.create_index("ix_stage_pipeline", ["pipeline_id", "position"], unique=False)

    op.create_table(
        "customer_tag",
        sa.Column("customer_id", types.Id, autoincrement=False, nullable=False),
        sa.Column("tag_id", types.Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_tag_customer_id")),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_customer_tag_tag_id")),
        sa.PrimaryKeyConstraint("customer_id", "tag_id", name=op.f("pk_customer_tag")),
    )
    with op.batch_alter_table("customer_tag", schema=None) as batch_op:
        batch_op.create_index("ix_customer_tag_tag", ["tag_id", "customer_id"], unique=False)

    op.create_table(
        "deal",
        sa.Column("customer_id", types.Id, nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("pipeline_id", types.Id, nullable=False),
        sa.Column("stage_id", types.Id, nullable=False),
        sa.Column("state", sa.String(length=4), nullable=False),
        sa.Column("amount", types.FixedDecimal(), nullable=True),
        sa.Column("amount_is_manual", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("win_probability", types.Rate(), nullable=False),
        sa.Column("win_probability_is_manual", sa.Boolean(), nullable=False),
        sa.Column("forecast_category", sa.String(length=10), nullable=False),
        sa.Column("expected_close_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("lost_reason", sa.String(length=60), nullable=True),
        sa.Column("lost_note", sa.Text(), nullable=True),
        sa.Column("competitors", types.Document, nullable=False),
        sa.Column("next_step", sa.String(length=300), nullable=True),
        sa.Column("next_step_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=60), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("owner_id", types.Id, nullable=True),
        sa.Column("team_id", types.Id, nullable=True),
        sa.Column("rank", types.KeyText(), nullable=False),
        sa.Column("stage_entered_at", types.Instant(), nullable=False),
        sa.Column("is_backfill", sa.Boolean(), nullable=False),
        sa.Column("name_key", types.KeyText(), nullable=False),
        sa.Column("sort_key", types.KeyText(), nullable=False),
        sa.Column("search_key", types.KeyText(), nullable=False),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.CheckConstraint("(state = 'open') = (closed_on IS NULL)", name=op.f("ck_deal_closed_on")),
        sa.CheckConstraint("state IN ('open', 'won', 'lost')", name=op.f("ck_deal_state")),
        sa.CheckConstraint("win_probability BETWEEN 0 AND 10000", name=op.f("ck_deal_win_probability")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_deal_customer_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_deal_owner_id")),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipeline.id"], name=op.f("fk_deal_pipeline_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_deal_stage_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_deal_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deal", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deal_closed",
            ["closed_on", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_deal_created",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_deal_customer",
            ["customer_id", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_deal_name",
            ["sort_key", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_deal_owner",
            ["owner_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_deal_pipeline",
            ["pipeline_id", "state"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_deal_team",
            ["team_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index("uq_deal_origin", ["external_source", "external_id"], unique=True)
        batch_op.create_index("uq_deal_rank", ["stage_id", "rank"], unique=True)

    op.create_table(
        "person",
        sa.Column("customer_id", types.Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("salutation", sa.String(length=40), nullable=True),
        sa.Column("title", sa.String(length=100), nullable=True),
        sa.Column("department", sa.String(length=100), nullable=True),
        sa.Column("emails", types.Document, nullable=False),
        sa.Column("phones", types.Document, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=50), nullable=True),
        sa.Column("wechat", sa.String(length=60), nullable=True),
        sa.Column("qq", sa.String(length=20), nullable=True),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("address", types.Document, nullable=True),
        sa.Column("photo", sa.String(length=500), nullable=True),
        sa.Column("decision_role", sa.String(length=60), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("has_left", sa.Boolean(), nullable=False),
        sa.Column("do_not_call", sa.Boolean(), nullable=False),
        sa.Column("do_not_email", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("custom", types.Document, nullable=True),
        sa.Column("name_key", types.KeyText(), nullable=False),
        sa.Column("sort_key", types.KeyText(), nullable=False),
        sa.Column("search_key", types.KeyText(), nullable=False),
        sa.Column("reach_key", types.KeyText(), nullable=False),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_person_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(
            "ix_person_created",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_person_customer",
            ["customer_id", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index("uq_person_origin", ["external_source", "external_id"], unique=True)

    op.create_table(
        "refresh_token",
        sa.Column("jti", sa.String(length=36), nullable=False),
        sa.Column("sign_in_id", types.Id, nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.Column("used_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["sign_in_id"], ["sign_in.id"], name=op.f("fk_refresh_token_sign_in_id")),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_refresh_token")),
    )
    with op.batch_alter_table("refresh_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refresh_token_sign_in_id"), ["sign_in_id"], unique=False)

    op.create_table(
        "contact_record",
        sa.Column("customer_id", types.Id, nullable=False),
        sa.Column("person_id", types.Id, nullable=True),
        sa.Column("deal_id", types.Id, nullable=True),
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(length=60), nullable=True),
        sa.Column("occurred_at", types.Instant(), nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=True),
        sa.Column("next_step", sa.String(length=300), nullable=True),
        sa.Column("next_follow_up_at", types.Instant(), nullable=True),
        sa.Column("search_key", types.KeyText(), nullable=False),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "duration_seconds IS NULL OR duration_seconds >= 0", name=op.f("ck_contact_record_duration")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contact_record_customer_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_contact_record_deal_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_contact_record_person_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_contact_record_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_record")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("contact_record", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_record_customer",
            ["customer_id", "occurred_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_contact_record_deal",
            ["deal_id", "occurred_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_contact_record_occurred",
            ["occurred_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_contact_record_person",
            ["person_id", "occurred_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_contact_record_user",
            ["user_id", "occurred_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index("uq_contact_record_origin", ["external_source", "external_id"], unique=True)

    op.create_table(
        "deal_line",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("deal_id", types.Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", types.Id, nullable=False),
        sa.Column("quantity", types.FixedDecimal(), nullable=False),
        sa.Column("unit_price", types.FixedDecimal(), nullable=False),
        sa.Column("discount_percent", types.FixedDecimal(), nullable=True),
        sa.Column("tax_percent", types.FixedDecimal(), nullable=True),
        sa.Column("amount", types.FixedDecimal(), nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_deal_line_deal_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_deal_line_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_line")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deal_line", schema=None) as batch_op:
        batch_op.create_index("ix_deal_line_deal", ["deal_id", "position"], unique=False)
        batch_op.create_index("ix_deal_line_product", ["product_id", "deal_id"], unique=False)

    op.create_table(
        "deal_person",
        sa.Column("deal_id", types.Id, autoincrement=False, nullable=False),
        sa.Column("person_id", types.Id, autoincrement=False, nullable=False),
        sa.Column("role", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_deal_person_deal_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_deal_person_person_id")),
        sa.PrimaryKeyConstraint("deal_id", "person_id", name=op.f("pk_deal_person")),
    )
    with op.batch_alter_table("deal_person", schema=None) as batch_op:
        batch_op.create_index("ix_deal_person_person", ["person_id", "deal_id"], unique=False)

    op.create_table(
        "deal_stage_entry",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("deal_id", types.Id, nullable=False),
        sa.Column("stage_id", types.Id, nullable=False),
        sa.Column("actor_id", types.Id, nullable=True),
        sa.Column("entered_at", types.Instant(), nullable=False),
        sa.Column("left_at", types.Instant(), nullable=True),
        sa.Column("duration_seconds", types.Id, nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_deal_stage_entry_actor_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_deal_stage_entry_deal_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_deal_stage_entry_stage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_stage_entry")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deal_stage_entry", schema=None) as batch_op:
        batch_op.create_index("ix_deal_stage_entry_deal", ["deal_id", "id"], unique=False)
        batch_op.create_index("ix_deal_stage_entry_stage", ["stage_id", "entered_at"], unique=False)

    op.create_table(
        "person_customer",
        sa.Column("person_id", types.Id, autoincrement=False, nullable=False),
        sa.Column("customer_id", types.Id, autoincrement=False, nullable=False),
        sa.Column("role", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_person_customer_customer_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_customer_person_id")),
        sa.PrimaryKeyConstraint("person_id", "customer_id", name=op.f("pk_person_customer")),
    )
    with op.batch_alter_table("person_customer", schema=None) as batch_op:
        batch_op.create_index("ix_person_customer_customer", ["customer_id"], unique=False)
    # Teams and users point at each other: the second link is added when both tables stand.
    with op.batch_alter_table("team", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.create_foreign_key("fk_team_manager_id", "user", ["manager_id"], ["id"])


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("team") as batch_op:
        batch_op.drop_constraint("fk_team_manager_id", type_="foreignkey")
    with op.batch_alter_table("person_customer", schema=None) as batch_op:
        batch_op.drop_index("ix_person_customer_customer")

    op.drop_table("person_customer")
    with op.batch_alter_table("deal_stage_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_deal_stage_entry_stage")
        batch_op.drop_index("ix_deal_stage_entry_deal")

    op.drop_table("deal_stage_entry")
    with op.batch_alter_table("deal_person", schema=None) as batch_op:
        batch_op.drop_index("ix_deal_person_person")

    op.drop_table("deal_person")
    with op.batch_alter_table("deal_line", schema=None) as batch_op:
        batch_op.drop_index("ix_deal_line_product")
        batch_op.drop_index("ix_deal_line_deal")

    op.drop_table("deal_line")
    with op.batch_alter_table("contact_record", schema=None) as batch_op:
        batch_op.drop_index("uq_contact_record_origin")
        batch_op.drop_index(
            "ix_contact_record_user", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(
            "ix_contact_record_person", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(
            "ix_contact_record_occurred", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(
            "ix_contact_record_deal", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(
            "ix_contact_record_customer", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )

    op.drop_table("contact_record")
    with op.batch_alter_table("refresh_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refresh_token_sign_in_id"))

    op.drop_table("refresh_token")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index("uq_person_origin")
        batch_op.drop_index(
            "ix_person_customer", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(
            "ix_person_created", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )

    op.drop_table("person")
    with op.batch_alter_table("deal", schema=None) as batch_op:
        batch_op.drop_index("uq_deal_rank")
        batch_op.drop_index("uq_deal_origin")
        batch_op.drop_index("ix_deal_team", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))
        batch_op.drop_index(
            "ix_deal_pipeline", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index("ix_deal_owner", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))
        batch_op.drop_index("ix_deal_name", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))
        batch_op.drop_index(
            "ix_deal_customer", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index("ix_deal_created", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))
        batch_op.drop_index("ix_deal_closed", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))

    op.drop_table("deal")
    with op.batch_alter_table("customer_tag", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_tag_tag")

    op.drop_table("customer_tag")
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.drop_index("ix_stage_pipeline")

    op.drop_table("stage")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_user_id"))

    op.drop_table("sign_in")
    op.drop_table("journal_value")
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index("uq_customer_origin")
        batch_op.drop_index(
            "uq_customer_email", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(
            "ix_customer_team", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(batch_op.f("ix_customer_phone_e164"))
        batch_op.drop_index(batch_op.f("ix_customer_parent_id"))
        batch_op.drop_index(
            "ix_customer_owner", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(
            "ix_customer_name", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(
            "ix_customer_created", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )

    op.drop_table("customer")
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_index("uq_user_phone", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))
        batch_op.drop_index("uq_user_origin")
        batch_op.drop_index("uq_user_email", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))
        batch_op.drop_index(batch_op.f("ix_user_team_id"))

    op.drop_table("user")
    with op.batch_alter_table("pipeline", schema=None) as batch_op:
        batch_op.drop_index("uq_pipeline_origin")
        batch_op.drop_index(
            "uq_pipeline_name", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(batch_op.f("ix_pipeline_team_id"))

    op.drop_table("pipeline")
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_index("ix_journal_record")
        batch_op.drop_index("ix_journal_feed")
        batch_op.drop_index(batch_op.f("ix_journal_customer_id"))
        batch_op.drop_index(batch_op.f("ix_journal_changeset_id"))

    op.drop_table("journal")
    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.drop_index("uq_team_origin")
        batch_op.drop_index(batch_op.f("ix_team_parent_id"))
        batch_op.drop_index(batch_op.f("ix_team_manager_id"))

    op.drop_table("team")
    with op.batch_alter_table("tag", schema=None) as batch_op:
        batch_op.drop_index("uq_tag_origin")
        batch_op.drop_index("uq_tag_name", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))

    op.drop_table("tag")
    with op.batch_alter_table("sign_in_throttle", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_throttle_last_at"))

    op.drop_table("sign_in_throttle")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    with op.batch_alter_table("search_entry", schema=None) as batch_op:
        batch_op.drop_index("uq_search_entry_record")
        batch_op.drop_index("ix_search_entry_pieces")

    op.drop_table("search_entry")
    op.drop_table("setting")
    op.drop_table("role")
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.drop_index("uq_product_origin")
        batch_op.drop_index("uq_product_code", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))
        batch_op.drop_index("ix_product_name", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))

    op.drop_table("product")
    with op.batch_alter_table("option", schema=None) as batch_op:
        batch_op.drop_index("uq_option_value", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))
        batch_op.drop_index("uq_option_origin")

    op.drop_table("option")
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_key_created_at"))

    op.drop_table("idempotency_key")
    with op.batch_alter_table("collaborator", schema=None) as batch_op:
        batch_op.drop_index("ix_collaborator_user", sqlite_where=sa.text("user_id IS NOT NULL"))
        batch_op.drop_index("ix_collaborator_team", sqlite_where=sa.text("team_id IS NOT NULL"))
        batch_op.drop_index("ix_collaborator_record")

    op.drop_table("collaborator")
    with op.batch_alter_table("changeset", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_changeset_actor_id"))

    op.drop_table("changeset")
