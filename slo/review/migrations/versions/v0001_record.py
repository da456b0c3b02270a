"""The record as it began: facts of Prometheus and Alertmanager, incidents, reviews, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "asked_hours",
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("objectives", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_asked_hours")),
    )
    op.create_table(
        "audit",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_table(
        "cells",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("slo", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cells")),
    )
    op.create_index(op.f("ix_cells_service"), "cells", ["service"], unique=False)
    op.create_index(op.f("ix_cells_slo"), "cells", ["slo"], unique=False)
    op.create_table(
        "change_events",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_events")),
    )
    op.create_index(op.f("ix_change_events_at"), "change_events", ["at"], unique=False)
    op.create_table(
        "incidents",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("merged_into", _KEY, nullable=True),
        sa.Column("spent_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["incidents.id"], name=op.f("fk_incidents_merged_into")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(
        op.f("ix_incidents_started_at_ms"), "incidents", ["started_at_ms"], unique=False
    )
    op.create_table(
        "maintenance_windows",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_windows")),
    )
    op.create_index(
        op.f("ix_maintenance_windows_starts_at"), "maintenance_windows", ["starts_at"], unique=False
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )
    op.create_table(
        "objective_versions",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("slo", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("period_seconds", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objective_versions")),
        sa.UniqueConstraint(
            "slo",
            "service",
            "valid_from",
            name=op.f("uq_objective_versions_slo_service_valid_from"),
        ),
    )
    op.create_table(
        "reviews",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=True),
        sa.Column("figures_digest", sa.Text(), nullable=True),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("service", "period", name=op.f("uq_reviews_service_period")),
    )
    op.create_table(
        "actions",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("review_id", _KEY, nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_actions_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actions")),
    )
    op.create_index(op.f("ix_actions_service"), "actions", ["service"], unique=False)
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("starts_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ends_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", _KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_alerts_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        op.f("ix_alerts_identity_starts_at_ms"),
        "alerts",
        ["identity", "starts_at_ms"],
        unique=False,
    )
    op.create_index(op.f("ix_alerts_incident_id"), "alerts", ["incident_id"], unique=False)
    op.create_index(op.f("ix_alerts_starts_at_ms"), "alerts", ["starts_at_ms"], unique=False)
    op.create_table(
        "annotations",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", _KEY, nullable=True),
        sa.Column("review_id", _KEY, nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_annotations_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_annotations_review_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations")),
    )
    op.create_index(op.f("ix_annotations_at"), "annotations", ["at"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("review_id", _KEY, nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_decisions_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_review_id"), "decisions", ["review_id"], unique=False)
    op.create_table(
        "known_hours",
        sa.Column("slo", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("version_id", _KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["objective_versions.id"], name=op.f("fk_known_hours_version_id")
        ),
        sa.PrimaryKeyConstraint("slo", "service", "at", name=op.f("pk_known_hours")),
    )
    op.create_table(
        "snapshots",
        sa.Column("cell_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("events_bad", sa.Double(), nullable=True),
        sa.Column("events", sa.Double(), nullable=True),
        sa.Column("coverage", sa.Double(), nullable=True),
        sa.Column("events_bad_of_period", sa.Double(), nullable=True),
        sa.Column("events_of_period", sa.Double(), nullable=True),
        sa.Column("coverage_of_period", sa.Double(), nullable=True),
        sa.Column("budget_remaining", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["cell_id"], ["cells.id"], name=op.f("fk_snapshots_cell_id")),
        sa.PrimaryKeyConstraint("cell_id", "at", name=op.f("pk_snapshots")),
    )
    op.create_index(op.f("ix_snapshots_at"), "snapshots", ["at"], unique=False)
    op.create_table(
        "spent_steps",
        sa.Column("cell_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("events_bad", sa.Double(), nullable=False),
        sa.Column("events", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["cell_id"], ["cells.id"], name=op.f("fk_spent_steps_cell_id")),
        sa.PrimaryKeyConstraint("cell_id", "at", name=op.f("pk_spent_steps")),
    )
    op.create_table(
        "evidence",
        sa.Column("alert_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("annotations", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_evidence_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", "id", name=op.f("pk_evidence")),
    )


def downgrade() -> None:
    """Remove them, and all that is in them."""
    op.drop_table("evidence")
    op.drop_table("spent_steps")
    op.drop_index(op.f("ix_snapshots_at"), table_name="snapshots")
    op.drop_table("snapshots")
    op.drop_table("known_hours")
    op.drop_index(op.f("ix_decisions_review_id"), table_name="decisions")
    op.drop_table("decisions")
    op.drop_index(op.f("ix_annotations_at"), table_name="annotations")
    op.drop_table("annotations")
    op.drop_index(op.f("ix_alerts_starts_at_ms"), table_name="alerts")
    op.drop_index(op.f("ix_alerts_incident_id"), table_name="alerts")
    op.drop_index(op.f("ix_alerts_identity_starts_at_ms"), table_name="alerts")
    op.drop_table("alerts")
    op.drop_index(op.f("ix_actions_service"), table_name="actions")
    op.drop_table("actions")
    op.drop_table("reviews")
    op.drop_table("objective_versions")
    op.drop_table("marks")
    op.drop_index(op.f("ix_maintenance_windows_starts_at"), table_name="maintenance_windows")
    op.drop_table("maintenance_windows")
    op.drop_index(op.f("ix_incidents_started_at_ms"), table_name="incidents")
    op.drop_table("incidents")
    op.drop_index(op.f("ix_change_events_at"), table_name="change_events")
    op.drop_table("change_events")
    op.drop_index(op.f("ix_cells_slo"), table_name="cells")
    op.drop_index(op.f("ix_cells_service"), table_name="cells")
    op.drop_table("cells")
    op.drop_index(op.f("ix_audit_at"), table_name="audit")
    op.drop_table("audit")
    op.drop_table("asked_hours")
