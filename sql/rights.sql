-- All rights of the service's two roles. This file is not a migration. It says what every database has: `verbatim-admin migrate` grants
-- missing rights, also after a restore without roles, and nodes don't start without them. Edit this file if a new table or query needs a
-- right. To remove a right, also revoke it in a migration; `doctor` reports rights that are not in this list.
--
-- Row-level security follows from this list. It is enabled and forced on every table with a `tenant_id`, and on `tenants`, with these
-- policies:
--     operator   the table's owner, as which operators act, sees every row
--     own        verbatim_app, if it is granted anything, sees the rows of the tenant that SET LOCAL verbatim.tenant names
--     every      verbatim_system, if it is granted anything, sees every row
CREATE ROLE verbatim_app NOLOGIN;
CREATE ROLE verbatim_system NOLOGIN;
GRANT USAGE ON SCHEMA public TO verbatim_app, verbatim_system;
-- Every role may check whether the schema is current.
GRANT SELECT ON schema_migrations TO PUBLIC;

-- Tenancy. Only the owner reads `audit_log`; customers' changes are added to it.
GRANT SELECT ON tenants TO verbatim_app, verbatim_system;
GRANT SELECT, UPDATE (last_used_at) ON api_keys TO verbatim_system;
-- Customers manage their keys, but nobody reads a hash but verbatim_system, which checks logins.
GRANT SELECT (tenant_id, id, mode, name, scopes, monthly_minutes, allowed_addresses, created_at, expires_at, revoked_at, last_used_at, replaced_by, changed_at, told_expires_at),
    INSERT, UPDATE (name, scopes, monthly_minutes, allowed_addresses, expires_at, revoked_at, replaced_by, changed_at, told_expires_at) ON api_keys TO verbatim_app;
GRANT SELECT, INSERT, UPDATE (revoked_at, rotated_at, successor, used_at), DELETE ON refresh_tokens TO verbatim_system;
GRANT SELECT, INSERT ON used_tokens TO verbatim_app;
GRANT SELECT, UPDATE (expires_at), DELETE ON used_tokens TO verbatim_system;
GRANT SELECT, INSERT ON jwt_keys TO verbatim_system;
GRANT SELECT, INSERT ON provenance_keys TO verbatim_system;
GRANT INSERT ON audit_log TO verbatim_app, verbatim_system;
GRANT SELECT, INSERT, UPDATE ON rate_limit_calls TO verbatim_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limit_calls TO verbatim_system;
-- Members. verbatim_system checks sign-ins, and finds sessions and links by their tokens. Nobody else reads a password's hash.
GRANT SELECT (tenant_id, id, email, role, created_at, last_sign_in_at, removed_at, has_password),
    INSERT, UPDATE (email, role, password_hash, removed_at) ON members TO verbatim_app;
GRANT SELECT, UPDATE (password_hash, last_sign_in_at) ON members TO verbatim_system;
GRANT SELECT (tenant_id, member_id), INSERT, DELETE ON member_links TO verbatim_app;
GRANT SELECT, UPDATE (used_at), DELETE ON member_links TO verbatim_system;
GRANT SELECT (tenant_id, member_id), DELETE ON member_sessions TO verbatim_app;
GRANT SELECT, INSERT, UPDATE (used_at), DELETE ON member_sessions TO verbatim_system;

-- Billing. Only operators close and adjust months. Only the owner reads `deleted_tenant_names`.
GRANT SELECT ON plans TO verbatim_app, verbatim_system;
GRANT SELECT ON quota_overrides TO verbatim_app, verbatim_system;
GRANT SELECT, INSERT, UPDATE ON account_limits TO verbatim_app;
GRANT SELECT (tenant_id, transcript_retention_days) ON account_limits TO verbatim_system;
GRANT SELECT, INSERT ON usage_alerts TO verbatim_app;
GRANT SELECT, INSERT, UPDATE (used_seconds, reserved_seconds, admissions) ON usage_months TO verbatim_app;
GRANT SELECT, INSERT, UPDATE (seconds, growth_places, growth_seconds, growth_included_seconds), DELETE ON reservations TO verbatim_app;
GRANT SELECT (tenant_id, seconds) ON reservations TO verbatim_system;
GRANT SELECT, INSERT ON usage TO verbatim_app;
GRANT SELECT, INSERT, UPDATE (jobs, seconds, last_place), DELETE ON usage_sums TO verbatim_app;
GRANT SELECT, INSERT ON usage_increases TO verbatim_app;
GRANT SELECT ON adjustments TO verbatim_app;
GRANT SELECT ON statement_lines TO verbatim_app;
GRANT SELECT ON statement_parties TO verbatim_app;
GRANT SELECT ON billing_details TO verbatim_app;
GRANT SELECT ON seller TO verbatim_app;

