#!/usr/bin/env node
// Every command of Prisma's CLI first looks for a native schema engine, and downloads one where there is none. `generate`,
// `validate` and `format` never start it, so this script takes its place and keeps them offline. `migrate` needs the real
// engine; here migrations are written by hand, and src/store/migrations.ts applies them at start.
process.stderr.write('prisma migrate is not used in this project: see src/store/migrations.ts\n');
process.exit(1);
