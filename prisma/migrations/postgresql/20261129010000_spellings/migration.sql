-- A blocked name is blocked in every spelling. This table leads to the spellings that requests use, and the index to the
-- revoked certificates of a username.
CREATE TABLE "NameSpelling" (
    "folded" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "NameSpelling_pkey" PRIMARY KEY ("folded", "name")
);

-- The database can only fold ASCII. For other names the form is left empty: whoever looks for a form reads these too.
INSERT INTO "NameSpelling" ("folded", "name")
SELECT CASE WHEN octet_length("name") = char_length("name") THEN lower("name" COLLATE "C") ELSE '' END, "name"
FROM (
    SELECT "username" AS "name" FROM "RequestRecord" WHERE "state" <> 'denied'
    UNION SELECT "requesterName" FROM "RequestRecord" WHERE "state" <> 'denied'
    UNION SELECT "collector" FROM "RequestRecord" WHERE "state" <> 'denied'
    UNION SELECT "username" FROM "CertificateRecord"
) AS "names"
WHERE NOT (octet_length("name") = char_length("name")) OR lower("name" COLLATE "C") <> "name";

CREATE INDEX "Revocation_username_notAfter_certificateN_idx" ON "Revocation"("username", "notAfter", "certificateN");
