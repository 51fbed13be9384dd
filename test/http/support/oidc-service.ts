import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { localAuthority } from '../../helpers/local-authority.js';
import type { IdentityProvider } from '../../helpers/identity-provider.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { startService, type TestService, type TestServiceOptions } from './service.js';

export interface OidcServiceOptions extends Omit<TestServiceOptions, 'config'> {
  /** Further members of `callers.oidc[0]`. */
  readonly oidc?: Readonly<Record<string, unknown>>;
  /** Further issuers. */
  readonly others?: readonly Readonly<Record<string, unknown>>[];
  readonly roles?: readonly Readonly<Record<string, unknown>>[];
  /** Further settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** The whole service with one cluster, whose people come with tokens of this provider for the audience `kubepass`. */
export async function startOidcService(
  provider: Pick<IdentityProvider, 'issuer' | 'caPem'>,
  { oidc = {}, others = [], roles = [], settings = {}, ...options }: OidcServiceOptions = {},
): Promise<TestService> {
  const directory = temporaryDirectory();
  const file = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
    return join(directory.path, name);
  };
  const authority = await localAuthority();
  const certFile = file('ca.crt', authority.certificatePem);
  const keyFile = file('ca.key', authority.privateKeyPem);
  const trust = provider.caPem !== null && { certificateAuthority: file('idp.crt', provider.caPem) };
  const issuer = { name: 'corp', issuer: provider.issuer, audiences: ['kubepass'], ...trust, ...oidc };
  const server = 'https://127.0.0.1:6443';
  const signer = { localCA: { certFile, keyFile } };
  const config = {
    clusters: [{ name: 'demo', server, servingCertificateAuthority: certFile, signer }],
    callers: { oidc: [issuer, ...others] },
    roles,
    ...settings,
  };
  const service = await startService({ ...options, config: stringify(config) });
  return {
    ...service,
    async close() {
      await service.close();
      directory.remove();
    },
  };
}
