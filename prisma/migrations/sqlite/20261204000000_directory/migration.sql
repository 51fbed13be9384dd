-- The directory: people and groups of whom an identity provider tells over SCIM. A number that was given is never given
-- again. A user who was deleted stays, so that the name stays without access until it is given to somebody else.
CREATE TABLE "DirectoryUser" (
    "n" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL,
    "person" TEXT NOT NULL,
    "userName" TEXT NOT NULL,
    "nameKey" TEXT NOT NULL,
    "liveName" TEXT,
    "externalId" TEXT,
    "active" BOOLEAN NOT NULL,
    "displayName" TEXT,
    "displayKey" TEXT,
    "name" JSONB NOT NULL,
    "emails" JSONB NOT NULL,
    "principal" TEXT,
    "principalKey" TEXT,
    "version" INTEGER NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "changedAt" DATETIME NOT NULL,
    "deletedAt" DATETIME,
    "inactiveSince" DATETIME,
    "blockedAt" DATETIME,
    "predecessor" TEXT,
    "reusedSince" DATETIME,
    "succeededAt" DATETIME,
    "left" JSONB
);
CREATE UNIQUE INDEX "DirectoryUser_id_key" ON "DirectoryUser"("id");
CREATE UNIQUE INDEX "DirectoryUser_liveName_key" ON "DirectoryUser"("liveName");
-- Two people who are here never have one username.
CREATE UNIQUE INDEX "DirectoryUser_principalKey_key" ON "DirectoryUser"("principalKey") WHERE "active" AND "deletedAt" IS NULL;
CREATE INDEX "DirectoryUser_n_idx" ON "DirectoryUser"("n") WHERE "deletedAt" IS NULL;
CREATE INDEX "DirectoryUser_active_n_idx" ON "DirectoryUser"("active", "n") WHERE "deletedAt" IS NULL;
CREATE INDEX "DirectoryUser_nameKey_n_idx" ON "DirectoryUser"("nameKey", "n");
CREATE INDEX "DirectoryUser_externalId_n_idx" ON "DirectoryUser"("externalId", "n");
CREATE INDEX "DirectoryUser_displayKey_n_idx" ON "DirectoryUser"("displayKey", "n");
CREATE INDEX "DirectoryUser_principalKey_n_idx" ON "DirectoryUser"("principalKey", "n");
CREATE INDEX "DirectoryUser_reusedSince_n_idx" ON "DirectoryUser"("reusedSince", "n") WHERE "reusedSince" IS NOT NULL;

-- How many users are listed, and how many of these are active, by thousands of their numbers. So a list knows its length, and
-- finds a position, without reading the users before it.
CREATE TABLE "DirectoryCount" (
    "thousand" BIGINT NOT NULL PRIMARY KEY,
    "listed" INTEGER NOT NULL,
    "active" INTEGER NOT NULL
);
CREATE TRIGGER "DirectoryUser_count" AFTER INSERT ON "DirectoryUser" BEGIN
    INSERT INTO "DirectoryCount" ("thousand", "listed", "active")
        VALUES (NEW."n" / 1000, NEW."deletedAt" IS NULL, NEW."deletedAt" IS NULL AND NEW."active")
        ON CONFLICT ("thousand") DO UPDATE
        SET "listed" = "listed" + excluded."listed", "active" = "active" + excluded."active";
END;
CREATE TRIGGER "DirectoryUser_recount" AFTER UPDATE OF "deletedAt", "active" ON "DirectoryUser"
WHEN NEW."active" <> OLD."active" OR (NEW."deletedAt" IS NULL) <> (OLD."deletedAt" IS NULL) BEGIN
    UPDATE "DirectoryCount" SET
        "listed" = "listed" + (NEW."deletedAt" IS NULL) - (OLD."deletedAt" IS NULL),
        "active" = "active" + (NEW."deletedAt" IS NULL AND NEW."active") - (OLD."deletedAt" IS NULL AND OLD."active")
        WHERE "thousand" = NEW."n" / 1000;
END;

CREATE TABLE "DirectoryEmail" (
    "key" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "userN" BIGINT NOT NULL,
    PRIMARY KEY ("key", "userN", "type")
);
CREATE INDEX "DirectoryEmail_userN_idx" ON "DirectoryEmail"("userN");

CREATE TABLE "DirectoryGroup" (
    "n" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL,
    "displayName" TEXT NOT NULL,
    "displayKey" TEXT NOT NULL,
    "externalId" TEXT,
    "version" INTEGER NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "changedAt" DATETIME NOT NULL
);
CREATE UNIQUE INDEX "DirectoryGroup_id_key" ON "DirectoryGroup"("id");
CREATE UNIQUE INDEX "DirectoryGroup_displayKey_key" ON "DirectoryGroup"("displayKey");
CREATE INDEX "DirectoryGroup_externalId_n_idx" ON "DirectoryGroup"("externalId", "n");

CREATE TABLE "DirectoryMembership" (
    "groupN" BIGINT NOT NULL,
    "userN" BIGINT NOT NULL,
    PRIMARY KEY ("groupN", "userN")
) WITHOUT ROWID;
CREATE INDEX "DirectoryMembership_userN_groupN_idx" ON "DirectoryMembership"("userN", "groupN");

-- Some of those who were in a group that is not theirs any more: what follows from it is still to be done. A row for each of
-- thousands would take longer than the change itself.
CREATE TABLE "DirectoryLoss" (
    "n" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "userNs" TEXT NOT NULL,
    "lostBy" TEXT NOT NULL
);

-- The part of a block that the directory made when somebody left, and beside it the part of others, which stays when they return.
ALTER TABLE "IdentityBlock" ADD COLUMN "leaving" JSONB;
