import type { SignedCheckpoint } from '../../audit/checkpoint.js';
import type { LeafTile } from '../../audit/merkle-tile.js';
import { insertInto, insertOnce, octetsOf, type Statement } from '../steps/statement.js';
import type { Reads } from '../lists/list.js';
import type { Write } from '../steps/step.js';

interface StoredCheckpointKey {
  readonly verifierKey: string;
  readonly addedAt: Date;
  /** When it was taken away; null while it signs. */
  readonly retiredAt: Date | null;
}

/** Names the log, unless it has a name. */
export const insertInstance = ({ id, at }: { readonly id: string; readonly at: Date }): Write => ({
  statements: () => insertOnce('Instance', '1', { n: 1, id, createdAt: at }),
});

interface CheckpointKeyChange {
  readonly verifierKey: string;
  readonly at: Date;
}

/** Adds a key, or one that was retired again. Conflicts where the key is in use already. */
export const insertCheckpointKey = ({ verifierKey, at }: CheckpointKeyChange): Write => ({
  statements: () => ({
    sql: `INSERT INTO "CheckpointKey" ("verifierKey", "addedAt", "retiredAt") VALUES (?, ?, NULL) ON CONFLICT ("verifierKey")
      DO UPDATE SET "retiredAt" = NULL WHERE "CheckpointKey"."retiredAt" IS NOT NULL`,
    parameters: [verifierKey, at],
    unlessChanged: { kind: 'unique', what: 'CheckpointKey' },
  }),
});

/** Conflicts where the key is not in use. */
export const retireCheckpointKey = ({ verifierKey, at }: CheckpointKeyChange): Write => ({
  statements: () => ({
    sql: 'UPDATE "CheckpointKey" SET "retiredAt" = ? WHERE "verifierKey" = ? AND "retiredAt" IS NULL',
    parameters: [at, verifierKey],
    unlessChanged: { kind: 'checkpointKey', verifierKey },
  }),
});

interface CheckpointLease {
  readonly owner: string;
  readonly now: Date;
  readonly leaseUntil: Date;
}

/**
 * Makes this process the one that signs checkpoints, or lets it stay so for longer; conflicts where another one is,
 * whose lease has not ended.
 */
export const holdCheckpointLease = ({ owner, now, leaseUntil }: CheckpointLease): Write => ({
  statements: () => ({
    sql: `INSERT INTO "CheckpointLease" ("n", "owner", "leaseUntil") VALUES (1, ?, ?) ON CONFLICT ("n")
      DO UPDATE SET "owner" = excluded."owner", "leaseUntil" = excluded."leaseUntil"
        WHERE "CheckpointLease"."owner" = excluded."owner" OR "CheckpointLease"."leaseUntil" <= ?`,
    parameters: [owner, leaseUntil, now],
    unlessChanged: { kind: 'checkpointLease' },
  }),
});

/** Ends the lease of this process, if it has it; null: that of whichever process has it. */
export const releaseCheckpointLease = ({
  owner,
  now,
}: Pick<CheckpointLease, 'now'> & { readonly owner: string | null }): Write => ({
  statements: () => ({
    sql: `UPDATE "CheckpointLease" SET "leaseUntil" = ? WHERE "n" = 1${owner === null ? '' : ' AND "owner" = ?'}`,
    parameters: owner === null ? [now] : [now, owner],
  }),
});

interface InsertedCheckpoint {
  readonly checkpoint: SignedCheckpoint;
  /** The hash of the last event that the checkpoint covers. */
  readonly lastHash: string;
}

/**
 * Keeps a checkpoint. Conflicts if the size is not the largest, if the size may have been signed before a restore, or
 * if the log of this server is another log. So no size has two roots.
 */
export const insertCheckpoint = ({ checkpoint, lastHash }: InsertedCheckpoint): Write => ({
  statements() {
    const { size, root, note, signedAt } = checkpoint;
    const conflict = { kind: 'checkpoint', size } as const;
    return {
      sql: `INSERT INTO "Checkpoint" ("size", "root", "note", "signedAt") SELECT ?, ?, ?, ?
          WHERE NOT EXISTS (SELECT 1 FROM "Checkpoint" WHERE "size" >= ?)
            AND NOT EXISTS (SELECT 1 FROM "Restoration" WHERE "signedEvents" >= ?)
            AND EXISTS (SELECT 1 FROM "AuditRecord" WHERE "lastSeq" = ? AND substr("hashes", length("hashes") - 31) = ?)`,
      parameters: [size, root, note, signedAt, size, size, size, octetsOf(lastHash)],
      unlessChanged: conflict,
      ifTaken: () => conflict,
    };
  },
  tells: { checkpoint },
});

