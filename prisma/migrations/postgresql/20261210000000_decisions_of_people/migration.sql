-- The requests that each person approved or denied. Requests have approvals as JSON, and the audit log, which has denials, may
-- leave the database.
CREATE TABLE "RequestDecision" (
    "principal" TEXT COLLATE "C" NOT NULL,
    "requestN" BIGINT NOT NULL,
    "at" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "RequestDecision_pkey" PRIMARY KEY ("principal", "requestN"),
    CONSTRAINT "RequestDecision_requestN_fkey" FOREIGN KEY ("requestN") REFERENCES "RequestRecord" ("n") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "RequestDecision_principal_at_requestN_idx" ON "RequestDecision" ("principal", "at", "requestN");

-- Approvals, then denials by people: those of a policy have other details, and no comment.
INSERT INTO "RequestDecision" ("principal", "requestN", "at")
SELECT a ->> 'principal', r."n", MAX((a ->> 'at')::timestamptz AT TIME ZONE 'UTC')
FROM "RequestRecord" AS r
    CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(r."approvals") = 'array' THEN r."approvals" ELSE '[]' END) AS a
WHERE r."approvals" <> '[]' AND jsonb_typeof(a) = 'object' AND jsonb_typeof(a -> 'principal') = 'string'
    AND a ->> 'at' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$'
GROUP BY 1, 2;
INSERT INTO "RequestDecision" ("principal", "requestN", "at")
SELECT e."principal", r."n", MAX(e."at") FROM "AuditRecord" AS e JOIN "RequestRecord" AS r ON r."id" = e."requestId"
WHERE e."types" = 16 AND e."principal" IS NOT NULL AND e."events" LIKE '{"details":{"comment":%'
GROUP BY 1, 2
ON CONFLICT ("principal", "requestN") DO UPDATE SET "at" = EXCLUDED."at";
INSERT INTO "RequestDecision" ("principal", "requestN", "at")
SELECT e ->> 1, r."n", MAX(t."at")
FROM "TimelineRecord" AS t JOIN "RequestRecord" AS r ON r."id" = t."requestId"
    CROSS JOIN LATERAL jsonb_array_elements(t."entries"::jsonb) AS e
WHERE r."state" = 'denied' AND r."failureReason" IS NULL AND e ->> 0 = 'RequestDenied' AND e ->> 1 IS NOT NULL
GROUP BY 1, 2
ON CONFLICT ("principal", "requestN") DO UPDATE SET "at" = EXCLUDED."at";
