/** Advisory locks, of which a database has one set: what kubepass asks for is told from others by its name. */

/** Held by a transaction that continues the audit chain: `kubepass` in ASCII. */
export const chainLock = 0x6b75626570617373n.toString();

/** Held by a process that does at start what two must not do at once. */
export const startLock = (0x6b75626570617373n + 1n).toString();

/** What Prisma's own migrate command holds. */
export const migrationLock = '72707369';
