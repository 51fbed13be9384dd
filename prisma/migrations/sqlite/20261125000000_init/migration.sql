CREATE TABLE "CertificateRequest" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "state" TEXT NOT NULL,
    "cluster" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "groups" JSONB NOT NULL,
    "keyAlgorithm" TEXT NOT NULL,
    "certificationRequest" BLOB,
    "publicKeyAlgorithm" TEXT,
    "spkiSha256" TEXT,
    "expirationSeconds" INTEGER NOT NULL,
    "namespace" TEXT,
    "reason" TEXT,
    "requesterName" TEXT NOT NULL,
    "requesterGroups" JSONB NOT NULL,
    "requesterRoles" JSONB NOT NULL,
    "collector" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "expiresAt" DATETIME,
    "decision" JSONB NOT NULL,
    "approvals" JSONB NOT NULL,
    "attemptNumber" INTEGER,
    "attemptOwner" TEXT,
    "attemptLeaseUntil" DATETIME,
    "attemptStartedAt" DATETIME,
    "attemptSpkiSha256" TEXT,
    "attemptIntent" JSONB,
    "fingerprintSha256" TEXT,
    "failureReason" TEXT,
    "failureMessage" TEXT
);
CREATE INDEX "CertificateRequest_state_id_idx" ON "CertificateRequest"("state", "id");
CREATE INDEX "CertificateRequest_state_expiresAt_idx" ON "CertificateRequest"("state", "expiresAt");
CREATE INDEX "CertificateRequest_cluster_id_idx" ON "CertificateRequest"("cluster", "id");
CREATE INDEX "CertificateRequest_username_id_idx" ON "CertificateRequest"("username", "id");
CREATE INDEX "CertificateRequest_requesterName_id_idx" ON "CertificateRequest"("requesterName", "id");
CREATE INDEX "CertificateRequest_collector_id_idx" ON "CertificateRequest"("collector", "id");

