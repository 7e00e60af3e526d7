"""Custom fields, and option values that were merged into others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    """Forward."""
    op.create_table('custom_field',
    sa.Column('of_resource', sa.String(length=20), nullable=False),
    sa.Column('key', sa.String(length=30), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('label_zh', sa.String(length=100), nullable=False),
    sa.Column('label_en', sa.String(length=100), nullable=False),
    sa.Column('help', sa.String(length=300), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('is_required', sa.Boolean(), nullable=False),
    sa.Column('is_searchable', sa.Boolean(), nullable=False),
    sa.Column('is_retired', sa.Boolean(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('id', types.Id, nullable=False),
    sa.Column('version', types.Id, nullable=False),
    sa.Column('created_at', types.Instant(), nullable=False),
    sa.Column('created_by', types.Id, nullable=True),
    sa.Column('updated_at', types.Instant(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('deleted_at', types.Instant(), nullable=True),
    sa.Column('deleted_by', types.Id, nullable=True),
    sa.Column('external_source', sa.String(length=50), nullable=True),
    sa.Column('external_id', sa.String(length=200), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_custom_field')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('custom_field', schema=None) as batch_op:
        batch_op.create_index('uq_custom_field_key', ['of_resource', 'key'], unique=True)
        batch_op.create_index('uq_custom_field_origin', ['external_source', 'external_id'], unique=True)

    with op.batch_alter_table('contact_record', schema=None) as batch_op:
        batch_op.add_column(sa.Column('custom', _DOCUMENT, nullable=True))
        batch_op.add_column(sa.Column('custom_keys', _DOCUMENT, nullable=True))

    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('custom_keys', _DOCUMENT, nullable=True))

    with op.batch_alter_table('deal', schema=None) as batch_op:
        batch_op.add_column(sa.Column('custom', _DOCUMENT, nullable=True))
        batch_op.add_column(sa.Column('custom_keys', _DOCUMENT, nullable=True))

    with op.batch_alter_table('option', schema=None) as batch_op:
        batch_op.add_column(sa.Column('merged_into', sa.String(length=60), nullable=True))

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('custom_keys', _DOCUMENT, nullable=True))

    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.add_column(sa.Column('custom', _DOCUMENT, nullable=True))
        batch_op.add_column(sa.Column('custom_keys', _DOCUMENT, nullable=True))



def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.drop_column('custom_keys')
        batch_op.drop_column('custom')

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.drop_column('custom_keys')

    with op.batch_alter_table('option', schema=None) as batch_op:
        batch_op.drop_column('merged_into')

    with op.batch_alter_table('deal', schema=None) as batch_op:
        batch_op.drop_column('custom_keys')
        batch_op.drop_column('custom')

    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.drop_column('custom_keys')

    with op.batch_alter_table('contact_record', schema=None) as batch_op:
        batch_op.drop_column('custom_keys')
        batch_op.drop_column('custom')

    with op.batch_alter_table('custom_field', schema=None) as batch_op:
        batch_op.drop_index('uq_custom_field_origin')
        batch_op.drop_index('uq_custom_field_key')

    op.drop_table('custom_field')
