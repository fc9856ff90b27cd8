-- Pipeline and Tenancy: how long what is kept. A deleted job or account leaves a row without content, for the ledger.

-- What a job's customer has deleted. The row of a deleted job is a tombstone: id, account, times, seconds, outcome.
ALTER TABLE jobs ADD COLUMN transcript_deleted_at timestamptz;
ALTER TABLE jobs ADD COLUMN deleted_at timestamptz;
-- Until when a failed job's source stays for an operator who would try again.
ALTER TABLE jobs ADD COLUMN source_kept_until timestamptz;
-- The new job as which an operator submitted a failed job's recording once more: once.
ALTER TABLE jobs ADD COLUMN retried_as text;
ALTER TABLE jobs DROP CONSTRAINT jobs_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_source_check
    CHECK (deleted_at IS NOT NULL OR (source_type = 'upload') = (source_url IS NULL));
ALTER TABLE jobs ADD CONSTRAINT jobs_tombstone_check CHECK (
    deleted_at IS NULL OR (completed_at IS NOT NULL AND source_name IS NULL AND source_url IS NULL AND webhook_url IS NULL
        AND metadata::text = '{}'));
DROP INDEX jobs_by_status;
CREATE INDEX jobs_by_status ON jobs (tenant_id, status, id) WHERE deleted_at IS NULL;

ALTER TABLE tenants DROP CONSTRAINT tenants_status_check;
ALTER TABLE tenants ADD CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended', 'deleted'));
DROP INDEX tenants_suspended;
CREATE INDEX tenants_stopped ON tenants (id) WHERE status <> 'active';

GRANT DELETE ON transcripts TO verbatim_app;
-- The sweep of what no job needs any more asks across tenants.
GRANT SELECT (source_deleted_at) ON jobs TO verbatim_system;
