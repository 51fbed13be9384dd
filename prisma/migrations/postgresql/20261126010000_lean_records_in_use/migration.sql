-- The service moves the records before this migration. Another program that applies it must not drop what is not moved.
DO $$
BEGIN
    IF (SELECT COUNT(*) FROM "MovedCertificateRequest") <> (SELECT COUNT(*) FROM "RequestRecord")
        OR (SELECT COUNT(*) FROM "MovedCertificate") <> (SELECT COUNT(*) FROM "CertificateRecord")
        OR (SELECT COUNT(*) FROM "MovedAuditEvent") <> (SELECT COALESCE(SUM("lastSeq" - "firstSeq" + 1), 0) FROM "AuditRecord") THEN
        RAISE EXCEPTION 'the records are not moved';
    END IF;
END
$$;
DROP TABLE "CertificateGroup";
DROP TABLE "MovedCertificate";
DROP TABLE "MovedCertificateRequest";
DROP TABLE "MovedAuditEvent";
DROP FUNCTION "AuditEvent_follow"();
DROP FUNCTION "AuditEvent_refuse"();

-- The audit log is append-only: nothing in it is changed or removed, and what is added follows what is there. All names in
-- these functions come with their schema: a temporary table of that name must not stand in for one.
CREATE FUNCTION "AuditRecord_refuse"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
CREATE TRIGGER "AuditRecord_no_change" BEFORE UPDATE OR DELETE OR TRUNCATE ON "AuditRecord"
    FOR EACH STATEMENT EXECUTE FUNCTION "AuditRecord_refuse"();
CREATE TRIGGER "AuditEventRange_no_change" BEFORE UPDATE OR DELETE OR TRUNCATE ON "AuditEventRange"
    FOR EACH STATEMENT EXECUTE FUNCTION "AuditRecord_refuse"();

CREATE FUNCTION "AuditRecord_follow"() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    last record;
BEGIN
    SELECT "lastSeq", substr("hashes", octet_length("hashes") - 31) AS "hash" INTO last
        FROM public."AuditRecord" ORDER BY "lastSeq" DESC LIMIT 1;
    IF NEW."firstSeq" <> COALESCE(last."lastSeq", 0) + 1
        OR NEW."lastSeq" < NEW."firstSeq"
        OR octet_length(NEW."hashes") <> 32 * (NEW."lastSeq" - NEW."firstSeq" + 1)
        OR NEW."previousHash" <> COALESCE(last."hash", decode(repeat('00', 32), 'hex')) THEN
        RAISE EXCEPTION 'the audit log is append-only';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "AuditRecord_no_gap" BEFORE INSERT ON "AuditRecord"
    FOR EACH ROW EXECUTE FUNCTION "AuditRecord_follow"();

-- Between which instants each thousand of audit events lies: a list by time begins and ends there. The record that reaches a
-- thousand closes the range. Whoever may add to the log needs no right on the ranges.
CREATE FUNCTION "AuditRecord_record_range"() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    closed bigint;
BEGIN
    SELECT COALESCE(MAX("lastSeq"), 0) INTO closed FROM public."AuditEventRange";
    IF NEW."lastSeq" - closed >= 1000 THEN
        INSERT INTO public."AuditEventRange" ("firstSeq", "lastSeq", "earliest", "latest")
            SELECT MIN("firstSeq"), MAX("lastSeq"), MIN("at"), MAX("at") FROM public."AuditRecord"
            WHERE "lastSeq" > closed;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER "AuditRecord_range" AFTER INSERT ON "AuditRecord"
    FOR EACH ROW WHEN (NEW."lastSeq" / 100 > (NEW."firstSeq" - 1) / 100) EXECUTE FUNCTION "AuditRecord_record_range"();

-- Gives events their places in the chain and inserts their records, in order. The caller holds the lock of the chain. A record
-- has its six columns, the text of the members that its events share in three parts, and the number of its events; an event
-- has three texts: details, principal, type. The service makes them, and makes the same records on SQLite:
-- src/audit/audit-record.ts.
CREATE FUNCTION "AuditRecord_append"(records text[], lines text[]) RETURNS void LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog AS $$
DECLARE
    last_seq bigint;
    last_hash bytea;
    next text[];
    line int := 0;
    first_seq bigint;
    previous_hash bytea;
    all_hashes bytea;
    all_events text;
