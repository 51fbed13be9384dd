-- serves: 20261210000000_sessions_of_tokens
-- The newest migration that a version must know to serve this schema, in the one row with "n" = 1. An older version that finds
-- migrations which it does not know serves all the same where it knows this one.
CREATE TABLE "SchemaFloor" (
    "n" BIGINT NOT NULL,
    "migration" TEXT COLLATE "C" NOT NULL,
    "newest" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "SchemaFloor_pkey" PRIMARY KEY ("n")
);
