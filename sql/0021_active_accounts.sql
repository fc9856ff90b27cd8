-- nodes: from 0019, also before
-- online: yes
-- Which accounts have jobs that wait or run, by an index that needs none of the columns that the next migration drops.

CREATE INDEX CONCURRENTLY IF NOT EXISTS tenant_load_active ON tenant_load (tenant_id) WHERE queued_jobs + running_jobs > 0;
