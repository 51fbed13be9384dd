-- Lists of what expires are read in that order by whoever they are about; quotas count along the same indexes.
DROP INDEX "Certificate_cluster_username_notAfter_idx";
DROP INDEX "Certificate_cluster_requesterName_notAfter_idx";
CREATE INDEX "Certificate_cluster_notAfter_fingerprintSha256_idx" ON "Certificate"("cluster", "notAfter", "fingerprintSha256");
CREATE INDEX "Certificate_username_notAfter_fingerprintSha256_idx" ON "Certificate"("username", "notAfter", "fingerprintSha256");
CREATE INDEX "Certificate_requesterName_notAfter_fingerprintSha256_idx" ON "Certificate"("requesterName", "notAfter", "fingerprintSha256");
CREATE INDEX "Certificate_collector_notAfter_fingerprintSha256_idx" ON "Certificate"("collector", "notAfter", "fingerprintSha256");

DROP INDEX "CertificateGroup_cluster_name_notAfter_idx";
CREATE INDEX "CertificateGroup_name_notAfter_fingerprintSha256_idx" ON "CertificateGroup"("name", "notAfter", "fingerprintSha256");
