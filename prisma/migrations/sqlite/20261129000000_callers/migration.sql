-- Browsers that signed in, and the token of an hour that lets an admin in when nobody else can.
ALTER TABLE "ApiToken" ADD COLUMN "breakGlass" BOOLEAN NOT NULL DEFAULT false;

CREATE TABLE "Session" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "secretSha256" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "foldedName" TEXT NOT NULL,
    "groups" JSONB NOT NULL,
    "issuer" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "usedAt" DATETIME NOT NULL,
    "expiresAt" DATETIME NOT NULL,
    "endedAt" DATETIME
);
CREATE UNIQUE INDEX "Session_secretSha256_key" ON "Session"("secretSha256");
CREATE INDEX "Session_createdAt_id_idx" ON "Session"("createdAt", "id");
CREATE INDEX "Session_name_createdAt_id_idx" ON "Session"("name", "createdAt", "id");
CREATE INDEX "Session_foldedName_idx" ON "Session"("foldedName");
CREATE INDEX "Session_expiresAt_idx" ON "Session"("expiresAt");
