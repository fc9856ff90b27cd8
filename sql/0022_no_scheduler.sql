-- nodes: from 0019, also before
-- The lock, and the figures with which accounts took turns before 0019.

DROP TABLE scheduler;
ALTER TABLE tenant_load DROP COLUMN last_claim, DROP COLUMN last_fetch_claim, DROP COLUMN last_preparation_claim;