-- Jobs. verbatim_system starts a job with its first claim, and its sweep checks which recordings are still needed.
GRANT SELECT, INSERT, UPDATE ON jobs TO verbatim_app;
GRANT SELECT (tenant_id, id, status, completed_at, source_deleted_at, is_test, test_due_at, deadline_at, transcript_due_at, transcript_deleted_at, traceparent),
    UPDATE (status, started_at, status_changed_at) ON jobs TO verbatim_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON chunks TO verbatim_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON sections TO verbatim_app;
GRANT SELECT, INSERT, DELETE ON transcripts TO verbatim_app;
GRANT SELECT, INSERT, UPDATE (name), DELETE ON speaker_names TO verbatim_app;
GRANT SELECT, INSERT ON transcript_revisions TO verbatim_app;
GRANT SELECT, INSERT ON transcript_corrections TO verbatim_app;
GRANT SELECT, INSERT, DELETE ON provenance_records TO verbatim_app;
GRANT SELECT, INSERT, DELETE ON word_options TO verbatim_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO verbatim_app;
GRANT SELECT, INSERT, UPDATE (lease_until), DELETE ON upload_slots TO verbatim_app;
-- Which node lists the storage for orphans.
GRANT SELECT, UPDATE (fence, due_at) ON orphan_listing TO verbatim_system;
-- A worker deletes old keys without reading request or response. It may update one column, because it must lock rows.
GRANT SELECT (tenant_id, key, lease_until, created_at), UPDATE (lease_until), DELETE ON idempotency_keys TO verbatim_system;

-- Queue.
GRANT SELECT, INSERT, UPDATE, DELETE ON tasks TO verbatim_app;
GRANT SELECT, UPDATE, DELETE ON tasks TO verbatim_system;
GRANT USAGE ON SEQUENCE task_fences TO verbatim_system;
GRANT SELECT, INSERT, UPDATE ON tenant_load TO verbatim_app;
GRANT SELECT, UPDATE ON tenant_load TO verbatim_system;
GRANT SELECT, INSERT, UPDATE ON tenant_turns TO verbatim_app, verbatim_system;
GRANT USAGE ON SEQUENCE turn_numbers TO verbatim_app, verbatim_system;
GRANT SELECT ON SEQUENCE engines_priority_front TO verbatim_app, verbatim_system;
GRANT SELECT ON SEQUENCE engines_normal_front TO verbatim_app, verbatim_system;
GRANT SELECT ON SEQUENCE fetches_priority_front TO verbatim_app, verbatim_system;
GRANT SELECT ON SEQUENCE fetches_normal_front TO verbatim_app, verbatim_system;
GRANT SELECT ON SEQUENCE preparations_priority_front TO verbatim_app, verbatim_system;
GRANT SELECT ON SEQUENCE preparations_normal_front TO verbatim_app, verbatim_system;
GRANT SELECT, UPDATE ON SEQUENCE turns_tended_at TO verbatim_system;
GRANT UPDATE ON SEQUENCE engines_priority_front TO verbatim_system;
GRANT UPDATE ON SEQUENCE engines_normal_front TO verbatim_system;
GRANT UPDATE ON SEQUENCE fetches_priority_front TO verbatim_system;
GRANT UPDATE ON SEQUENCE fetches_normal_front TO verbatim_system;
GRANT UPDATE ON SEQUENCE preparations_priority_front TO verbatim_system;
GRANT UPDATE ON SEQUENCE preparations_normal_front TO verbatim_system;

-- Webhooks. Only verbatim_system reads secrets.
GRANT SELECT, INSERT, UPDATE ON webhook_secrets TO verbatim_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoints TO verbatim_app;
GRANT SELECT, UPDATE ON webhook_endpoints TO verbatim_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_events TO verbatim_app;
GRANT SELECT, UPDATE ON webhook_events TO verbatim_system;
GRANT USAGE ON SEQUENCE delivery_fences TO verbatim_system;
GRANT SELECT, DELETE ON webhook_attempts TO verbatim_app;
GRANT SELECT, INSERT, DELETE ON webhook_attempts TO verbatim_system;
GRANT SELECT, DELETE ON webhook_failing_origins TO verbatim_app;
GRANT SELECT, INSERT, DELETE ON webhook_failing_origins TO verbatim_system;

-- Engines.
GRANT SELECT, INSERT, DELETE ON engine_tickets TO verbatim_app;
GRANT SELECT, INSERT, UPDATE ON engine_refusals TO verbatim_system;
