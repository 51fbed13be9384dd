-- That the database was put back from a backup, until an admin acknowledges it.
CREATE TABLE "Restoration" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "detectedAt" DATETIME NOT NULL,
    "detectedBy" TEXT NOT NULL,
    "events" BIGINT NOT NULL,
    "knownUntil" DATETIME,
    "signedEvents" BIGINT,
    "acknowledgedAt" DATETIME,
    "acknowledgedBy" TEXT
);
