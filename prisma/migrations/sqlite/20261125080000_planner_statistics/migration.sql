-- What SQLite chooses an index by where a list has several filters: how many rows one value of an index's columns has in a
-- service that has issued a million certificates. Without, it takes whichever of them was made last, and may look through
-- a million rows for the few that a better one leads to. The figures are written here because ANALYZE, which counts them,
-- keeps everybody from writing meanwhile; whoever runs it replaces them by their own.
ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1;
DELETE FROM sqlite_stat4;
INSERT INTO sqlite_stat1 ("tbl", "idx", "stat") VALUES
    ('AuditEvent', 'sqlite_autoindex_AuditEvent_1', '4000000 1'),
    ('AuditEvent', 'AuditEvent_type_seq_idx', '4000000 200000 1'),
    ('AuditEvent', 'AuditEvent_principal_seq_idx', '2000000 20000 1'),
    ('AuditEvent', 'AuditEvent_cluster_seq_idx', '4000000 400000 1'),
    ('AuditEvent', 'AuditEvent_requestId_seq_idx', '4000000 4 1'),
    ('AuditEvent', 'AuditEvent_fingerprintSha256_seq_idx', '1000000 1 1'),
    ('CertificateRequest', 'sqlite_autoindex_CertificateRequest_1', '1000000 1'),
    ('CertificateRequest', 'CertificateRequest_state_id_idx', '1000000 125000 1'),
    ('CertificateRequest', 'CertificateRequest_state_expiresAt_idx', '1000 500 1'),
    ('CertificateRequest', 'CertificateRequest_cluster_id_idx', '1000000 100000 1'),
    ('CertificateRequest', 'CertificateRequest_username_id_idx', '1000000 10 1'),
    ('CertificateRequest', 'CertificateRequest_requesterName_id_idx', '1000000 50000 1'),
    ('CertificateRequest', 'CertificateRequest_collector_id_idx', '1000000 20000 1'),
    ('CertificateRequest', 'CertificateRequest_cluster_attemptSpkiSha256_idx', '1000000 100000 1'),
    ('Certificate', 'sqlite_autoindex_Certificate_1', '1000000 1'),
    ('Certificate', 'Certificate_serialNumber_issuerIdentity_key', '1000000 1 1'),
    ('Certificate', 'Certificate_issuedAt_fingerprintSha256_idx', '1000000 2 1'),
    ('Certificate', 'Certificate_notAfter_fingerprintSha256_idx', '1000000 2 1'),
    ('Certificate', 'Certificate_cluster_issuedAt_fingerprintSha256_idx', '1000000 100000 2 1'),
    ('Certificate', 'Certificate_cluster_notAfter_fingerprintSha256_idx', '1000000 100000 2 1'),
    ('Certificate', 'Certificate_username_issuedAt_fingerprintSha256_idx', '1000000 10 1 1'),
    ('Certificate', 'Certificate_username_notAfter_fingerprintSha256_idx', '1000000 10 1 1'),
    ('Certificate', 'Certificate_requesterName_issuedAt_fingerprintSha256_idx', '1000000 50000 2 1'),
    ('Certificate', 'Certificate_requesterName_notAfter_fingerprintSha256_idx', '1000000 50000 2 1'),
    ('Certificate', 'Certificate_collector_issuedAt_fingerprintSha256_idx', '1000000 20000 2 1'),
    ('Certificate', 'Certificate_collector_notAfter_fingerprintSha256_idx', '1000000 20000 2 1'),
    ('CertificateGroup', 'sqlite_autoindex_CertificateGroup_1', '2000000 5000 2 1'),
    ('CertificateGroup', 'CertificateGroup_name_notAfter_fingerprintSha256_idx', '2000000 5000 2 1');

-- States and types are known, and so is which of them are many: by these the index is chosen for the value that is asked
-- for. A sample is a record as SQLite stores it, of a key of the index and a rowid: the length of its header, the types
-- of its three values (a text of n octets: 13 + 2n, an integer of one: 1), and the values.
WITH "of" ("value", "rows") AS (VALUES
    ('approved', 100), ('cancelled', 1000), ('denied', 10000), ('expired', 1000), ('failed', 1000), ('issued', 1000000),
    ('issuing', 100), ('pending', 1000)),
"ranked" AS (SELECT *, row_number() OVER "sorted" - 1 AS "rank", sum("rows") OVER "sorted" - "rows" AS "before"
    FROM "of" WINDOW "sorted" AS (ORDER BY "value"))
INSERT INTO sqlite_stat4 ("tbl", "idx", "neq", "nlt", "ndlt", "sample")
    SELECT 'CertificateRequest', 'CertificateRequest_state_id_idx',
        format('%d 1 1', "rows"), format('%d %d %d', "before", "before", "before"),
        format('%d %d %d', "rank", "before", "before"),
        CAST(char(4, 13 + 2 * length("value"), 15, 1) || "value" || '0' || char(1) AS BLOB)
    FROM "ranked" ORDER BY "value";

WITH "of" ("value", "rows") AS (VALUES
    ('ApiTokenCreated', 1000), ('ApiTokenRevoked', 1000), ('ApprovalRecorded', 10000), ('CertificateAuthorityPinned', 10),
    ('CertificateIssued', 1000000), ('CertificateRequested', 1000000), ('ClusterProbed', 1000), ('IssuanceAbandoned', 1000),
    ('IssuanceFailed', 1000), ('IssuanceResumed', 1000), ('IssuanceStarted', 1000000), ('PolicyEvaluated', 10000),
    ('PolicyReplayed', 1000), ('PolicySetLoaded', 1000), ('RequestApproved', 1000000), ('RequestCancelled', 1000),
    ('RequestDenied', 10000), ('RequestExpired', 1000), ('ServiceStarted', 1000), ('UnknownIdentityIssued', 1000),
    ('WebhookDeliveryFailed', 1000), ('WebhookDeliveryRetried', 1000)),
"ranked" AS (SELECT *, row_number() OVER "sorted" - 1 AS "rank", sum("rows") OVER "sorted" - "rows" AS "before"
    FROM "of" WINDOW "sorted" AS (ORDER BY "value"))
INSERT INTO sqlite_stat4 ("tbl", "idx", "neq", "nlt", "ndlt", "sample")
    SELECT 'AuditEvent', 'AuditEvent_type_seq_idx',
        format('%d 1 1', "rows"), format('%d %d %d', "before", "before", "before"),
        format('%d %d %d', "rank", "before", "before"),
        CAST(char(4, 13 + 2 * length("value"), 1, 1) || "value" || char(1, 1) AS BLOB)
    FROM "ranked" ORDER BY "value";
