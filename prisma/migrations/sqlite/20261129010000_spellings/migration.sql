-- A blocked name is blocked in every spelling. This table leads to the spellings that requests use, and the index to the
-- revoked certificates of a username.
CREATE TABLE "NameSpelling" (
    "folded" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    PRIMARY KEY ("folded", "name")
);

-- The database can only fold ASCII. For other names the form is left empty: whoever looks for a form reads these too.
INSERT INTO "NameSpelling" ("folded", "name")
SELECT CASE WHEN length(CAST("name" AS BLOB)) = length("name") THEN lower("name") ELSE '' END, "name"
FROM (
    SELECT "username" AS "name" FROM "RequestRecord" WHERE "state" <> 'denied'
    UNION SELECT "requesterName" FROM "RequestRecord" WHERE "state" <> 'denied'
    UNION SELECT "collector" FROM "RequestRecord" WHERE "state" <> 'denied'
    UNION SELECT "username" FROM "CertificateRecord"
) AS "names"
WHERE NOT (length(CAST("name" AS BLOB)) = length("name")) OR lower("name") <> "name";

CREATE INDEX "Revocation_username_notAfter_certificateN_idx" ON "Revocation"("username", "notAfter", "certificateN");
