import {
  defaultIssuer,
  type IssuerProbe,
  type IssuerState,
  type RecordedIssuer,
  type ServedCertificates,
} from '../../model/issuer.js';
import type { KeyReads } from '../lists/list.js';
import { Prisma } from '../generated/sqlite/browser.js';
import { insertUnique, jsonRead, rowOf, type Conflict } from '../steps/statement.js';
import { issuerSha256, tallied, tallyOf } from './certificates-of-issuer.js';
import type { Write } from '../steps/step.js';

const conflictOf = (cluster: string, issuer: string): Conflict => ({ kind: 'issuer', cluster, issuer });

interface NamedIssuer {
  readonly cluster: string;
  readonly name: string;
}

interface RequiredIssuer {
  readonly cluster: string;
  readonly issuer: string;
  readonly states: readonly IssuerState[];
}

/**
 * Conflicts where the issuer has none of these states, or is not recorded. It stands in each step that begins an
 * attempt with a CA key: so nothing more is begun with an issuer once another one is active.
 */
export const requireIssuer = ({ cluster, issuer, states }: RequiredIssuer): Write => ({
  statements: () => ({
    sql: `SELECT COUNT(*) AS "found" FROM (SELECT 1 AS "one") AS "asked" WHERE NOT EXISTS (SELECT 1 FROM "ClusterIssuer"
      WHERE "cluster" = ? AND "name" = ? AND "state" IN (${'?, '.repeat(states.length - 1)}?))`,
    parameters: [cluster, issuer, ...states],
    ifReached: { limit: 1, conflict: () => conflictOf(cluster, issuer) },
    many: { sql: issuersMissing, row: { columns: { cluster, issuer, states } } },
  }),
});

/** How many of the issuers have none of their states. Most steps of a batch ask for the same one. */
const issuersMissing = `SELECT COUNT(*) AS "found" FROM (SELECT DISTINCT "value" AS "e" FROM jsonb_array_elements(?::jsonb)) AS "asked"
  WHERE NOT EXISTS (SELECT 1 FROM "ClusterIssuer" AS "i" WHERE "i"."cluster" = "e" ->> 'cluster' AND "i"."name" = "e" ->> 'issuer'
    AND "e" -> 'states' @> to_jsonb("i"."state"))`;

/** Conflicts where the cluster has an issuer of this name, or this one is active and another one is. */
export const insertIssuer = (issuer: RecordedIssuer): Write => ({
  statements: () =>
    insertUnique(
      'ClusterIssuer',
      rowOf(Prisma.ClusterIssuerScalarFieldEnum, issuer),
      conflictOf(issuer.cluster, issuer.name),
    ),
});

export interface IssuerMove extends NamedIssuer {
  readonly from: IssuerState;
  readonly to: IssuerState;
  readonly at: Date;
}

/**
 * Compare-and-set on the state of an issuer; conflicts where it has another state than `from`, or another one is active
 * already. Where one follows another, the one before moves first.
 */
export const moveIssuer = ({ cluster, name, from, to, at }: IssuerMove): Write => ({
  statements: () => ({
    sql: 'UPDATE "ClusterIssuer" SET "state" = ?, "since" = ? WHERE "cluster" = ? AND "name" = ? AND "state" = ?',
    parameters: [to, at, cluster, name, from],
    unlessChanged: conflictOf(cluster, name),
    ifTaken: () => conflictOf(cluster, name),
  }),
});

interface CertifiedIssuer extends NamedIssuer {
  readonly fingerprintSha256: string;
}

/** Adds the fingerprint of its present certificate, unless it is the last one; conflicts where there is no issuer. */
export const certifyIssuer = ({ cluster, name, fingerprintSha256 }: CertifiedIssuer): Write => ({
  statements: (dialect) => ({
    sql: `UPDATE "ClusterIssuer" SET "fingerprints" = ${dialect.jsonArrayEndingWith('"fingerprints"')}
      WHERE "cluster" = ? AND "name" = ?`,
    parameters: [fingerprintSha256, fingerprintSha256, cluster, name],
    unlessChanged: conflictOf(cluster, name),
  }),
});

interface ProbedIssuer extends NamedIssuer {
  readonly probe: IssuerProbe;
}

/** Keeps the latest probe, in whichever order probes arrive; conflicts where there is no issuer. */
export const rememberIssuerProbe = ({ cluster, name, probe }: ProbedIssuer): Write => ({
  // Instants are texts in JSON, all of one form.
  statements: () => ({
    sql: `UPDATE "ClusterIssuer" SET "probe" = CASE WHEN "probe" ->> 'at' > ? THEN "probe" ELSE ? END
      WHERE "cluster" = ? AND "name" = ?`,
    parameters: [probe.at.toISOString(), probe, cluster, name],
    unlessChanged: conflictOf(cluster, name),
  }),
});

interface RenamedIssuer {
  readonly cluster: string;
  readonly from: string;
  readonly to: string;
}

