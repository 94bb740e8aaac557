"""Add the meter: how long a session's services were up, and what was predicted

Migrations never import `nines.*.models`: they say what the tables were that day.
"""

import sqlalchemy as sa
from alembic import op

revision = "meter"
down_revision = "sandboxes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "meter_run",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(length=16), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        _of_session("meter_run"),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_meter_run")),
    )
    op.create_table(
        "meter_span",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("probe", sa.String(length=32), nullable=False),
        sa.Column("up", sa.Boolean(), nullable=False),
        sa.Column("began", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        _of_session("meter_span"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter_span")),
    )
    with op.batch_alter_table("meter_span", schema=None) as batch_op:
        batch_op.create_index("ix_meter_span_session_id_began", ["session_id", "began"])
    op.create_table(
        "meter_prediction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("probe", sa.String(length=32), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("made", sa.Double(), nullable=False),
        _of_session("meter_prediction"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter_prediction")),
    )
    with op.batch_alter_table("meter_prediction", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_meter_prediction_session_id"), ["session_id"]
        )


def downgrade() -> None:
    op.drop_table("meter_prediction")
    op.drop_table("meter_span")
    op.drop_table("meter_run")


def _of_session(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["session_id"],
        ["session.id"],
        name=op.f(f"fk_{table}_session_id"),
        ondelete="CASCADE",
    )
