-- Texts are compared as octets, as SQLite does it: their order is the same whatever locale the database was made with,
-- and no index depends on the collations of an operating system that is upgraded.
CREATE TABLE "CertificateRequest" (
    "id" TEXT COLLATE "C" NOT NULL CONSTRAINT "CertificateRequest_pkey" PRIMARY KEY,
    "state" TEXT COLLATE "C" NOT NULL,
    "cluster" TEXT COLLATE "C" NOT NULL,
    "username" TEXT COLLATE "C" NOT NULL,
    "groups" JSONB NOT NULL,
    "keyAlgorithm" TEXT COLLATE "C" NOT NULL,
    "certificationRequest" BYTEA,
    "publicKeyAlgorithm" TEXT COLLATE "C",
    "spkiSha256" TEXT COLLATE "C",
    "expirationSeconds" INTEGER NOT NULL,
    "namespace" TEXT COLLATE "C",
    "reason" TEXT COLLATE "C",
    "requesterName" TEXT COLLATE "C" NOT NULL,
    "requesterGroups" JSONB NOT NULL,
    "requesterRoles" JSONB NOT NULL,
    "collector" TEXT COLLATE "C" NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "expiresAt" TIMESTAMP(3),
    "decision" JSONB NOT NULL,
    "approvals" JSONB NOT NULL,
    "attemptNumber" INTEGER,
    "attemptOwner" TEXT COLLATE "C",
    "attemptLeaseUntil" TIMESTAMP(3),
    "attemptStartedAt" TIMESTAMP(3),
    "attemptSpkiSha256" TEXT COLLATE "C",
    "attemptIntent" JSONB,
    "fingerprintSha256" TEXT COLLATE "C",
    "failureReason" TEXT COLLATE "C",
    "failureMessage" TEXT COLLATE "C"
);
CREATE INDEX "CertificateRequest_state_id_idx" ON "CertificateRequest"("state", "id");
CREATE INDEX "CertificateRequest_state_expiresAt_idx" ON "CertificateRequest"("state", "expiresAt");
CREATE INDEX "CertificateRequest_cluster_id_idx" ON "CertificateRequest"("cluster", "id");
CREATE INDEX "CertificateRequest_username_id_idx" ON "CertificateRequest"("username", "id");
CREATE INDEX "CertificateRequest_requesterName_id_idx" ON "CertificateRequest"("requesterName", "id");
CREATE INDEX "CertificateRequest_collector_id_idx" ON "CertificateRequest"("collector", "id");

