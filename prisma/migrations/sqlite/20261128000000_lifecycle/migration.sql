-- Renewal, revocation, blocked identities and announcements of expiry. Certificates are never changed: whatever happens to
-- one stands in a table beside it.
DROP VIEW "CertificateRequest";
DROP VIEW "Certificate";
ALTER TABLE "RequestRecord" ADD COLUMN "renewalOf" BLOB;
ALTER TABLE "RequestRecord" ADD COLUMN "lineage" BLOB;
ALTER TABLE "RequestRecord" ADD COLUMN "generation" INTEGER;

CREATE TABLE "Revocation" (
    "n" INTEGER NOT NULL PRIMARY KEY,
    "fingerprintSha256" BLOB NOT NULL,
    "certificateN" BIGINT,
    "cluster" TEXT NOT NULL,
    "serialNumber" BLOB NOT NULL,
    "issuer" TEXT NOT NULL,
    "issuerFingerprintSha256" BLOB,
    "username" TEXT NOT NULL,
    "notAfter" DATETIME NOT NULL,
    "reason" TEXT NOT NULL,
    "comment" TEXT,
    "revokedAt" DATETIME NOT NULL,
    "revokedBy" TEXT,
    CONSTRAINT "Revocation_certificateN_fkey" FOREIGN KEY ("certificateN") REFERENCES "CertificateRecord" ("n") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "Revocation_fingerprintSha256_key" ON "Revocation"("fingerprintSha256");
CREATE UNIQUE INDEX "Revocation_certificateN_key" ON "Revocation"("certificateN");
CREATE INDEX "Revocation_notAfter_certificateN_idx" ON "Revocation"("notAfter", "certificateN");

CREATE TABLE "LineageMember" (
    "certificateN" INTEGER NOT NULL PRIMARY KEY,
    "renewalOf" BLOB,
    "lineage" BLOB NOT NULL,
    "generation" INTEGER NOT NULL,
    "notAfter" DATETIME NOT NULL,
    CONSTRAINT "LineageMember_certificateN_fkey" FOREIGN KEY ("certificateN") REFERENCES "CertificateRecord" ("n") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "LineageMember_lineage_notAfter_idx" ON "LineageMember"("lineage", "notAfter");

CREATE TABLE "Supersession" (
    "certificateN" INTEGER NOT NULL PRIMARY KEY,
    "supersededByN" BIGINT NOT NULL,
    "notAfter" DATETIME NOT NULL,
    CONSTRAINT "Supersession_certificateN_fkey" FOREIGN KEY ("certificateN") REFERENCES "CertificateRecord" ("n") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "Supersession_supersededByN_fkey" FOREIGN KEY ("supersededByN") REFERENCES "CertificateRecord" ("n") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "Supersession_notAfter_certificateN_idx" ON "Supersession"("notAfter", "certificateN");

-- A number that was given is never given again, so nobody takes a later block for the one that they saw.
CREATE TABLE "IdentityBlock" (
    "n" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "folded" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "clusters" JSONB,
    "reason" TEXT NOT NULL,
    "comment" TEXT,
    "until" DATETIME,
    "blockedAt" DATETIME NOT NULL,
    "blockedBy" TEXT NOT NULL
);
CREATE UNIQUE INDEX "IdentityBlock_folded_key" ON "IdentityBlock"("folded");

CREATE TABLE "ExpiryNotice" (
    "fingerprintSha256" BLOB NOT NULL,
    "seconds" INTEGER NOT NULL,
    "announcedAt" DATETIME NOT NULL,
    PRIMARY KEY ("fingerprintSha256", "seconds")
);
CREATE INDEX "ExpiryNotice_announcedAt_idx" ON "ExpiryNotice"("announcedAt");

CREATE TABLE "ExpiryProgress" (
    "seconds" INTEGER NOT NULL PRIMARY KEY,
    "through" DATETIME NOT NULL
);

-- SQLite changes no column of a table, so these two are made anew.
CREATE TABLE "ApiToken_new" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "secretSha256" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "groups" JSONB NOT NULL,
    "roles" JSONB NOT NULL,
    "createdBy" JSONB NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "expiresAt" DATETIME,
    "revokedAt" DATETIME,
    "cluster" TEXT
);
INSERT INTO "ApiToken_new" SELECT "id", "secretSha256", "name", "groups", "roles", "createdBy", "createdAt", "expiresAt", "revokedAt", NULL FROM "ApiToken";
DROP TABLE "ApiToken";
ALTER TABLE "ApiToken_new" RENAME TO "ApiToken";
CREATE UNIQUE INDEX "ApiToken_secretSha256_key" ON "ApiToken"("secretSha256");
CREATE INDEX "ApiToken_createdAt_id_idx" ON "ApiToken"("createdAt", "id");

CREATE TABLE "WebhookDelivery_new" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "webhook" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "requestId" TEXT,
    "payload" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "nextAttemptAt" DATETIME,
    "attempts" INTEGER NOT NULL,
    "owner" TEXT,
    "lastFailure" TEXT,
    "endedAt" DATETIME
);
INSERT INTO "WebhookDelivery_new" SELECT "id", "webhook", "type", "requestId", "payload", "state", "createdAt", "nextAttemptAt", "attempts", "owner", "lastFailure", "endedAt" FROM "WebhookDelivery";
DROP TABLE "WebhookDelivery";
ALTER TABLE "WebhookDelivery_new" RENAME TO "WebhookDelivery";
CREATE INDEX "WebhookDelivery_state_webhook_nextAttemptAt_idx" ON "WebhookDelivery"("state", "webhook", "nextAttemptAt");
CREATE INDEX "WebhookDelivery_state_endedAt_idx" ON "WebhookDelivery"("state", "endedAt");
CREATE INDEX "WebhookDelivery_state_id_idx" ON "WebhookDelivery"("state", "id");
CREATE INDEX "WebhookDelivery_webhook_id_idx" ON "WebhookDelivery"("webhook", "id");
CREATE INDEX "WebhookDelivery_requestId_id_idx" ON "WebhookDelivery"("requestId", "id");

-- For people who open the database.
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
    r."failureReason", r."failureMessage",
    nullif(lower(hex(r."renewalOf")), '') AS "renewalOf", nullif(lower(hex(r."lineage")), '') AS "lineage", r."generation"
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
    strftime('%Y-%m-%dT%H:%M:%f+00:00', c."issuedAt" / 1000.0, 'unixepoch') AS "issuedAt",
    nullif(lower(hex(e."renewalOf")), '') AS "renewalOf",
    (SELECT lower(hex("fingerprintSha256")) FROM "CertificateRecord" WHERE "n" = s."supersededByN") AS "supersededBy",
    strftime('%Y-%m-%dT%H:%M:%f+00:00', v."revokedAt" / 1000.0, 'unixepoch') AS "revokedAt",
    v."reason" AS "revocationReason"
FROM "CertificateRecord" AS c
    JOIN "Issuer" AS i ON i."sha256" = c."issuerSha256"
    JOIN "RequestRecord" AS r ON r."n" = c."requestN"
    LEFT JOIN "LineageMember" AS e ON e."certificateN" = c."n"
    LEFT JOIN "Supersession" AS s ON s."certificateN" = c."n"
    LEFT JOIN "Revocation" AS v ON v."certificateN" = c."n";
