CREATE TABLE "ClusterProbe" (
    "cluster" TEXT NOT NULL PRIMARY KEY,
    "probedAt" DATETIME NOT NULL,
    "result" JSONB NOT NULL
);

CREATE TABLE "UnknownIdentity" (
    "cluster" TEXT NOT NULL,
    "fingerprintSha256" TEXT NOT NULL,
    "objectUid" TEXT NOT NULL,
    "recordedAt" DATETIME NOT NULL,
    PRIMARY KEY ("cluster", "fingerprintSha256")
);

-- Whose key it is that a cluster's CertificateSigningRequest holds.
CREATE INDEX "CertificateRequest_cluster_attemptSpkiSha256_idx" ON "CertificateRequest"("cluster", "attemptSpkiSha256");
