-- The service moves the records before this migration. Another program that applies it must not drop what is not moved.
CREATE TEMPORARY TABLE "moved" ("all" INTEGER CONSTRAINT "the records are not moved" CHECK ("all"));
INSERT INTO "moved" SELECT (SELECT COUNT(*) FROM "MovedCertificateRequest") = (SELECT COUNT(*) FROM "RequestRecord")
    AND (SELECT COUNT(*) FROM "MovedCertificate") = (SELECT COUNT(*) FROM "CertificateRecord")
    AND (SELECT COUNT(*) FROM "MovedAuditEvent") = (SELECT COALESCE(SUM("lastSeq" - "firstSeq" + 1), 0) FROM "AuditRecord");
DROP TABLE "moved";
DROP TABLE "CertificateGroup";
DROP TABLE "MovedCertificate";
DROP TABLE "MovedCertificateRequest";
DROP TABLE "MovedAuditEvent";

-- Between which instants each thousand of audit events lies: a list by time begins and ends there. A record that reaches
-- the thousand closes the range.
CREATE TRIGGER "AuditRecord_range" AFTER INSERT ON "AuditRecord"
WHEN NEW."lastSeq" - (SELECT COALESCE(MAX("lastSeq"), 0) FROM "AuditEventRange") >= 1000
BEGIN
    INSERT INTO "AuditEventRange" ("firstSeq", "lastSeq", "earliest", "latest")
        SELECT MIN("firstSeq"), MAX("lastSeq"), MIN("at"), MAX("at") FROM "AuditRecord"
        WHERE "lastSeq" > (SELECT COALESCE(MAX("lastSeq"), 0) FROM "AuditEventRange");
END;
CREATE TRIGGER "AuditEventRange_no_update" BEFORE UPDATE ON "AuditEventRange"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER "AuditEventRange_no_delete" BEFORE DELETE ON "AuditEventRange"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- REPLACE removes a row without firing a delete trigger.
CREATE TRIGGER "AuditEventRange_no_replace" BEFORE INSERT ON "AuditEventRange"
WHEN EXISTS (SELECT 1 FROM "AuditEventRange" WHERE "lastSeq" = NEW."lastSeq")
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- The audit log is append-only: nothing in it is changed or removed, and what is added follows what is there.
CREATE TRIGGER "AuditRecord_no_update" BEFORE UPDATE ON "AuditRecord"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER "AuditRecord_no_delete" BEFORE DELETE ON "AuditRecord"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- A record begins behind the last one, so REPLACE finds no row to remove.
CREATE TRIGGER "AuditRecord_no_gap" BEFORE INSERT ON "AuditRecord"
WHEN NEW."firstSeq" <> (SELECT COALESCE(MAX("lastSeq"), 0) + 1 FROM "AuditRecord")
    OR NEW."lastSeq" < NEW."firstSeq"
    OR length(NEW."hashes") <> 32 * (NEW."lastSeq" - NEW."firstSeq" + 1)
    OR NEW."previousHash" <> COALESCE((SELECT substr("hashes", -32) FROM "AuditRecord" WHERE "lastSeq" = NEW."firstSeq" - 1), zeroblob(32))
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- For people who open the database: requests, certificates and events with readable ids, hashes and instants.
CREATE VIEW "CertificateRequest" AS
SELECT
    lower(hex(substr(r."id", 1, 4)) || '-' || hex(substr(r."id", 5, 2)) || '-' || hex(substr(r."id", 7, 2)) || '-'
        || hex(substr(r."id", 9, 2)) || '-' || hex(substr(r."id", 11))) AS "id",
    r."state", r."cluster", r."username", r."groups", r."keyAlgorithm", r."certificationRequest", r."publicKeyAlgorithm",
    nullif(lower(hex(r."spkiSha256")), '') AS "spkiSha256",
    r."expirationSeconds", r."namespace", r."reason", r."requesterName", r."requesterGroups", r."requesterRoles", r."collector",
    strftime('%Y-%m-%dT%H:%M:%f+00:00', r."createdAt" / 1000.0, 'unixepoch') AS "createdAt",
    strftime('%Y-%m-%dT%H:%M:%f+00:00', r."expiresAt" / 1000.0, 'unixepoch') AS "expiresAt",
    substr(d."text", 1, length(d."text") - 1) || ',"decidedAt":"'
        || strftime('%Y-%m-%dT%H:%M:%fZ', r."decidedAt" / 1000.0, 'unixepoch') || '"}' AS "decision",
    r."approvals", r."attemptNumber", r."attemptOwner",
    strftime('%Y-%m-%dT%H:%M:%f+00:00', r."attemptLeaseUntil" / 1000.0, 'unixepoch') AS "attemptLeaseUntil",
    strftime('%Y-%m-%dT%H:%M:%f+00:00', r."attemptStartedAt" / 1000.0, 'unixepoch') AS "attemptStartedAt",
    nullif(lower(hex(r."attemptSpkiSha256")), '') AS "attemptSpkiSha256",
    r."attemptIntent",
    nullif(lower(hex(r."fingerprintSha256")), '') AS "fingerprintSha256",
    r."failureReason", r."failureMessage"
