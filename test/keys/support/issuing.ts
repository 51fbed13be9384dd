import { X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { type MadeCertificate, makeAuthority, makeKey } from '../../../packages/x509/test/helpers/certificates.js';
import { AgentKey } from '../../../src/signing/keys/agent-key.js';
import type { ServingProcess } from '../../http/support/serving-process.js';

const hour = 3_600_000;
const validity = () => ({ notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + 24 * hour) });

/** A CA for users whose key somebody else has: a root, which is forgotten, signs its certificate. */
export function authorityOfKey(name: string, spki: Buffer): MadeCertificate {
  const issuer = makeAuthority({ subject: [['CN', `root of ${name}`]], ...validity() });
  return makeAuthority({ subject: [['CN', name]], issuer, key: { ...makeKey(), spki }, ...validity() });
}

/** DER of the SubjectPublicKeyInfo of a key with this label in an agent. */
export async function publicKeyIn({ path }: { readonly path: string }, label: string): Promise<Buffer> {
  const key = new AgentKey(path, { label }, { clock: () => new Date() });
  try {
    await key.check();
    const publicKey = key.publicKey();
    if (publicKey === null) throw new Error(`the agent has no key ${label}`);
    return publicKey.export({ type: 'spki', format: 'der' });
  } finally {
    key.close();
  }
}

/** A self-signed CA for users. */
export const authorityWithKey = (name: string, key: ReturnType<typeof makeKey>): MadeCertificate =>
  makeAuthority({ subject: [['CN', name]], key, ...validity() });

const policy = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: people }
spec:
  selector: { clusters: ["*"] }
  allowed: { usernames: ["*"], groups: ["team-*"] }
  constraints: { maxExpirationSeconds: 86400 }
  approval: { mode: auto }
`;

/** The settings of a cluster by its name, with one issuer. The certificate is written into a file. */
export interface IssuerSettings {
  readonly ca: MadeCertificate;
  readonly certFile: string;
  readonly key: object;
}

/**
 * Writes a configuration file of clusters by their names, each with one issuer, and a policy beside it. Answers the
 * variables of a service.
 */
export function configured(
  file: string,
  clusters: Readonly<Record<string, IssuerSettings>>,
): Readonly<Record<string, string>> {
  const settings = Object.entries(clusters).map(([name, { ca, certFile, key }]) => {
    writeFileSync(certFile, ca.pem);
    return {
      name,
      server: 'https://127.0.0.1:6443',
      servingCertificateAuthority: certFile,
      signer: { localCA: { issuers: [{ name: 'users', certFile, key }] } },
    };
  });
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ clusters: settings }));
  const policies = join(dirname(file), 'policies');
  mkdirSync(policies, { recursive: true });
  writeFileSync(join(policies, 'test.yaml'), policy);
  return { KUBEPASS_CONFIG: file, KUBEPASS_POLICIES_DIR: policies, KUBEPASS_BUDGETS: 'off' };
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Calls to a service that runs as a process. */
export class IssuingService {
  private number = 0;

  private constructor(
    private readonly address: string,
    private readonly token: string,
  ) {}

  static async of(process: ServingProcess): Promise<IssuingService> {
    return new IssuingService(await process.address(), process.adminToken());
  }

  async call(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  /** Asks for a certificate of a cluster. */
  issue(cluster: string): Promise<Answer> {
    const ask = { cluster, username: `user-${(this.number += 1)}`, groups: ['team-a'], expirationSeconds: 3600 };
    return this.call('POST', '/v1/kubeconfigs', ask);
  }

  /** Fails unless a certificate by that CA is issued. */
  async expectIssued(cluster: string, ca: MadeCertificate): Promise<void> {
    const answer = await this.issue(cluster);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    expect(isSigned(answer, ca)).toBe(true);
  }

  /** How many certificates the inventory has. */
  async inventory(cluster: string): Promise<number> {
    let count = 0;
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = `?cluster=${cluster}&limit=200${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const { body } = await this.call('GET', `/v1/certificates${query}`);
      const page = body as { items: readonly unknown[]; nextCursor: string | null };
      count += page.items.length;
      cursor = page.nextCursor;
    }
    return count;
  }

  /** Calls for certificates of a cluster, so many at a time, until `stop`; answers all that came. */
  callers(cluster: string, count: number): { readonly answers: readonly Answer[]; stop(): Promise<readonly Answer[]> } {
    const answers: Answer[] = [];
    let goesOn = true;
    const running = Promise.all(
      Array.from({ length: count }, async () => {
        while (goesOn) answers.push(await this.issue(cluster));
      }),
    );
    // A rejection is for whoever stops them.
    running.catch(() => undefined);
    return {
      answers,
      async stop() {
        goesOn = false;
        await running;
        return answers;
      },
    };
  }
}

/** Whether an answer has a certificate that verifies with the key of the CA. */
export function isSigned({ body }: Answer, ca: MadeCertificate): boolean {
  const { pem } = body['certificate'] as { readonly pem: string };
  return new X509Certificate(pem).verify(new X509Certificate(ca.pem).publicKey);
}
