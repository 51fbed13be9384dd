-- The requests that each person approved or denied. Requests have approvals as JSON, and the audit log, which has denials, may
-- leave the database.
CREATE TABLE "RequestDecision" (
    "principal" TEXT NOT NULL,
    "requestN" BIGINT NOT NULL,
    "at" DATETIME NOT NULL,
    PRIMARY KEY ("principal", "requestN"),
    CONSTRAINT "RequestDecision_requestN_fkey" FOREIGN KEY ("requestN") REFERENCES "RequestRecord" ("n") ON DELETE RESTRICT ON UPDATE RESTRICT
) WITHOUT ROWID;
CREATE INDEX "RequestDecision_principal_at_requestN_idx" ON "RequestDecision" ("principal", "at", "requestN");

-- Approvals, then denials by people: those of a policy have other details, and no comment.
WITH "given" AS (
    SELECT json_extract(a."value", '$.principal') AS "principal", r."n",
        CAST(strftime('%s', json_extract(a."value", '$.at')) AS INTEGER) * 1000
            + CAST(substr(json_extract(a."value", '$.at'), 21, 3) AS INTEGER) AS "at"
    FROM "RequestRecord" AS r, json_each(CASE WHEN json_valid(r."approvals") THEN r."approvals" ELSE '[]' END) AS a
    WHERE r."approvals" <> '[]' AND a."type" = 'object'
)
INSERT INTO "RequestDecision" ("principal", "requestN", "at")
SELECT "principal", "n", MAX("at") FROM "given" WHERE typeof("principal") = 'text' AND "at" IS NOT NULL GROUP BY 1, 2;
INSERT INTO "RequestDecision" ("principal", "requestN", "at")
SELECT e."principal", r."n", e."at" FROM "AuditRecord" AS e JOIN "RequestRecord" AS r ON r."id" = e."requestId"
WHERE e."types" = 16 AND e."principal" IS NOT NULL AND e."events" LIKE '{"details":{"comment":%'
ON CONFLICT ("principal", "requestN") DO UPDATE SET "at" = excluded."at";
INSERT INTO "RequestDecision" ("principal", "requestN", "at")
SELECT json_extract(e."value", '$[1]'), r."n", t."at"
FROM "TimelineRecord" AS t JOIN "RequestRecord" AS r ON r."id" = t."requestId", json_each(t."entries") AS e
WHERE r."state" = 'denied' AND r."failureReason" IS NULL AND json_extract(e."value", '$[0]') = 'RequestDenied'
    AND json_extract(e."value", '$[1]') IS NOT NULL
ON CONFLICT ("principal", "requestN") DO UPDATE SET "at" = excluded."at";
