-- Quotas count valid certificates by username, requester and group. What counts for a group stands beside its name, so
-- that counting reads one index; the table is made anew because the columns have no default.
CREATE TABLE "new_CertificateGroup" (
    "name" TEXT NOT NULL,
    "issuedAt" DATETIME NOT NULL,
    "fingerprintSha256" TEXT NOT NULL,
    "cluster" TEXT NOT NULL,
    "notAfter" DATETIME NOT NULL,
    PRIMARY KEY ("name", "issuedAt", "fingerprintSha256"),
    CONSTRAINT "CertificateGroup_fingerprintSha256_fkey" FOREIGN KEY ("fingerprintSha256") REFERENCES "Certificate" ("fingerprintSha256") ON DELETE RESTRICT ON UPDATE RESTRICT
);
INSERT INTO "new_CertificateGroup" ("name", "issuedAt", "fingerprintSha256", "cluster", "notAfter")
    SELECT "g"."name", "g"."issuedAt", "g"."fingerprintSha256", "c"."cluster", "c"."notAfter"
    FROM "CertificateGroup" AS "g" JOIN "Certificate" AS "c" ON "c"."fingerprintSha256" = "g"."fingerprintSha256";
DROP TABLE "CertificateGroup";
ALTER TABLE "new_CertificateGroup" RENAME TO "CertificateGroup";
CREATE INDEX "CertificateGroup_fingerprintSha256_name_idx" ON "CertificateGroup"("fingerprintSha256", "name");
CREATE INDEX "CertificateGroup_cluster_name_notAfter_idx" ON "CertificateGroup"("cluster", "name", "notAfter");

CREATE INDEX "Certificate_cluster_username_notAfter_idx" ON "Certificate"("cluster", "username", "notAfter");
CREATE INDEX "Certificate_cluster_requesterName_notAfter_idx" ON "Certificate"("cluster", "requesterName", "notAfter");
