-- serves: 20261210000000_sessions_of_tokens
-- When an API token was last used, to the hour.
ALTER TABLE "ApiToken" ADD COLUMN "lastUsedAt" TIMESTAMP(3);
