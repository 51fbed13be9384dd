-- Sessions that began with an API token, which have no issuer. SQLite makes a column optional by another table alone.
CREATE TABLE "OtherSession" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "secretSha256" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "foldedName" TEXT NOT NULL,
    "groups" JSONB NOT NULL,
    "issuer" TEXT,
    "tokenId" TEXT,
    "createdAt" DATETIME NOT NULL,
    "usedAt" DATETIME NOT NULL,
    "expiresAt" DATETIME NOT NULL,
    "endedAt" DATETIME
);
INSERT INTO "OtherSession"
    ("id", "secretSha256", "name", "foldedName", "groups", "issuer", "createdAt", "usedAt", "expiresAt", "endedAt")
SELECT "id", "secretSha256", "name", "foldedName", "groups", "issuer", "createdAt", "usedAt", "expiresAt", "endedAt"
FROM "Session";
DROP TABLE "Session";
ALTER TABLE "OtherSession" RENAME TO "Session";
CREATE UNIQUE INDEX "Session_secretSha256_key" ON "Session"("secretSha256");
CREATE INDEX "Session_createdAt_id_idx" ON "Session"("createdAt", "id");
CREATE INDEX "Session_name_createdAt_id_idx" ON "Session"("name", "createdAt", "id");
CREATE INDEX "Session_foldedName_idx" ON "Session"("foldedName");
CREATE INDEX "Session_expiresAt_idx" ON "Session"("expiresAt");
CREATE INDEX "Session_tokenId_idx" ON "Session"("tokenId");
