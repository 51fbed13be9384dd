-- Browsers that signed in, and the token of an hour that lets an admin in when nobody else can.
ALTER TABLE "ApiToken" ADD COLUMN "breakGlass" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "ApiToken" ALTER COLUMN "breakGlass" DROP DEFAULT;

CREATE TABLE "Session" (
    "id" TEXT COLLATE "C" NOT NULL CONSTRAINT "Session_pkey" PRIMARY KEY,
    "secretSha256" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "foldedName" TEXT COLLATE "C" NOT NULL,
    "groups" JSONB NOT NULL,
    "issuer" TEXT COLLATE "C" NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "usedAt" TIMESTAMP(3) NOT NULL,
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "endedAt" TIMESTAMP(3)
);
CREATE UNIQUE INDEX "Session_secretSha256_key" ON "Session"("secretSha256");
CREATE INDEX "Session_createdAt_id_idx" ON "Session"("createdAt", "id");
CREATE INDEX "Session_name_createdAt_id_idx" ON "Session"("name", "createdAt", "id");
CREATE INDEX "Session_foldedName_idx" ON "Session"("foldedName");
CREATE INDEX "Session_expiresAt_idx" ON "Session"("expiresAt");