/** Conflicts where there is no issuer, or the new name is taken. */
export const renameIssuer = ({ cluster, from, to }: RenamedIssuer): Write => ({
  statements: () => ({
    sql: 'UPDATE "ClusterIssuer" SET "name" = ? WHERE "cluster" = ? AND "name" = ?',
    parameters: [to, cluster, from],
    unlessChanged: conflictOf(cluster, from),
    ifTaken: () => conflictOf(cluster, to),
  }),
});

/** A row as `ReadRows` answers it: each database has its own forms of instants and JSON. */
interface RowRead {
  readonly name: string;
  readonly state: IssuerState;
  readonly since: number | Date;
  readonly spkiSha256: string;
  readonly fingerprints: unknown;
  readonly probe: unknown;
}

/** Reads the issuers of clusters, and what depends on them. */
export class ClusterIssuerTable {
  constructor(private readonly reads: KeyReads) {}

  /** By name. */
  async ofCluster(cluster: string): Promise<readonly RecordedIssuer[]> {
    const rows = await this.reads.readRows({
      sql: `SELECT "name", "state", "since", "spkiSha256", "fingerprints", "probe" FROM "ClusterIssuer"
        WHERE "cluster" = ? ORDER BY "name"`,
      parameters: [cluster],
    });
    return (rows as readonly RowRead[]).map(({ since, fingerprints, probe, ...row }) => ({
      cluster,
      ...row,
      since: new Date(since),
      fingerprints: jsonRead(fingerprints) as string[],
      probe: probe === null ? null : probeOf(jsonRead(probe) as ProbeInJson),
    }));
  }

  /**
   * The certificates on a cluster that a CA with one of these fingerprints signed, and that are neither expired nor
   * revoked at `now`; with orphans and superseded ones. One statement reads all of it, so nothing is counted twice or
   * missed.
   */
  async served(cluster: string, fingerprintsSha256: readonly string[], now: Date): Promise<ServedCertificates> {
    if (fingerprintsSha256.length === 0) return { live: 0, latestNotAfter: null };
    const { dialect } = this.reads;
    const issuers = fingerprintsSha256.map(issuerSha256);
    const present = tallyOf(now);
    const amongThem = `IN (${issuers.map(() => '?').join(', ')})`;
    const ofCluster = `FROM "CertificateRecord" AS "c"${dialect.indexedBy('CertificateRecord_cluster_notAfter_n_idx')}
      WHERE "c"."cluster" = ? AND COALESCE("c"."issuerSha256", "c"."issuerSha256") ${amongThem}
      AND NOT EXISTS (SELECT 1 FROM "Revocation" AS "v" WHERE "v"."certificateN" = "c"."n")`;
    const [row] = await this.reads.readRows({
      sql: `SELECT COALESCE("t"."later", 0) + (SELECT COUNT(*) ${ofCluster} AND "c"."notAfter" > ? AND "c"."notAfter" < ?) AS "live",
          (SELECT "c"."notAfter" ${ofCluster} AND "c"."notAfter" > ? AND "c"."notAfter" >= "t"."last"
            AND "c"."notAfter" < ${dialect.tenMinutesAfter('"t"."last"')} ORDER BY "c"."notAfter" DESC LIMIT 1) AS "latest"
        FROM (SELECT SUM(CASE WHEN "notAfter" > ? THEN "certificates" - "revoked" ELSE 0 END) AS "later",
          MAX(CASE WHEN "certificates" > "revoked" THEN "notAfter" END) AS "last"
          FROM "IssuerTally" WHERE "issuerSha256" ${amongThem} AND "cluster" = ? AND "notAfter" >= ?) AS "t"`,
      parameters: [
        ...[cluster, ...issuers, now, new Date(present.getTime() + tallied)],
        ...[cluster, ...issuers, now],
        ...[present, ...issuers, cluster, present],
      ],
    });
    const { live, latest } = row as { readonly live: number | string; readonly latest: number | Date | null };
    return { live: Number(live), latestNotAfter: latest === null ? null : new Date(latest) };
  }

  /** How many attempts to sign with the issuer have begun and not ended. */
  async attemptsUnderWay(cluster: string, issuer: string): Promise<number> {
    const [row] = await this.reads.readRows({
      sql: `SELECT COUNT(*) AS "found" FROM "RequestRecord" AS "r"${this.reads.dialect.indexedBy('RequestRecord_state_n_idx')}
        WHERE "r"."state" = 'issuing' AND COALESCE("r"."cluster", "r"."cluster") = ?
        AND COALESCE("r"."attemptIntent" ->> 'issuer', ?) = ?`,
      // An intent that names no issuer was recorded when a cluster had one CA.
      parameters: [cluster, defaultIssuer, issuer],
    });
    return Number((row as { readonly found: number | string }).found);
  }
}

type ProbeInJson = Omit<IssuerProbe, 'at'> & { readonly at: string };
const probeOf = (probe: ProbeInJson): IssuerProbe => ({ ...probe, at: new Date(probe.at) });