FROM "RequestRecord" AS r JOIN "Decision" AS d ON d."sha256" = r."decisionSha256";

CREATE VIEW "Certificate" AS
SELECT
    lower(hex(c."fingerprintSha256")) AS "fingerprintSha256",
    CASE WHEN length(c."serialNumber") > 1 AND substr(c."serialNumber", 1, 1) = x'00'
        THEN '-' || lower(hex(substr(c."serialNumber", 2))) ELSE lower(hex(c."serialNumber")) END AS "serialNumber",
    c."subject", i."name" AS "issuer", i."identity" AS "issuerIdentity",
    nullif(lower(hex(i."fingerprintSha256")), '') AS "issuerFingerprintSha256",
    c."username", c."groups",
    strftime('%Y-%m-%dT%H:%M:%f+00:00', c."notBefore" / 1000.0, 'unixepoch') AS "notBefore",
    strftime('%Y-%m-%dT%H:%M:%f+00:00', c."notAfter" / 1000.0, 'unixepoch') AS "notAfter",
    c."publicKeyAlgorithm",
    lower(hex(c."spkiSha256")) AS "spkiSha256",
    c."cluster",
    lower(hex(substr(r."id", 1, 4)) || '-' || hex(substr(r."id", 5, 2)) || '-' || hex(substr(r."id", 7, 2)) || '-'
        || hex(substr(r."id", 9, 2)) || '-' || hex(substr(r."id", 11))) AS "requestId",
    c."requesterName", c."collector", c."der", c."orphan",
    strftime('%Y-%m-%dT%H:%M:%f+00:00', c."issuedAt" / 1000.0, 'unixepoch') AS "issuedAt"
FROM "CertificateRecord" AS c
    JOIN "Issuer" AS i ON i."sha256" = c."issuerSha256"
    JOIN "RequestRecord" AS r ON r."n" = c."requestN";

-- A line of a record is the event without its number and the members that the record has, or, where an event could not be
-- put together again from these, the event's whole text. The text of a damaged record is shown as one event.
CREATE VIEW "AuditEvent" AS
WITH "line" AS (
    SELECT a.*, e."key" AS "i", e."value" AS "text",
        e."type" = 'object' AND e."value" LIKE '{"details":%' AS "short"
    FROM "AuditRecord" AS a,
        json_each(CASE WHEN json_valid('[' || replace(a."events", char(10), ',') || ']')
            THEN '[' || replace(a."events", char(10), ',') || ']' ELSE json_array(a."events") END) AS e
), "event" AS (
    SELECT "line".*,
        strftime('%Y-%m-%dT%H:%M:%f', "at" / 1000.0, 'unixepoch') AS "instant",
        CASE WHEN json_valid("text") THEN "text" ->> '$.type' END AS "type",
        CASE WHEN json_valid("text") THEN "text" -> '$.principal' END AS "principalJson",
        iif("requestId" IS NULL, 'null', '"' || lower(hex(substr("requestId", 1, 4)) || '-' || hex(substr("requestId", 5, 2)) || '-' || hex(substr("requestId", 7, 2)) || '-'
            || hex(substr("requestId", 9, 2)) || '-' || hex(substr("requestId", 11))) || '"') AS "requestIdJson",
        iif("fingerprintSha256" IS NULL, 'null', '"' || lower(hex("fingerprintSha256")) || '"') AS "fingerprintJson"
    FROM "line"
)
SELECT
    "firstSeq" + "i" AS "seq",
    "instant" || '+00:00' AS "at",
    "type",
    CASE WHEN "principalJson" <> 'null' THEN "principal" END AS "principal",
    "cluster",
    trim(nullif("requestIdJson", 'null'), '"') AS "requestId",
    nullif(lower(hex("fingerprintSha256")), '') AS "fingerprintSha256",
    CASE WHEN "short" THEN
        '{"at":"' || "instant" || 'Z","cluster":' || COALESCE(json_quote("cluster"), 'null') || ','
        || substr("text", 2, length("text") - length(',"principal":' || "principalJson" || ',"type":"' || "type" || '"}') - 1)
        || ',"fingerprintSha256":' || "fingerprintJson" || ',"principal":' || "principalJson"
        || ',"requestId":' || "requestIdJson" || ',"seq":' || ("firstSeq" + "i") || ',"type":"' || "type" || '"}'
    ELSE "text" END AS "canonical",
    lower(hex(CASE "i" WHEN 0 THEN "previousHash" ELSE substr("hashes", 32 * "i" - 31, 32) END)) AS "previousHash",
    lower(hex(substr("hashes", 32 * "i" + 1, 32))) AS "hash"
FROM "event";