CREATE TABLE "Certificate" (
    "fingerprintSha256" TEXT COLLATE "C" NOT NULL CONSTRAINT "Certificate_pkey" PRIMARY KEY,
    "serialNumber" TEXT COLLATE "C" NOT NULL,
    "subject" TEXT COLLATE "C" NOT NULL,
    "issuer" TEXT COLLATE "C" NOT NULL,
    "issuerIdentity" TEXT COLLATE "C" NOT NULL,
    "issuerFingerprintSha256" TEXT COLLATE "C",
    "username" TEXT COLLATE "C" NOT NULL,
    "groups" JSONB NOT NULL,
    "notBefore" TIMESTAMP(3) NOT NULL,
    "notAfter" TIMESTAMP(3) NOT NULL,
    "publicKeyAlgorithm" TEXT COLLATE "C" NOT NULL,
    "spkiSha256" TEXT COLLATE "C" NOT NULL,
    "cluster" TEXT COLLATE "C" NOT NULL,
    "requestId" TEXT COLLATE "C" NOT NULL,
    "requesterName" TEXT COLLATE "C" NOT NULL,
    "collector" TEXT COLLATE "C" NOT NULL,
    "der" BYTEA NOT NULL,
    "orphan" BOOLEAN NOT NULL,
    "issuedAt" TIMESTAMP(3) NOT NULL,
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
CREATE INDEX "Certificate_cluster_username_notAfter_idx" ON "Certificate"("cluster", "username", "notAfter");
CREATE INDEX "Certificate_cluster_requesterName_notAfter_idx" ON "Certificate"("cluster", "requesterName", "notAfter");

CREATE TABLE "CertificateGroup" (
    "name" TEXT COLLATE "C" NOT NULL,
    "issuedAt" TIMESTAMP(3) NOT NULL,
    "fingerprintSha256" TEXT COLLATE "C" NOT NULL,
    "cluster" TEXT COLLATE "C" NOT NULL,
    "notAfter" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "CertificateGroup_pkey" PRIMARY KEY ("name", "issuedAt", "fingerprintSha256"),
    CONSTRAINT "CertificateGroup_fingerprintSha256_fkey" FOREIGN KEY ("fingerprintSha256") REFERENCES "Certificate" ("fingerprintSha256") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "CertificateGroup_fingerprintSha256_name_idx" ON "CertificateGroup"("fingerprintSha256", "name");
CREATE INDEX "CertificateGroup_cluster_name_notAfter_idx" ON "CertificateGroup"("cluster", "name", "notAfter");

CREATE TABLE "AuditEvent" (
    "seq" BIGINT NOT NULL CONSTRAINT "AuditEvent_pkey" PRIMARY KEY,
    "at" TIMESTAMP(3) NOT NULL,
    "type" TEXT COLLATE "C" NOT NULL,
    "principal" TEXT COLLATE "C",
    "cluster" TEXT COLLATE "C",
    "requestId" TEXT COLLATE "C",
    "fingerprintSha256" TEXT COLLATE "C",
    "canonical" TEXT COLLATE "C" NOT NULL,
    "previousHash" TEXT COLLATE "C" NOT NULL,
    "hash" TEXT COLLATE "C" NOT NULL
);
CREATE INDEX "AuditEvent_type_seq_idx" ON "AuditEvent"("type", "seq");
CREATE INDEX "AuditEvent_principal_seq_idx" ON "AuditEvent"("principal", "seq");
CREATE INDEX "AuditEvent_cluster_seq_idx" ON "AuditEvent"("cluster", "seq");
CREATE INDEX "AuditEvent_requestId_seq_idx" ON "AuditEvent"("requestId", "seq");
CREATE INDEX "AuditEvent_fingerprintSha256_seq_idx" ON "AuditEvent"("fingerprintSha256", "seq");

-- The audit log is append-only: nothing in it is changed or removed, and what is added follows what is there.
CREATE FUNCTION "AuditEvent_refuse"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
CREATE TRIGGER "AuditEvent_no_change" BEFORE UPDATE OR DELETE OR TRUNCATE ON "AuditEvent"
    FOR EACH STATEMENT EXECUTE FUNCTION "AuditEvent_refuse"();
-- VOLATILE, so that of several rows of one statement each sees those before it.
CREATE FUNCTION "AuditEvent_follow"() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    last record;
BEGIN
    -- With its schema: a temporary table of that name must not stand in for it.
    SELECT "seq", "hash" INTO last FROM public."AuditEvent" ORDER BY "seq" DESC LIMIT 1;
    IF NEW."seq" <> COALESCE(last."seq", 0) + 1
        OR NEW."previousHash" <> COALESCE(last."hash", repeat('0', 64)) THEN
        RAISE EXCEPTION 'the audit log is append-only';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "AuditEvent_no_gap" BEFORE INSERT ON "AuditEvent"
    FOR EACH ROW EXECUTE FUNCTION "AuditEvent_follow"();

CREATE TABLE "ApiToken" (
    "id" TEXT COLLATE "C" NOT NULL CONSTRAINT "ApiToken_pkey" PRIMARY KEY,
    "secretSha256" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "groups" JSONB NOT NULL,
    "roles" JSONB NOT NULL,
    "createdBy" JSONB NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "revokedAt" TIMESTAMP(3)
);
CREATE UNIQUE INDEX "ApiToken_secretSha256_key" ON "ApiToken"("secretSha256");
CREATE INDEX "ApiToken_createdAt_id_idx" ON "ApiToken"("createdAt", "id");

CREATE TABLE "IdempotencyKey" (
    "principal" TEXT COLLATE "C" NOT NULL,
    "method" TEXT COLLATE "C" NOT NULL,
    "path" TEXT COLLATE "C" NOT NULL,
    "key" TEXT COLLATE "C" NOT NULL,
    "bodySha256" TEXT COLLATE "C" NOT NULL,
    "requestId" TEXT COLLATE "C" NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "answerStatus" INTEGER,
    "answerHeaders" JSONB,
    "answerBody" TEXT COLLATE "C",
    CONSTRAINT "IdempotencyKey_pkey" PRIMARY KEY ("principal", "method", "path", "key")
);
CREATE INDEX "IdempotencyKey_createdAt_idx" ON "IdempotencyKey"("createdAt");

CREATE TABLE "PolicySet" (
    "digest" TEXT COLLATE "C" NOT NULL CONSTRAINT "PolicySet_pkey" PRIMARY KEY,
    "texts" JSONB NOT NULL
);

CREATE TABLE "CertificateAuthorityPin" (
    "cluster" TEXT COLLATE "C" NOT NULL CONSTRAINT "CertificateAuthorityPin_pkey" PRIMARY KEY,
    "spkiSha256" TEXT COLLATE "C" NOT NULL
);

CREATE TABLE "ClusterProbe" (
    "cluster" TEXT COLLATE "C" NOT NULL CONSTRAINT "ClusterProbe_pkey" PRIMARY KEY,
    "probedAt" TIMESTAMP(3) NOT NULL,
    "result" JSONB NOT NULL
);

CREATE TABLE "UnknownIdentity" (
    "cluster" TEXT COLLATE "C" NOT NULL,
    "fingerprintSha256" TEXT COLLATE "C" NOT NULL,
    "objectUid" TEXT COLLATE "C" NOT NULL,
    "recordedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "UnknownIdentity_pkey" PRIMARY KEY ("cluster", "fingerprintSha256")
);

-- Whose key it is that a cluster's CertificateSigningRequest holds.
CREATE INDEX "CertificateRequest_cluster_attemptSpkiSha256_idx" ON "CertificateRequest"("cluster", "attemptSpkiSha256");
