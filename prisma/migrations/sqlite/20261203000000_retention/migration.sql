-- Retention: events that a verified archive has may leave the database, and no others.
CREATE TABLE "AuditArchive" (
    "lastSeq" INTEGER NOT NULL PRIMARY KEY,
    "firstSeq" BIGINT NOT NULL,
    "file" TEXT NOT NULL,
    "sha256" BLOB NOT NULL,
    "lastHash" BLOB NOT NULL,
    "archivedAt" DATETIME NOT NULL
);
CREATE TABLE "TimelineRecord" (
    "requestId" BLOB NOT NULL,
    "lastSeq" BIGINT NOT NULL,
    "at" DATETIME NOT NULL,
    "entries" TEXT NOT NULL,
    PRIMARY KEY ("requestId", "lastSeq")
) WITHOUT ROWID;

-- The log itself tells of an archive, and that event is what makes its row.
CREATE TRIGGER "AuditRecord_archive" AFTER INSERT ON "AuditRecord"
WHEN NEW."requestId" IS NULL AND NEW."principal" IS NULL AND NEW."firstSeq" = NEW."lastSeq"
    AND NEW."events" LIKE '%,"principal":null,"type":"AuditEventsArchived"}'
BEGIN
    INSERT INTO "AuditArchive" ("lastSeq", "firstSeq", "file", "sha256", "lastHash", "archivedAt")
        SELECT "e"."to", "e"."from", NEW."events" ->> '$.details.file', unhex(NEW."events" ->> '$.details.sha256'),
            (SELECT substr("r"."hashes", 32 * ("e"."to" - "r"."firstSeq") + 1, 32) FROM "AuditRecord" AS "r"
                WHERE "r"."lastSeq" >= "e"."to" ORDER BY "r"."lastSeq" LIMIT 1),
            NEW."at"
        FROM (SELECT NEW."events" ->> '$.details.from' AS "from", NEW."events" ->> '$.details.to' AS "to") AS "e";
END;

-- An archive follows the one before it without a gap, ends with a complete tile of the Merkle tree, and lies behind a signed
-- checkpoint. All its tiles are kept, and so is the end of the log. The last event of the log tells of it.
CREATE TRIGGER "AuditArchive_no_gap" BEFORE INSERT ON "AuditArchive"
WHEN NOT COALESCE(
    NEW."firstSeq" = (SELECT COALESCE(MAX("lastSeq"), 0) + 1 FROM "AuditArchive")
    AND NEW."lastSeq" >= NEW."firstSeq"
    AND NEW."lastSeq" % 256 = 0
    AND NEW."lastSeq" < (SELECT MAX("lastSeq") FROM "AuditRecord")
    AND NEW."file" = printf('audit-%012d-%012d.ndjson', NEW."firstSeq", NEW."lastSeq")
    AND typeof(NEW."sha256") = 'blob' AND length(NEW."sha256") = 32
    AND EXISTS (SELECT 1 FROM "Checkpoint" WHERE "size" >= NEW."lastSeq")
    AND (SELECT COUNT(*) FROM "AuditTile" WHERE "level" = 0
            AND "n" BETWEEN (NEW."firstSeq" - 1) / 256 AND NEW."lastSeq" / 256 - 1)
        = (NEW."lastSeq" - NEW."firstSeq" + 1) / 256
    AND NEW."lastHash" = (SELECT substr("hashes", 32 * (NEW."lastSeq" - "firstSeq") + 1, 32) FROM "AuditRecord"
        WHERE "lastSeq" >= NEW."lastSeq" ORDER BY "lastSeq" LIMIT 1)
    AND (SELECT "firstSeq" = "lastSeq" AND "at" = NEW."archivedAt"
            AND "events" LIKE '%,"principal":null,"type":"AuditEventsArchived"}'
            AND json_valid("events")
            AND "events" ->> '$.details.from' = NEW."firstSeq"
            AND "events" ->> '$.details.to' = NEW."lastSeq"
            AND "events" ->> '$.details.file' = NEW."file"
            AND "events" ->> '$.details.sha256' = lower(hex(NEW."sha256"))
        FROM "AuditRecord" ORDER BY "lastSeq" DESC LIMIT 1), 0)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: this is no archive of it');
END;
CREATE TRIGGER "AuditArchive_no_update" BEFORE UPDATE ON "AuditArchive"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER "AuditArchive_no_delete" BEFORE DELETE ON "AuditArchive"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- A record may go once an archive has all its events, and once the timeline of its request is kept.
DROP TRIGGER "AuditRecord_no_delete";
CREATE TRIGGER "AuditRecord_no_delete" BEFORE DELETE ON "AuditRecord"
WHEN OLD."lastSeq" > (SELECT COALESCE(MAX("lastSeq"), 0) FROM "AuditArchive")
    OR (OLD."requestId" IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM "TimelineRecord" WHERE "requestId" = OLD."requestId" AND "lastSeq" = OLD."lastSeq"))
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- A timeline is kept of records that are archived and still here, once, and never changed. So REPLACE finds no row to remove.
CREATE TRIGGER "TimelineRecord_of_record" BEFORE INSERT ON "TimelineRecord"
WHEN NEW."lastSeq" > (SELECT COALESCE(MAX("lastSeq"), 0) FROM "AuditArchive")
    OR NOT EXISTS (SELECT 1 FROM "AuditRecord" WHERE "lastSeq" = NEW."lastSeq" AND "requestId" = NEW."requestId")
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: this is no timeline of it');
END;
CREATE TRIGGER "TimelineRecord_once" BEFORE INSERT ON "TimelineRecord"
WHEN EXISTS (SELECT 1 FROM "TimelineRecord" WHERE "requestId" = NEW."requestId" AND "lastSeq" = NEW."lastSeq")
BEGIN
    SELECT RAISE(IGNORE);
END;
CREATE TRIGGER "TimelineRecord_no_update" BEFORE UPDATE ON "TimelineRecord"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER "TimelineRecord_no_delete" BEFORE DELETE ON "TimelineRecord"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
