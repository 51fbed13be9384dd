CREATE TABLE "WebhookDelivery" (
    "id" TEXT COLLATE "C" NOT NULL CONSTRAINT "WebhookDelivery_pkey" PRIMARY KEY,
    "webhook" TEXT COLLATE "C" NOT NULL,
    "type" TEXT COLLATE "C" NOT NULL,
    "requestId" TEXT COLLATE "C" NOT NULL,
    "payload" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "nextAttemptAt" TIMESTAMP(3),
    "attempts" INTEGER NOT NULL,
    "owner" TEXT COLLATE "C",
    "lastFailure" TEXT COLLATE "C",
    "endedAt" TIMESTAMP(3)
);
CREATE INDEX "WebhookDelivery_state_webhook_nextAttemptAt_idx" ON "WebhookDelivery"("state", "webhook", "nextAttemptAt");
CREATE INDEX "WebhookDelivery_state_endedAt_idx" ON "WebhookDelivery"("state", "endedAt");
CREATE INDEX "WebhookDelivery_state_id_idx" ON "WebhookDelivery"("state", "id");
CREATE INDEX "WebhookDelivery_webhook_id_idx" ON "WebhookDelivery"("webhook", "id");
CREATE INDEX "WebhookDelivery_requestId_id_idx" ON "WebhookDelivery"("requestId", "id");