/** Deletes at most 1,000 checkpoints, but never the last one. */
export const forgetCheckpoints = (signedBefore: Date): Write => ({
  statements: () => ({
    sql: `DELETE FROM "Checkpoint" WHERE "size" IN (SELECT "size" FROM "Checkpoint" WHERE "signedAt" < ?
        AND "size" < (SELECT MAX("size") FROM "Checkpoint") ORDER BY "signedAt" LIMIT 1000)`,
    parameters: [signedBefore],
  }),
});

interface AuditTile {
  readonly level: number;
  readonly n: number;
  readonly hashes: Uint8Array;
}

/** Keeps a complete tile of the Merkle tree, unless it is kept already. */
export const insertAuditTile = (tile: AuditTile): Write => ({ statements: () => tileStatement(tile) });

function tileStatement({ level, n, hashes }: AuditTile): Statement {
  const { sql, parameters } = insertInto('AuditTile', { level, n, hashes });
  return { sql: `${sql} ON CONFLICT DO NOTHING`, parameters };
}

/**
 * Keeps a tile of the lowest level that follows one that is kept. So none is missing between others, and whoever keeps
 * the missing ones begins behind the last.
 */
export const insertNextLeafTile = ({ n, hashes }: LeafTile): Statement =>
  n === 0
    ? tileStatement({ level: 0, n, hashes })
    : {
        sql: `INSERT INTO "AuditTile" ("level", "n", "hashes") SELECT 0, ?, ?
          WHERE EXISTS (SELECT 1 FROM "AuditTile" WHERE "level" = 0 AND "n" = ?) ON CONFLICT DO NOTHING`,
        parameters: [n, hashes, n - 1],
      };

/** Reads checkpoints, and what proofs are made from. */
export class CheckpointTables {
  constructor(private readonly reads: Reads) {}

  /** The name of the log; null where it has none yet. */
  async instanceId(): Promise<string | null> {
    const row = await this.reads.prisma.instance.findUnique({ where: { n: 1n } });
    return row?.id ?? null;
  }

  /** The largest one; null where none is kept. */
  async last(): Promise<SignedCheckpoint | null> {
    const row = await this.reads.prisma.checkpoint.findFirst({ orderBy: { size: 'desc' } });
    return row && { size: Number(row.size), root: Buffer.from(row.root), note: row.note, signedAt: row.signedAt };
  }

  /** The server that answers now, and the size of its last checkpoint (0: it has none). */
  async server(): Promise<{ readonly server: string; readonly lastSize: number }> {
    const sql = `SELECT ${this.reads.dialect.runningServer} AS "server", (SELECT MAX("size") FROM "Checkpoint") AS "lastSize"`;
    const [row] = (await this.reads.readRows({ sql, parameters: [] })) as [{ server: string; lastSize: unknown }];
    return { server: row.server, lastSize: Number(row.lastSize) };
  }

  /** Oldest first. */
  async keys(): Promise<readonly StoredCheckpointKey[]> {
    return this.reads.prisma.checkpointKey.findMany({ orderBy: [{ addedAt: 'asc' }, { verifierKey: 'asc' }] });
  }

  /** 256 hashes of 32 octets; null where the tile is not complete, or not kept yet. */
  async tile(level: number, n: number): Promise<Uint8Array | null> {
    // Hundreds are read for a checkpoint of a busy log, and Prisma would take ten times as long for each.
    const [row] = (await this.reads.readRows({
      sql: 'SELECT "hashes" FROM "AuditTile" WHERE "level" = ? AND "n" = ?',
      parameters: [level, n],
    })) as readonly { readonly hashes: Uint8Array }[];
    return row?.hashes ?? null;
  }

  /** How many tiles of a level are kept. They are kept in order. */
  async tileCount(level: number): Promise<number> {
    const row = await this.reads.prisma.auditTile.findFirst({
      where: { level: BigInt(level) },
      orderBy: { n: 'desc' },
      select: { n: true },
    });
    return row === null ? 0 : Number(row.n) + 1;
  }
}