CREATE TABLE "Certificate" (
    "fingerprintSha256" TEXT NOT NULL PRIMARY KEY,
    "serialNumber" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "issuerIdentity" TEXT NOT NULL,
    "issuerFingerprintSha256" TEXT,
    "username" TEXT NOT NULL,
    "groups" JSONB NOT NULL,
    "notBefore" DATETIME NOT NULL,
    "notAfter" DATETIME NOT NULL,
    "publicKeyAlgorithm" TEXT NOT NULL,
    "spkiSha256" TEXT NOT NULL,
    "cluster" TEXT NOT NULL,
    "requestId" TEXT NOT NULL,
    "requesterName" TEXT NOT NULL,
    "collector" TEXT NOT NULL,
    "der" BLOB NOT NULL,
    "orphan" BOOLEAN NOT NULL,
    "issuedAt" DATETIME NOT NULL,
    CONSTRAINT "Certificate_requestId_fkey" FOREIGN KEY ("requestId") REFERENCES "CertificateRequest" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "Certificate_issuerIdentity_serialNumber_key" ON "Certificate"("issuerIdentity", "serialNumber");
CREATE INDEX "Certificate_issuedAt_fingerprintSha256_idx" ON "Certificate"("issuedAt", "fingerprintSha256");
CREATE INDEX "Certificate_notAfter_fingerprintSha256_idx" ON "Certificate"("notAfter", "fingerprintSha256");
CREATE INDEX "Certificate_cluster_issuedAt_fingerprintSha256_idx" ON "Certificate"("cluster", "issuedAt", "fingerprintSha256");
CREATE INDEX "Certificate_username_issuedAt_fingerprintSha256_idx" ON "Certificate"("username", "issuedAt", "fingerprintSha256");
CREATE INDEX "Certificate_requesterName_issuedAt_fingerprintSha256_idx" ON "Certificate"("requesterName", "issuedAt", "fingerprintSha256");
CREATE INDEX "Certificate_collector_issuedAt_fingerprintSha256_idx" ON "Certificate"("collector", "issuedAt", "fingerprintSha256");
CREATE INDEX "Certificate_serialNumber_idx" ON "Certificate"("serialNumber");
CREATE INDEX "Certificate_requestId_idx" ON "Certificate"("requestId");

CREATE TABLE "CertificateGroup" (
    "name" TEXT NOT NULL,
    "issuedAt" DATETIME NOT NULL,
    "fingerprintSha256" TEXT NOT NULL,
    PRIMARY KEY ("name", "issuedAt", "fingerprintSha256"),
    CONSTRAINT "CertificateGroup_fingerprintSha256_fkey" FOREIGN KEY ("fingerprintSha256") REFERENCES "Certificate" ("fingerprintSha256") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "CertificateGroup_fingerprintSha256_name_idx" ON "CertificateGroup"("fingerprintSha256", "name");

CREATE TABLE "AuditEvent" (
    "seq" BIGINT NOT NULL PRIMARY KEY,
    "at" DATETIME NOT NULL,
    "type" TEXT NOT NULL,
    "principal" TEXT,
    "cluster" TEXT,
    "requestId" TEXT,
    "fingerprintSha256" TEXT,
    "canonical" TEXT NOT NULL,
    "previousHash" TEXT NOT NULL,
    "hash" TEXT NOT NULL
);
CREATE INDEX "AuditEvent_type_seq_idx" ON "AuditEvent"("type", "seq");
CREATE INDEX "AuditEvent_principal_seq_idx" ON "AuditEvent"("principal", "seq");
CREATE INDEX "AuditEvent_cluster_seq_idx" ON "AuditEvent"("cluster", "seq");
CREATE INDEX "AuditEvent_requestId_seq_idx" ON "AuditEvent"("requestId", "seq");
CREATE INDEX "AuditEvent_fingerprintSha256_seq_idx" ON "AuditEvent"("fingerprintSha256", "seq");

-- The audit log is append-only: nothing in it is changed or removed, and what is added follows what is there.
CREATE TRIGGER "AuditEvent_no_update" BEFORE UPDATE ON "AuditEvent"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER "AuditEvent_no_delete" BEFORE DELETE ON "AuditEvent"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- REPLACE removes a row without firing a delete trigger, also by rowid; here it never gets that far.
CREATE TRIGGER "AuditEvent_no_gap" BEFORE INSERT ON "AuditEvent"
WHEN NEW."seq" <> (SELECT COALESCE(MAX("seq"), 0) + 1 FROM "AuditEvent")
    OR NEW."previousHash" <> COALESCE((SELECT "hash" FROM "AuditEvent" WHERE "seq" = NEW."seq" - 1),
        '0000000000000000000000000000000000000000000000000000000000000000')
    OR EXISTS (SELECT 1 FROM "AuditEvent" WHERE "rowid" = NEW."rowid")
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TABLE "ApiToken" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "secretSha256" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "groups" JSONB NOT NULL,
    "roles" JSONB NOT NULL,
    "createdBy" JSONB NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "expiresAt" DATETIME NOT NULL,
    "revokedAt" DATETIME
);
CREATE UNIQUE INDEX "ApiToken_secretSha256_key" ON "ApiToken"("secretSha256");
CREATE INDEX "ApiToken_createdAt_id_idx" ON "ApiToken"("createdAt", "id");

CREATE TABLE "IdempotencyKey" (
    "principal" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "bodySha256" TEXT NOT NULL,
    "requestId" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "answerStatus" INTEGER,
    "answerHeaders" JSONB,
    "answerBody" TEXT,
    PRIMARY KEY ("principal", "method", "path", "key")
);
CREATE INDEX "IdempotencyKey_createdAt_idx" ON "IdempotencyKey"("createdAt");

CREATE TABLE "PolicySet" (
    "digest" TEXT NOT NULL PRIMARY KEY,
    "texts" JSONB NOT NULL
);

CREATE TABLE "CertificateAuthorityPin" (
    "cluster" TEXT NOT NULL PRIMARY KEY,
    "spkiSha256" TEXT NOT NULL
);
