-- Tenancy and Pipeline: what is over leaves the looks and the tables in which it stood for ever.

-- What every node asks twice a second. A deleted account is told by its keys, which ended with it, for as long as a token could live.
DROP INDEX tenants_stopped;
CREATE INDEX tenants_suspended ON tenants (id) WHERE status = 'suspended';

-- Tasks that are over, for a worker's sweep; those of a deleted job go with it.
CREATE INDEX tasks_finished ON tasks (created_at) WHERE status IN ('done', 'failed', 'cancelled');
GRANT DELETE ON tasks TO verbatim_app, verbatim_system;
-- Of an event's tries those that are shown stay.
GRANT DELETE ON webhook_attempts TO verbatim_system;
