-- Labels of requests: JSON in the request's own row, and a row for each, by which lists find the requests.
ALTER TABLE "RequestRecord" ADD COLUMN "labels" TEXT;

CREATE TABLE "RequestLabel" (
    "label" TEXT NOT NULL,
    "requestN" BIGINT NOT NULL,
    PRIMARY KEY ("label", "requestN"),
    CONSTRAINT "RequestLabel_requestN_fkey" FOREIGN KEY ("requestN") REFERENCES "RequestRecord" ("n") ON DELETE RESTRICT ON UPDATE RESTRICT
) WITHOUT ROWID;

-- For people who open the database.
CREATE VIEW "CertificateRequestLabel" AS
SELECT
    lower(hex(substr(r."id", 1, 4)) || '-' || hex(substr(r."id", 5, 2)) || '-' || hex(substr(r."id", 7, 2)) || '-'
        || hex(substr(r."id", 9, 2)) || '-' || hex(substr(r."id", 11))) AS "requestId",
    substr(l."label", 1, instr(l."label", '=') - 1) AS "key",
    substr(l."label", instr(l."label", '=') + 1) AS "value"
FROM "RequestLabel" AS l JOIN "RequestRecord" AS r ON r."n" = l."requestN";
