"""Alembic's entry: runs the migrations in the transaction that `migration.migrate` hands over."""

from alembic import context

from tocsin.storage.state.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
