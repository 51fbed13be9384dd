-- Checkpoints: what the log was like at certain sizes, signed, and the hashes from which proofs are made.
CREATE TABLE "Instance" (
    "n" INTEGER NOT NULL PRIMARY KEY,
    "id" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL
);

CREATE TABLE "Checkpoint" (
    "size" INTEGER NOT NULL PRIMARY KEY,
    "root" BLOB NOT NULL,
    "note" TEXT NOT NULL,
    "signedAt" DATETIME NOT NULL
);
CREATE INDEX "Checkpoint_signedAt_idx" ON "Checkpoint"("signedAt");

CREATE TABLE "CheckpointKey" (
    "verifierKey" TEXT NOT NULL PRIMARY KEY,
    "addedAt" DATETIME NOT NULL,
    "retiredAt" DATETIME
);

CREATE TABLE "CheckpointLease" (
    "n" INTEGER NOT NULL PRIMARY KEY,
    "owner" TEXT NOT NULL,
    "leaseUntil" DATETIME NOT NULL
);

CREATE TABLE "AuditTile" (
    "level" BIGINT NOT NULL,
    "n" BIGINT NOT NULL,
    "hashes" BLOB NOT NULL,
    PRIMARY KEY ("level", "n")
) WITHOUT ROWID;
CREATE TRIGGER "AuditTile_no_update" BEFORE UPDATE ON "AuditTile" BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER "AuditTile_no_delete" BEFORE DELETE ON "AuditTile" BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- REPLACE deletes without the trigger above. The table has no rowid, by which another row could be replaced.
CREATE TRIGGER "AuditTile_no_replace" BEFORE INSERT ON "AuditTile"
    WHEN EXISTS (SELECT 1 FROM "AuditTile" WHERE "level" = NEW."level" AND "n" = NEW."n" AND "hashes" <> NEW."hashes") BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
