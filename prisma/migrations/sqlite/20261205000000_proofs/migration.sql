-- Proofs of possession that were used, so that none is used twice.
CREATE TABLE "UsedProof" (
    "idSha256" BLOB NOT NULL PRIMARY KEY,
    "usedAt" DATETIME NOT NULL
);
CREATE INDEX "UsedProof_usedAt_idx" ON "UsedProof"("usedAt");
