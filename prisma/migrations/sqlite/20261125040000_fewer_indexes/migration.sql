-- Each index is work for every certificate that is issued. A serial number is found on the index that keeps it unique;
-- nothing asks for the certificates of a request, or for the rows that have nothing in one of these columns.
DROP INDEX "Certificate_issuerIdentity_serialNumber_key";
DROP INDEX "Certificate_serialNumber_idx";
DROP INDEX "Certificate_requestId_idx";
CREATE UNIQUE INDEX "Certificate_serialNumber_issuerIdentity_key" ON "Certificate"("serialNumber", "issuerIdentity");

DROP INDEX "CertificateRequest_state_expiresAt_idx";
CREATE INDEX "CertificateRequest_state_expiresAt_idx" ON "CertificateRequest"("state", "expiresAt") WHERE "expiresAt" IS NOT NULL;

DROP INDEX "AuditEvent_principal_seq_idx";
CREATE INDEX "AuditEvent_principal_seq_idx" ON "AuditEvent"("principal", "seq") WHERE "principal" IS NOT NULL;
DROP INDEX "AuditEvent_fingerprintSha256_seq_idx";
CREATE INDEX "AuditEvent_fingerprintSha256_seq_idx" ON "AuditEvent"("fingerprintSha256", "seq") WHERE "fingerprintSha256" IS NOT NULL;
