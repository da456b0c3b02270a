"""How alembic runs the steps: on the connection that it is given, within its transaction."""

from alembic import context

from slo.review.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
context.run_migrations()
