-- That the database was put back from a backup, until an admin acknowledges it.
CREATE TABLE "Restoration" (
    "id" TEXT COLLATE "C" NOT NULL CONSTRAINT "Restoration_pkey" PRIMARY KEY,
    "detectedAt" TIMESTAMP(3) NOT NULL,
    "detectedBy" TEXT COLLATE "C" NOT NULL,
    "events" BIGINT NOT NULL,
    "knownUntil" TIMESTAMP(3),
    "signedEvents" BIGINT,
    "acknowledgedAt" TIMESTAMP(3),
    "acknowledgedBy" TEXT COLLATE "C"
);