BEGIN
    SELECT "lastSeq", substr("hashes", octet_length("hashes") - 31) INTO last_seq, last_hash
        FROM public."AuditRecord" ORDER BY "lastSeq" DESC LIMIT 1;
    IF NOT FOUND THEN
        last_seq := 0;
        last_hash := decode(repeat('00', 32), 'hex');
    END IF;
    FOREACH next SLICE 1 IN ARRAY records LOOP
        first_seq := last_seq + 1;
        previous_hash := last_hash;
        all_hashes := '';
        all_events := NULL;
        FOR i IN line + 1 .. line + next[10]::int LOOP
            last_seq := last_seq + 1;
            last_hash := sha256(convert_to(concat(encode(last_hash, 'hex'), next[7], lines[i][1], next[8], lines[i][2],
                next[9], last_seq, ',"type":"', lines[i][3], '"}'), 'UTF8'));
            all_hashes := all_hashes || last_hash;
            all_events := concat(all_events || E'\n', '{"details":', lines[i][1], ',"principal":', lines[i][2],
                ',"type":"', lines[i][3], '"}');
        END LOOP;
        line := line + next[10]::int;
        INSERT INTO public."AuditRecord" ("lastSeq", "firstSeq", "at", "types", "principal", "cluster", "requestId",
                "fingerprintSha256", "events", "previousHash", "hashes")
            VALUES (last_seq, first_seq, next[1]::timestamp(3), next[2]::bigint, next[3], next[4], next[5]::bytea,
                next[6]::bytea, all_events, previous_hash, all_hashes);
    END LOOP;
END
$$;

-- For people who open the database: requests, certificates and events with readable ids and hashes.
CREATE VIEW "CertificateRequest" AS
SELECT
    encode(r."id", 'hex')::uuid::text AS "id",
    r."state", r."cluster", r."username", r."groups", r."keyAlgorithm", r."certificationRequest", r."publicKeyAlgorithm",
    encode(r."spkiSha256", 'hex') AS "spkiSha256",
    r."expirationSeconds", r."namespace", r."reason", r."requesterName", r."requesterGroups", r."requesterRoles", r."collector",
    r."createdAt", r."expiresAt",
    (left(d."text", -1) || ',"decidedAt":"' || to_char(r."decidedAt", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"}')::json AS "decision",
    r."approvals", r."attemptNumber", r."attemptOwner", r."attemptLeaseUntil", r."attemptStartedAt",
    encode(r."attemptSpkiSha256", 'hex') AS "attemptSpkiSha256",
    r."attemptIntent",
    encode(r."fingerprintSha256", 'hex') AS "fingerprintSha256",
    r."failureReason", r."failureMessage"
FROM "RequestRecord" AS r JOIN "Decision" AS d ON d."sha256" = r."decisionSha256";

CREATE VIEW "Certificate" AS
SELECT
    encode(c."fingerprintSha256", 'hex') AS "fingerprintSha256",
    regexp_replace(encode(c."serialNumber", 'hex'), '^00(?=.)', '-') AS "serialNumber",
    c."subject", i."name" AS "issuer", i."identity" AS "issuerIdentity",
    encode(i."fingerprintSha256", 'hex') AS "issuerFingerprintSha256",
    c."username", c."groups", c."notBefore", c."notAfter", c."publicKeyAlgorithm",
    encode(c."spkiSha256", 'hex') AS "spkiSha256",
    c."cluster", encode(r."id", 'hex')::uuid::text AS "requestId", c."requesterName", c."collector", c."der", c."orphan", c."issuedAt"
FROM "CertificateRecord" AS c
    JOIN "Issuer" AS i ON i."sha256" = c."issuerSha256"
    JOIN "RequestRecord" AS r ON r."n" = c."requestN";

-- A line of a record is the event without its number and the members that the record has, or, where an event could not be
-- put together again from these, the event's whole text.
CREATE VIEW "AuditEvent" AS
WITH "line" AS (
    SELECT a.*, (e.i - 1)::int AS "i", e."text",
        regexp_match(e."text", '^\{"details":(.*),"principal":(null|"(?:[^"\\]|\\.)*"),"type":"([A-Za-z]+)"\}$') AS "part"
    FROM "AuditRecord" AS a, unnest(string_to_array(a."events", E'\n')) WITH ORDINALITY AS e("text", i)
)
SELECT
    "firstSeq" + "i" AS "seq", "at",
    COALESCE("part"[3], substring("text" from '"type":"([A-Za-z]+)"\}$')) AS "type",
    CASE WHEN "part"[2] IS DISTINCT FROM 'null' THEN "principal" END AS "principal",
    "cluster",
    encode("requestId", 'hex')::uuid::text AS "requestId",
    encode("fingerprintSha256", 'hex') AS "fingerprintSha256",
    CASE WHEN "part" IS NULL THEN "text" ELSE
        '{"at":"' || to_char("at", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '","cluster":' || COALESCE(to_json("cluster")::text, 'null')
        || ',"details":' || "part"[1]
        || ',"fingerprintSha256":' || COALESCE('"' || encode("fingerprintSha256", 'hex') || '"', 'null')
        || ',"principal":' || "part"[2]
        || ',"requestId":' || COALESCE('"' || encode("requestId", 'hex')::uuid::text || '"', 'null')
        || ',"seq":' || ("firstSeq" + "i") || ',"type":"' || "part"[3] || '"}'
    END AS "canonical",
    encode(CASE "i" WHEN 0 THEN "previousHash" ELSE substr("hashes", 32 * "i" - 31, 32) END, 'hex') AS "previousHash",
    encode(substr("hashes", 32 * "i" + 1, 32), 'hex') AS "hash"
FROM "line";
