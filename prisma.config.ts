import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

// The CLI reads these from the environment and not from its config.
const environment = process.env;
// Without this the CLI downloads a native engine, which `generate`, `validate` and `format` do not use.
environment['PRISMA_SCHEMA_ENGINE_BINARY'] ??= fileURLToPath(
  new URL('./scripts/prisma-schema-engine.mjs', import.meta.url),
);
// Without this the CLI looks for a newer version of itself.
environment['CHECKPOINT_DISABLE'] ??= '1';

export default defineConfig({
  schema: 'prisma/sqlite',
  migrations: { path: 'prisma/migrations/sqlite' },
});
