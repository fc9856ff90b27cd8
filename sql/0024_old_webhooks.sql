-- nodes: from 0022, also before
-- online: yes
-- Which webhooks ended longest ago, to delete them when they were kept long enough.

CREATE INDEX CONCURRENTLY IF NOT EXISTS webhook_events_ended ON webhook_events (coalesce(schedule_started_at, created_at))
    WHERE status IN ('delivered', 'given_up');
