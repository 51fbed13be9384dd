-- How many certificates of a CA end within the same ten minutes on a cluster, and how many of these are revoked. So the live ones
-- of an issuer are counted, and listed, without an entry in an index for each of them.
CREATE TABLE "IssuerTally" (
    "issuerSha256" BLOB NOT NULL,
    "cluster" TEXT NOT NULL,
    "notAfter" DATETIME NOT NULL,
    "certificates" INTEGER NOT NULL,
    "revoked" INTEGER NOT NULL,
    PRIMARY KEY ("issuerSha256", "cluster", "notAfter")
) WITHOUT ROWID;
INSERT INTO "IssuerTally" ("issuerSha256", "cluster", "notAfter", "certificates", "revoked")
SELECT c."issuerSha256", c."cluster", c."notAfter" - c."notAfter" % 600000, COUNT(*), COUNT(v."certificateN")
FROM "CertificateRecord" AS c LEFT JOIN "Revocation" AS v ON v."certificateN" = c."n"
GROUP BY c."issuerSha256", c."cluster", c."notAfter" - c."notAfter" % 600000;
CREATE TRIGGER "CertificateRecord_tally" AFTER INSERT ON "CertificateRecord" BEGIN
    INSERT INTO "IssuerTally" ("issuerSha256", "cluster", "notAfter", "certificates", "revoked")
        VALUES (NEW."issuerSha256", NEW."cluster", NEW."notAfter" - NEW."notAfter" % 600000, 1, 0)
        ON CONFLICT ("issuerSha256", "cluster", "notAfter") DO UPDATE SET "certificates" = "certificates" + 1;
END;
CREATE TRIGGER "Revocation_tally" AFTER INSERT ON "Revocation" WHEN NEW."certificateN" IS NOT NULL BEGIN
    UPDATE "IssuerTally" SET "revoked" = "revoked" + 1
        WHERE ("issuerSha256", "cluster", "notAfter") = (SELECT c."issuerSha256", c."cluster", c."notAfter" - c."notAfter" % 600000
            FROM "CertificateRecord" AS c WHERE c."n" = NEW."certificateN");
END;
