-- Sessions that began with an API token, which have no issuer.
ALTER TABLE "Session" ALTER COLUMN "issuer" DROP NOT NULL;
ALTER TABLE "Session" ADD COLUMN "tokenId" TEXT COLLATE "C";
CREATE INDEX "Session_tokenId_idx" ON "Session"("tokenId");
