import { Agent, request } from 'node:https';
import { json } from 'node:stream/consumers';
import { parse } from 'yaml';

/** A client certificate as its holder shows it: the leaf first, then what is sent behind it. */
export interface ShownCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** The certificate and the key in a kubeconfig, as kubectl shows them. */
export function shownBy(kubeconfig: string): ShownCertificate {
  const { users } = parse(kubeconfig) as { readonly users: readonly { readonly user: Record<string, string> }[] };
  const pem = (name: string) => Buffer.from(users[0]?.user[name] ?? '', 'base64').toString();
  return { certificatePem: pem('client-certificate-data'), privateKeyPem: pem('client-key-data') };
}

/** Connections to one API server that show one certificate, and stay open. */
export class ShownConnection {
  private readonly agent: Agent;

  constructor(
    private readonly server: string,
    ca: string,
    { certificatePem, privateKeyPem }: ShownCertificate,
  ) {
    this.agent = new Agent({ ca, cert: certificatePem, key: privateKeyPem, keepAlive: true, maxSockets: 1 });
  }

  /** The username that the API server sees; null where it answers 401. */
  async username(): Promise<string | null> {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const answer = await new Promise<{ status: number; body: unknown }>((resolve, reject) => {
      const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      const headers = { 'content-type': 'application/json' };
      request(`${this.server}${path}`, { agent: this.agent, method: 'POST', headers }, (response) => {
        json(response).then((read) => {
          resolve({ status: response.statusCode ?? 0, body: read });
        }, reject);
      })
        .on('error', reject)
        .end(JSON.stringify(body));
    });
    if (answer.status === 401) return null;
    if (answer.status !== 201) throw new Error(`answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
    return (answer.body as { status: { userInfo: { username: string } } }).status.userInfo.username;
  }

  close(): void {
    this.agent.destroy();
  }
}

/** The username that an API server sees behind a certificate on a new connection; null where it answers 401. */
export async function usernameAt(server: string, ca: string, shown: ShownCertificate): Promise<string | null> {
  const connection = new ShownConnection(server, ca, shown);
  try {
    return await connection.username();
  } finally {
    connection.close();
  }
}
