-- Records that are a third as large: numbers that grow in place of long ids, octets in place of hexadecimal text,
-- milliseconds in place of text, and one audit record for the events of a step. The service moves what is there, a portion
-- in each transaction; the next migration drops the tables that are moved by then.
ALTER TABLE "CertificateRequest" RENAME TO "MovedCertificateRequest";
ALTER TABLE "Certificate" RENAME TO "MovedCertificate";
ALTER TABLE "AuditEvent" RENAME TO "MovedAuditEvent";
DROP TRIGGER "AuditEvent_range";

-- Moving reads the old tables in the order of their keys and of "Certificate_issuedAt_fingerprintSha256_idx". The space of
-- the other indexes is for the new tables.
DROP INDEX "CertificateRequest_state_id_idx";
DROP INDEX "CertificateRequest_state_expiresAt_idx";
DROP INDEX "CertificateRequest_cluster_id_idx";
DROP INDEX "CertificateRequest_username_id_idx";
DROP INDEX "CertificateRequest_requesterName_id_idx";
DROP INDEX "CertificateRequest_collector_id_idx";
DROP INDEX "CertificateRequest_cluster_attemptSpkiSha256_idx";
DROP INDEX "Certificate_serialNumber_issuerIdentity_key";
DROP INDEX "Certificate_notAfter_fingerprintSha256_idx";
DROP INDEX "Certificate_cluster_issuedAt_fingerprintSha256_idx";
DROP INDEX "Certificate_cluster_notAfter_fingerprintSha256_idx";
DROP INDEX "Certificate_username_issuedAt_fingerprintSha256_idx";
DROP INDEX "Certificate_username_notAfter_fingerprintSha256_idx";
DROP INDEX "Certificate_requesterName_issuedAt_fingerprintSha256_idx";
DROP INDEX "Certificate_requesterName_notAfter_fingerprintSha256_idx";
DROP INDEX "Certificate_collector_issuedAt_fingerprintSha256_idx";
DROP INDEX "Certificate_collector_notAfter_fingerprintSha256_idx";
DROP INDEX "CertificateGroup_name_notAfter_fingerprintSha256_idx";
DROP INDEX "AuditEvent_type_seq_idx";
DROP INDEX "AuditEvent_principal_seq_idx";
DROP INDEX "AuditEvent_cluster_seq_idx";
DROP INDEX "AuditEvent_requestId_seq_idx";
DROP INDEX "AuditEvent_fingerprintSha256_seq_idx";

CREATE TABLE "Decision" (
    "sha256" BLOB NOT NULL PRIMARY KEY,
    "text" TEXT NOT NULL
);

