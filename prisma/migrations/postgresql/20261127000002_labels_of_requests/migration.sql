-- Labels of requests: JSON in the request's own row, and a row for each, by which lists find the requests.
ALTER TABLE "RequestRecord" ADD COLUMN "labels" TEXT COLLATE "C";

CREATE TABLE "RequestLabel" (
    "label" TEXT COLLATE "C" NOT NULL,
    "requestN" BIGINT NOT NULL,
    CONSTRAINT "RequestLabel_pkey" PRIMARY KEY ("label", "requestN"),
    CONSTRAINT "RequestLabel_requestN_fkey" FOREIGN KEY ("requestN") REFERENCES "RequestRecord" ("n") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- For people who open the database.
CREATE VIEW "CertificateRequestLabel" AS
SELECT
    encode(r."id", 'hex')::uuid::text AS "requestId",
    split_part(l."label", '=', 1) AS "key",
    substr(l."label", strpos(l."label", '=') + 1) AS "value"
FROM "RequestLabel" AS l JOIN "RequestRecord" AS r ON r."n" = l."requestN";
