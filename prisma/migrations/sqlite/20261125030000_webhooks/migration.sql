CREATE TABLE "WebhookDelivery" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "webhook" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "requestId" TEXT NOT NULL,
    "payload" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "nextAttemptAt" DATETIME,
    "attempts" INTEGER NOT NULL,
    "owner" TEXT,
    "lastFailure" TEXT,
    "endedAt" DATETIME
);
CREATE INDEX "WebhookDelivery_state_webhook_nextAttemptAt_idx" ON "WebhookDelivery"("state", "webhook", "nextAttemptAt");
CREATE INDEX "WebhookDelivery_state_endedAt_idx" ON "WebhookDelivery"("state", "endedAt");
CREATE INDEX "WebhookDelivery_state_id_idx" ON "WebhookDelivery"("state", "id");
CREATE INDEX "WebhookDelivery_webhook_id_idx" ON "WebhookDelivery"("webhook", "id");
CREATE INDEX "WebhookDelivery_requestId_id_idx" ON "WebhookDelivery"("requestId", "id");
