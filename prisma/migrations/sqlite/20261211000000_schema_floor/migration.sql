-- serves: 20261210000000_sessions_of_tokens
-- The newest migration that a version must know to serve this schema, in the one row with "n" = 1. An older version that finds
-- migrations which it does not know serves all the same where it knows this one.
CREATE TABLE "SchemaFloor" (
    "n" INTEGER NOT NULL PRIMARY KEY,
    "migration" TEXT NOT NULL,
    "newest" TEXT NOT NULL
);
