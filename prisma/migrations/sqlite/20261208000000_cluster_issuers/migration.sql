-- Several CAs of a cluster, each with a state. Exactly one of them is active.
CREATE TABLE "ClusterIssuer" (
    "cluster" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "since" DATETIME NOT NULL,
    "spkiSha256" TEXT NOT NULL,
    "fingerprints" JSONB NOT NULL,
    "probe" JSONB,
    PRIMARY KEY ("cluster", "name")
) WITHOUT ROWID;
CREATE UNIQUE INDEX "ClusterIssuer_cluster_key" ON "ClusterIssuer"("cluster") WHERE "state" = 'active';

-- A pinned CA becomes the issuer `default`. It is active since it was pinned; where the log has that event no more, since its
-- first certificate that the database knows. Its certificates are those of the CAs that signed for the cluster.
INSERT INTO "ClusterIssuer" ("cluster", "name", "state", "since", "spkiSha256", "fingerprints")
SELECT p."cluster", 'default', 'active',
    COALESCE(
        (SELECT MIN(a."at") FROM "AuditRecord" AS a WHERE a."types" = 131072 AND a."cluster" = p."cluster"),
        (SELECT c."issuedAt" FROM "CertificateRecord" AS c WHERE c."cluster" = p."cluster" ORDER BY c."n" LIMIT 1),
        unixepoch() * 1000),
    p."spkiSha256",
    (SELECT json_group_array(lower(hex(s."fingerprintSha256"))) FROM (
        SELECT i."fingerprintSha256"
        FROM "CertificateRecord" AS c JOIN "Issuer" AS i ON i."sha256" = c."issuerSha256"
        WHERE c."cluster" = p."cluster" AND i."fingerprintSha256" IS NOT NULL
        GROUP BY i."fingerprintSha256" ORDER BY MIN(c."n")) AS s)
FROM "CertificateAuthorityPin" AS p;
DROP TABLE "CertificateAuthorityPin";
