#!/usr/bin/env node
// Every command of Prisma's CLI first looks for a native schema engine and would download one. `generate`, `validate`
// and `format` never start it, so this file replaces it and keeps them offline. `migrate` would need the real one, but
// migrations here are written by hand, and src/store/schema/migrations.ts applies them at start.
process.stderr.write('prisma migrate is not used in this project: see src/store/schema/migrations.ts\n');
process.exit(1);
