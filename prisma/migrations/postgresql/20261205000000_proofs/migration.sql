-- Proofs of possession that were used, so that none is used twice.
CREATE TABLE "UsedProof" (
    "idSha256" BYTEA NOT NULL CONSTRAINT "UsedProof_pkey" PRIMARY KEY,
    "usedAt" TIMESTAMP(3) NOT NULL
);
CREATE INDEX "UsedProof_usedAt_idx" ON "UsedProof"("usedAt");
