-- Several CAs of a cluster, each with a state. Exactly one of them is active.
CREATE TABLE "ClusterIssuer" (
    "cluster" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "since" TIMESTAMP(3) NOT NULL,
    "spkiSha256" TEXT COLLATE "C" NOT NULL,
    "fingerprints" JSONB NOT NULL,
    "probe" JSONB,
    CONSTRAINT "ClusterIssuer_pkey" PRIMARY KEY ("cluster", "name")
);
CREATE UNIQUE INDEX "ClusterIssuer_cluster_key" ON "ClusterIssuer"("cluster") WHERE "state" = 'active';

-- A pinned CA becomes the issuer `default`. It is active since it was pinned; where the log has that event no more, since its
-- first certificate that the database knows. Its certificates are those of the CAs that signed for the cluster.
INSERT INTO "ClusterIssuer" ("cluster", "name", "state", "since", "spkiSha256", "fingerprints")
SELECT p."cluster", 'default', 'active',
    COALESCE(
        (SELECT MIN(a."at") FROM "AuditRecord" AS a WHERE a."types" = 131072 AND a."cluster" = p."cluster"),
        (SELECT c."issuedAt" FROM "CertificateRecord" AS c WHERE c."cluster" = p."cluster" ORDER BY c."n" LIMIT 1),
        date_trunc('milliseconds', now() AT TIME ZONE 'UTC')),
    p."spkiSha256",
    (SELECT COALESCE(jsonb_agg(encode(s."fingerprintSha256", 'hex') ORDER BY s."firstN"), '[]') FROM (
        SELECT i."fingerprintSha256", MIN(c."n") AS "firstN"
        FROM "CertificateRecord" AS c JOIN "Issuer" AS i ON i."sha256" = c."issuerSha256"
        WHERE c."cluster" = p."cluster" AND i."fingerprintSha256" IS NOT NULL GROUP BY i."fingerprintSha256") AS s)
FROM "CertificateAuthorityPin" AS p;
DROP TABLE "CertificateAuthorityPin";