CREATE TABLE "RequestRecord" (
    "n" INTEGER NOT NULL PRIMARY KEY,
    "id" BLOB NOT NULL,
    "state" TEXT NOT NULL,
    "cluster" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "groups" JSONB NOT NULL,
    "keyAlgorithm" TEXT NOT NULL,
    "certificationRequest" BLOB,
    "publicKeyAlgorithm" TEXT,
    "spkiSha256" BLOB,
    "expirationSeconds" INTEGER NOT NULL,
    "namespace" TEXT,
    "reason" TEXT,
    "requesterName" TEXT NOT NULL,
    "requesterGroups" JSONB NOT NULL,
    "requesterRoles" JSONB NOT NULL,
    "collector" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "expiresAt" DATETIME,
    "decisionSha256" BLOB NOT NULL,
    "decidedAt" DATETIME NOT NULL,
    "approvals" JSONB NOT NULL,
    "attemptNumber" INTEGER,
    "attemptOwner" TEXT,
    "attemptLeaseUntil" DATETIME,
    "attemptStartedAt" DATETIME,
    "attemptSpkiSha256" BLOB,
    "attemptIntent" JSONB,
    "attemptObjectName" TEXT,
    "fingerprintSha256" BLOB,
    "failureReason" TEXT,
    "failureMessage" TEXT,
    CONSTRAINT "RequestRecord_decisionSha256_fkey" FOREIGN KEY ("decisionSha256") REFERENCES "Decision" ("sha256") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "RequestRecord_id_key" ON "RequestRecord"("id");
CREATE INDEX "RequestRecord_state_n_idx" ON "RequestRecord"("state", "n");
CREATE INDEX "RequestRecord_expiresAt_n_idx" ON "RequestRecord"("expiresAt", "n") WHERE "state" IN ('pending', 'approved');
CREATE INDEX "RequestRecord_cluster_n_idx" ON "RequestRecord"("cluster", "n");
CREATE INDEX "RequestRecord_username_n_idx" ON "RequestRecord"("username", "n");
CREATE INDEX "RequestRecord_requesterName_n_idx" ON "RequestRecord"("requesterName", "n");
CREATE INDEX "RequestRecord_collector_n_idx" ON "RequestRecord"("collector", "n") WHERE "collector" <> "requesterName";
CREATE INDEX "RequestRecord_cluster_attemptSpkiSha256_idx" ON "RequestRecord"("cluster", "attemptSpkiSha256") WHERE "attemptObjectName" IS NOT NULL;

CREATE TABLE "Issuer" (
    "sha256" BLOB NOT NULL PRIMARY KEY,
    "identity" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "fingerprintSha256" BLOB
);

CREATE TABLE "CertificateRecord" (
    "n" INTEGER NOT NULL PRIMARY KEY,
    "fingerprintSha256" BLOB NOT NULL,
    "serialNumber" BLOB NOT NULL,
    "issuerSha256" BLOB NOT NULL,
    "subject" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "groups" JSONB NOT NULL,
    "notBefore" DATETIME NOT NULL,
    "notAfter" DATETIME NOT NULL,
    "publicKeyAlgorithm" TEXT NOT NULL,
    "spkiSha256" BLOB NOT NULL,
    "cluster" TEXT NOT NULL,
    "requestN" BIGINT NOT NULL,
    "requesterName" TEXT NOT NULL,
    "collector" TEXT NOT NULL,
    "der" BLOB NOT NULL,
    "orphan" BOOLEAN NOT NULL,
    "issuedAt" DATETIME NOT NULL,
    CONSTRAINT "CertificateRecord_issuerSha256_fkey" FOREIGN KEY ("issuerSha256") REFERENCES "Issuer" ("sha256") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "CertificateRecord_requestN_fkey" FOREIGN KEY ("requestN") REFERENCES "RequestRecord" ("n") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "CertificateRecord_fingerprintSha256_key" ON "CertificateRecord"("fingerprintSha256");
CREATE UNIQUE INDEX "CertificateRecord_serialNumber_issuerSha256_key" ON "CertificateRecord"("serialNumber", "issuerSha256");
CREATE INDEX "CertificateRecord_cluster_n_idx" ON "CertificateRecord"("cluster", "n");
CREATE INDEX "CertificateRecord_username_n_idx" ON "CertificateRecord"("username", "n");
CREATE INDEX "CertificateRecord_requesterName_n_idx" ON "CertificateRecord"("requesterName", "n");
CREATE INDEX "CertificateRecord_collector_n_idx" ON "CertificateRecord"("collector", "n") WHERE "collector" <> "requesterName";
CREATE INDEX "CertificateRecord_requesterName_issuedAt_idx" ON "CertificateRecord"("requesterName", "issuedAt");
CREATE INDEX "CertificateRecord_notAfter_n_idx" ON "CertificateRecord"("notAfter", "n");
CREATE INDEX "CertificateRecord_cluster_notAfter_n_idx" ON "CertificateRecord"("cluster", "notAfter", "n");
CREATE INDEX "CertificateRecord_username_notAfter_n_idx" ON "CertificateRecord"("username", "notAfter", "n");
CREATE INDEX "CertificateRecord_requesterName_notAfter_n_idx" ON "CertificateRecord"("requesterName", "notAfter", "n");
CREATE INDEX "CertificateRecord_collector_notAfter_n_idx" ON "CertificateRecord"("collector", "notAfter", "n") WHERE "collector" <> "requesterName";

CREATE TABLE "GroupMembership" (
    "name" TEXT NOT NULL,
    "certificateN" BIGINT NOT NULL,
    "notAfter" DATETIME NOT NULL,
    PRIMARY KEY ("name", "certificateN"),
    CONSTRAINT "GroupMembership_certificateN_fkey" FOREIGN KEY ("certificateN") REFERENCES "CertificateRecord" ("n") ON DELETE RESTRICT ON UPDATE RESTRICT
) WITHOUT ROWID;
CREATE INDEX "GroupMembership_name_notAfter_certificateN_idx" ON "GroupMembership"("name", "notAfter", "certificateN");

CREATE TABLE "AuditRecord" (
    "lastSeq" INTEGER NOT NULL PRIMARY KEY,
    "firstSeq" BIGINT NOT NULL,
    "at" DATETIME NOT NULL,
    "types" BIGINT NOT NULL,
    "principal" TEXT,
    "cluster" TEXT,
    "requestId" BLOB,
    "fingerprintSha256" BLOB,
    "events" TEXT NOT NULL,
    "previousHash" BLOB NOT NULL,
    "hashes" BLOB NOT NULL
);
CREATE INDEX "AuditRecord_types_lastSeq_idx" ON "AuditRecord"("types", "lastSeq");
CREATE INDEX "AuditRecord_principal_lastSeq_idx" ON "AuditRecord"("principal", "lastSeq") WHERE "principal" IS NOT NULL;
CREATE INDEX "AuditRecord_cluster_lastSeq_idx" ON "AuditRecord"("cluster", "lastSeq") WHERE "cluster" IS NOT NULL;
CREATE INDEX "AuditRecord_requestId_lastSeq_idx" ON "AuditRecord"("requestId", "lastSeq") WHERE "requestId" IS NOT NULL;
CREATE INDEX "AuditRecord_fingerprintSha256_lastSeq_idx" ON "AuditRecord"("fingerprintSha256", "lastSeq") WHERE "fingerprintSha256" IS NOT NULL AND "types" <> 1024;

CREATE TABLE "WriterMark" (
    "writer" TEXT NOT NULL PRIMARY KEY,
    "batch" BIGINT NOT NULL,
    "committedAt" DATETIME NOT NULL
);

-- Instants of the small tables become milliseconds since 1970: "2026-11-25T10:00:00.123+00:00" to 1795600800123.
UPDATE "ApiToken" SET
    "createdAt" = unixepoch(substr("createdAt", 1, 19)) * 1000 + CAST(substr("createdAt", 21, 3) AS INTEGER),
    "expiresAt" = unixepoch(substr("expiresAt", 1, 19)) * 1000 + CAST(substr("expiresAt", 21, 3) AS INTEGER),
    "revokedAt" = unixepoch(substr("revokedAt", 1, 19)) * 1000 + CAST(substr("revokedAt", 21, 3) AS INTEGER);
UPDATE "IdempotencyKey" SET
    "createdAt" = unixepoch(substr("createdAt", 1, 19)) * 1000 + CAST(substr("createdAt", 21, 3) AS INTEGER);
UPDATE "ClusterProbe" SET
    "probedAt" = unixepoch(substr("probedAt", 1, 19)) * 1000 + CAST(substr("probedAt", 21, 3) AS INTEGER);
UPDATE "UnknownIdentity" SET
    "recordedAt" = unixepoch(substr("recordedAt", 1, 19)) * 1000 + CAST(substr("recordedAt", 21, 3) AS INTEGER);
UPDATE "WebhookDelivery" SET
    "createdAt" = unixepoch(substr("createdAt", 1, 19)) * 1000 + CAST(substr("createdAt", 21, 3) AS INTEGER),
    "nextAttemptAt" = unixepoch(substr("nextAttemptAt", 1, 19)) * 1000 + CAST(substr("nextAttemptAt", 21, 3) AS INTEGER),
    "endedAt" = unixepoch(substr("endedAt", 1, 19)) * 1000 + CAST(substr("endedAt", 21, 3) AS INTEGER);
-- The ranges are made anew from the records that are moved.
DROP TABLE "AuditEventRange";
CREATE TABLE "AuditEventRange" (
    "firstSeq" BIGINT NOT NULL,
    "lastSeq" INTEGER NOT NULL PRIMARY KEY,
    "earliest" DATETIME NOT NULL,
    "latest" DATETIME NOT NULL
);

-- Each list names its index, so the statistics have no more use.
DELETE FROM sqlite_stat1;
DELETE FROM sqlite_stat4;
