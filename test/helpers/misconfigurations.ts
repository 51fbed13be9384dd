import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { issue, makeAuthority } from './fake-api-server/serving-certificate.js';
import { testPolicies } from './issuance.js';
import { localAuthority } from './local-authority.js';

/** The parts of a good configuration, each of which a misconfiguration may change. */
export interface Installation {
  readonly directory: string;
  readonly environment: Record<string, string>;
  /** The configuration file before it is written. */
  readonly file: {
    clusters: Record<string, unknown>[];
    callers: { oidc: Record<string, unknown>[] };
    webhooks: Record<string, unknown>[];
    [setting: string]: unknown;
  };
  /** Replaces the text of the configuration file. */
  text: ((text: string) => string) | null;
  write(name: string, content: string): string;
}

/** These may stand in no message. */
export const secrets = {
  webhook: `whsec_${randomBytes(24).toString('base64')}`,
  client: randomBytes(24).toString('hex'),
  database: randomBytes(12).toString('hex'),
};

/** A directory with everything that a service with a CA, an issuer and a webhook reads. It can be served. */
export async function install(directory: string): Promise<Installation> {
  const write = (name: string, content: string) => {
    const file = join(directory, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  mkdirSync(join(directory, 'policies'));
  write('policies/test.yaml', testPolicies);
  const { certificatePem, privateKeyPem } = await localAuthority();
  const other = await makeAuthority('other');
  const leaf = await issue(other, { username: 'leaf' }, 'serverAuth');
  write('user-ca.crt', certificatePem);
  write('user-ca.key', privateKeyPem);
  write('serving.crt', other.pem);
  write('leaf.crt', leaf.certificatePem);
  write('leaf.key', leaf.privateKeyPem);
  write('webhook.secret', `${secrets.webhook}\n`);
  write('client.secret', `${secrets.client}\n`);
  return {
    directory,
    environment: { KUBEPASS_CONFIG: join(directory, 'kubepass.yaml'), KUBEPASS_PORT: '0' },
    file: {
      clusters: [
        {
          name: 'dev',
          server: 'https://10.0.0.1:6443',
          servingCertificateAuthority: 'serving.crt',
          signer: { localCA: { certFile: 'user-ca.crt', keyFile: 'user-ca.key' } },
        },
      ],
      callers: {
        oidc: [
          {
            name: 'corp',
            issuer: 'https://127.0.0.1:1/corp',
            audiences: ['kubepass'],
            login: { clientId: 'kubepass-ui', clientSecretFile: 'client.secret' },
          },
        ],
      },
      publicAddress: { url: 'https://kubepass.example' },
      tls: { terminated: true },
      webhooks: [{ name: 'chat', url: 'http://127.0.0.1:1/hook', secretFile: 'webhook.secret', events: ['issued'] }],
      dataDir: 'data',
      policiesDir: 'policies',
    },
    text: null,
    write,
  };
}

/** Writes the configuration file, and answers the environment of the service. */
export function written({ environment, file, text, write }: Installation): Readonly<Record<string, string>> {
  const yaml = stringify(file);
  write('kubepass.yaml', text?.(yaml) ?? yaml);
  return environment;
}

interface Misconfiguration {
  readonly what: string;
  readonly make: (installation: Installation) => void;
  /** Its one message has the place of the setting, the value, and what to do. */
  readonly setting: RegExp;
  readonly value: string;
  readonly remedy: RegExp;
}

const first = ({ file: { clusters } }: Installation) => clusters[0] ?? {};
const issuer = ({ file: { callers } }: Installation) => callers.oidc[0] ?? {};

/** Sixteen mistakes that operators make. */
export const misconfigurations: readonly Misconfiguration[] = [
  {
    what: 'a port that there is not',
    make: ({ environment }) => (environment['KUBEPASS_PORT'] = '80800'),
    setting: /^KUBEPASS_PORT: /,
    value: '"80800"',
    remedy: /must be a port from 0 to 65535/,
  },
  {
    what: 'a variable that there is not',
    make: ({ environment }) => (environment['KUBEPASS_POLICY_DIR'] = '/etc/kubepass/policies'),
    setting: /^KUBEPASS_POLICY_DIR: /,
    value: 'KUBEPASS_POLICY_DIR',
    remedy: /did you mean KUBEPASS_POLICIES_DIR\?/,
  },
  {
    what: 'the port of a Service, which Kubernetes puts into the environment',
    make: ({ environment }) => (environment['KUBEPASS_PORT'] = 'tcp://10.96.0.7:8080'),
    setting: /^KUBEPASS_PORT: /,
    value: 'tcp://10.96.0.7:8080',
    remedy: /enableServiceLinks: false/,
  },
  {
    what: 'a misspelt setting',
    make: (installation) => Object.assign(first(installation), { clientCertificateAuthorty: 'serving.crt' }),
    setting: /kubepass\.yaml:\d+:\d+: clusters\[0\]\.clientCertificateAuthorty: /,
    value: 'clientCertificateAuthorty',
    remedy: /did you mean clientCertificateAuthority\?/,
  },
  {
    what: 'broken YAML',
    make: (installation) => (installation.text = (yaml) => yaml.replace('dataDir: data', 'dataDir: "data')),
    setting: /kubepass\.yaml:\d+:\d+: /,
    value: 'MISSING_CHAR',
    remedy: /is not YAML: MISSING_CHAR\. Its text, which may hold secrets, is not repeated/,
  },
  {
    what: 'a file that is not there',
    make: (installation) => (first(installation)['servingCertificateAuthority'] = 'serving-ca.crt'),
    setting: /kubepass\.yaml:\d+:\d+: clusters\[0\]\.servingCertificateAuthority: /,
    value: ': below /',
    remedy: /there is no such file; mend the path/,
  },
  {
    what: 'the key of another CA',
    make: (installation) =>
      (first(installation)['signer'] = { localCA: { certFile: 'user-ca.crt', keyFile: 'leaf.key' } }),
    setting: /kubepass\.yaml:\d+:\d+: clusters\[0\]\.signer\.localCA: cluster "dev"/,
    value: '/leaf.key',
    remedy: /does not belong to the CA certificate; name the certificate of a CA and its own key/,
  },
  {
    what: 'a certificate that is no CA',
    make: (installation) =>
      (first(installation)['signer'] = { localCA: { certFile: 'leaf.crt', keyFile: 'leaf.key' } }),
    setting: /kubepass\.yaml:\d+:\d+: clusters\[0\]\.signer\.localCA: cluster "dev"/,
    value: '/leaf.crt',
    remedy: /is not a CA.*; name the certificate of a CA/,
  },
  {
    what: 'no TLS on an address that others reach',
    make: ({ file, environment }) => {
      file['tls'] = {};
      delete (file.callers.oidc[0] ?? {})['login'];
      environment['KUBEPASS_HOST'] = '0.0.0.0';
    },
    setting: /^KUBEPASS_HOST: /,
    value: '"0.0.0.0"',
    remedy: /set KUBEPASS_TLS_CERT_FILE and KUBEPASS_TLS_KEY_FILE, or KUBEPASS_TLS_TERMINATED=true/,
  },
  {
    what: 'an issuer over plain HTTP',
    make: (installation) => (issuer(installation)['issuer'] = 'http://idp.example/realms/corp'),
    setting: /kubepass\.yaml:\d+:\d+: callers\.oidc\[0\]\.issuer: /,
    value: 'plain http',
    remedy: /must be an https URL/,
  },
  {
    what: 'the id of the client among the audiences',
    make: (installation) => (issuer(installation)['audiences'] = ['kubepass-ui']),
    setting: /kubepass\.yaml:\d+:\d+: callers\.oidc\[0\]\.audiences: /,
    value: '"kubepass-ui"',
    remedy: /must not hold login\.clientId/,
  },
  {
    what: 'a second issuer without a prefix',
    make: ({ file }) =>
      file.callers.oidc.push({
        ...{ name: 'partner', issuer: 'https://idp.example', audiences: ['kubepass'] },
        ...{ usernamePrefix: '', groupsPrefix: 'partner:' },
      }),
    setting: /kubepass\.yaml:\d+:\d+: callers\.oidc\[1\]\.usernamePrefix: /,
    value: 'empty',
    remedy: /must be given/,
  },
  {
    what: 'two clusters of one name',
    make: (installation) => installation.file.clusters.push({ ...first(installation) }),
    setting: /kubepass\.yaml:\d+:\d+: clusters\[1\]\.name: /,
    value: '"dev"',
    remedy: /is the name of an earlier cluster/,
  },
  {
    what: 'a PostgreSQL that does not answer',
    make: ({ environment }) =>
      (environment['DATABASE_URL'] = `postgresql://kubepass:${secrets.database}@127.0.0.1:1/passes`),
    setting: /^DATABASE_URL: /,
    value: 'PostgreSQL on 127.0.0.1, port 1, database "passes", user "kubepass"',
    remedy: /start PostgreSQL there, or mend host and port/,
  },
  {
    what: 'a data dir that cannot be made',
    make: ({ file }) => (file['dataDir'] = 'serving.crt/data'),
    setting: /kubepass\.yaml:\d+:\d+: dataDir: /,
    value: '/serving.crt cannot',
    remedy: /name one that user \d+ may write to/,
  },
  {
    what: 'the secret of a webhook that is too short',
    make: ({ write }) => write('webhook.secret', 'whsec_c2hvcnQ=\n'),
    setting: /kubepass\.yaml:\d+:\d+: webhooks\[0\]\.secretFile: /,
    value: '/webhook.secret',
    remedy: /line 1 is not a secret: whsec_ and 24 to 64 octets in base64/,
  },
];
