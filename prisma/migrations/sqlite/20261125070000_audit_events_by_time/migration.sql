-- Between which instants each full thousand of audit events lies: a list by time begins and ends there.
CREATE TABLE "AuditEventRange" (
    "firstSeq" BIGINT NOT NULL,
    "lastSeq" BIGINT NOT NULL PRIMARY KEY,
    "earliest" DATETIME NOT NULL,
    "latest" DATETIME NOT NULL
);
INSERT INTO "AuditEventRange" ("firstSeq", "lastSeq", "earliest", "latest")
    SELECT MIN("seq"), MAX("seq"), MIN("at"), MAX("at") FROM "AuditEvent"
    WHERE ("seq" - 1) / 1000 < (SELECT MAX("seq") / 1000 FROM "AuditEvent")
    GROUP BY ("seq" - 1) / 1000;

CREATE TRIGGER "AuditEvent_range" AFTER INSERT ON "AuditEvent" WHEN NEW."seq" % 1000 = 0
BEGIN
    INSERT INTO "AuditEventRange" ("firstSeq", "lastSeq", "earliest", "latest")
        SELECT MIN("seq"), MAX("seq"), MIN("at"), MAX("at") FROM "AuditEvent"
        WHERE "seq" BETWEEN NEW."seq" - 999 AND NEW."seq";
END;
CREATE TRIGGER "AuditEventRange_no_update" BEFORE UPDATE ON "AuditEventRange"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER "AuditEventRange_no_delete" BEFORE DELETE ON "AuditEventRange"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- REPLACE removes a row without firing a delete trigger.
CREATE TRIGGER "AuditEventRange_no_replace" BEFORE INSERT ON "AuditEventRange"
WHEN EXISTS (SELECT 1 FROM "AuditEventRange" WHERE "lastSeq" = NEW."lastSeq" OR "rowid" = NEW."rowid")
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
