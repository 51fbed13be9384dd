-- Lists users that were deleted, or that gave up their name.
CREATE INDEX "DirectoryUser_deletedAt_n_idx" ON "DirectoryUser"("deletedAt", "n") WHERE "deletedAt" IS NOT NULL;
