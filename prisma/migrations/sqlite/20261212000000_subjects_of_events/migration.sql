-- serves: 20261210000000_sessions_of_tokens
-- The usernames that each record of the audit log is about: that of its request; without a request, those in the details. Triggers
-- keep the table, so records of an older version that serves this schema are in it, too.
CREATE TABLE "AuditSubject" (
    "username" TEXT NOT NULL,
    "lastSeq" BIGINT NOT NULL,
    PRIMARY KEY ("username", "lastSeq")
) WITHOUT ROWID;

-- No name is longer than that of a principal. A damaged line has no names.
CREATE VIEW "SubjectOfRecord" AS
SELECT a."lastSeq", r."username" FROM "AuditRecord" AS a JOIN "RequestRecord" AS r ON r."id" = a."requestId"
UNION ALL
SELECT a."lastSeq", e."atom" AS "username"
FROM "AuditRecord" AS a, json_tree(CASE WHEN json_valid('[' || replace(a."events", char(10), ',') || ']')
    THEN '[' || replace(a."events", char(10), ',') || ']' ELSE '[]' END) AS e
WHERE a."requestId" IS NULL AND e."type" = 'text' AND length(e."atom") BETWEEN 1 AND 253
    AND (e."fullkey" GLOB '$[[]*[]].details.username' OR e."path" GLOB '$[[]*[]].details.added' OR e."path" GLOB '$[[]*[]].details.removed');

INSERT INTO "AuditSubject" ("username", "lastSeq") SELECT "username", "lastSeq" FROM "SubjectOfRecord" WHERE true
ON CONFLICT DO NOTHING;

CREATE TRIGGER "AuditRecord_subject" AFTER INSERT ON "AuditRecord"
BEGIN
    INSERT INTO "AuditSubject" ("username", "lastSeq")
        SELECT "username", "lastSeq" FROM "SubjectOfRecord" WHERE "lastSeq" = NEW."lastSeq"
        ON CONFLICT DO NOTHING;
END;

-- The names go with their record: all of them are among its texts.
CREATE TRIGGER "AuditRecord_no_subject" AFTER DELETE ON "AuditRecord"
BEGIN
    DELETE FROM "AuditSubject" WHERE "lastSeq" = OLD."lastSeq" AND "username" IN (
        SELECT "username" FROM "RequestRecord" WHERE "id" = OLD."requestId"
        UNION ALL
        SELECT "atom" FROM json_tree(CASE WHEN json_valid('[' || replace(OLD."events", char(10), ',') || ']')
            THEN '[' || replace(OLD."events", char(10), ',') || ']' ELSE '[]' END) WHERE "type" = 'text');
END;
CREATE TRIGGER "AuditSubject_no_update" BEFORE UPDATE ON "AuditSubject"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER "AuditSubject_no_delete" BEFORE DELETE ON "AuditSubject"
WHEN EXISTS (SELECT 1 FROM "AuditRecord" WHERE "lastSeq" = OLD."lastSeq")
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
