-- Checkpoints: what the log was like at certain sizes, signed, and the hashes from which proofs are made.
CREATE TABLE "Instance" (
    "n" BIGINT NOT NULL CONSTRAINT "Instance_pkey" PRIMARY KEY,
    "id" TEXT COLLATE "C" NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL
);

CREATE TABLE "Checkpoint" (
    "size" BIGINT NOT NULL CONSTRAINT "Checkpoint_pkey" PRIMARY KEY,
    "root" BYTEA NOT NULL,
    "note" TEXT COLLATE "C" NOT NULL,
    "signedAt" TIMESTAMP(3) NOT NULL
);
CREATE INDEX "Checkpoint_signedAt_idx" ON "Checkpoint"("signedAt");

CREATE TABLE "CheckpointKey" (
    "verifierKey" TEXT COLLATE "C" NOT NULL CONSTRAINT "CheckpointKey_pkey" PRIMARY KEY,
    "addedAt" TIMESTAMP(3) NOT NULL,
    "retiredAt" TIMESTAMP(3)
);

CREATE TABLE "CheckpointLease" (
    "n" BIGINT NOT NULL CONSTRAINT "CheckpointLease_pkey" PRIMARY KEY,
    "owner" TEXT COLLATE "C" NOT NULL,
    "leaseUntil" TIMESTAMP(3) NOT NULL
);

CREATE TABLE "AuditTile" (
    "level" BIGINT NOT NULL,
    "n" BIGINT NOT NULL,
    "hashes" BYTEA NOT NULL,
    CONSTRAINT "AuditTile_pkey" PRIMARY KEY ("level", "n")
);
CREATE TRIGGER "AuditTile_no_change" BEFORE UPDATE OR DELETE OR TRUNCATE ON "AuditTile"
    FOR EACH STATEMENT EXECUTE FUNCTION "AuditRecord_refuse"();
