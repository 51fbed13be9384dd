import { createHash } from 'node:crypto';
import { cacheOfLogin } from './cache-of.js';
import type { Login } from './credential-cache.js';
import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';
import { ServiceClient } from './service-client.js';
import { loginCommand, type Settings, type TokenOptions } from './settings.js';

export interface ServiceAtLogin {
  /** Null: nobody has logged in there. */
  readonly login: Login | null;
  readonly client: ServiceClient;
  /** With the CA and the token of the login. */
  readonly settings: Settings & Partial<TokenOptions>;
}

/** The login that these settings refer to; null: there is none. */
export function loginOf(settings: Pick<Settings, 'server' | 'login'>, machine: Machine): Login | null {
  const login = cacheOfLogin(settings, machine).read('login');
  return login?.server === settings.server ? login : null;
}

/** The kubepass of a kubeconfig, with the CA of the login there. Throws where the kubeconfig has another one. */
export function serviceAtLogin(settings: Settings, machine: Machine, callMilliseconds: number): ServiceAtLogin {
  const login = loginOf(settings, machine);
  if (login === null) return { login, client: new ServiceClient(settings, machine, callMilliseconds), settings };
  const { certificateAuthority, tokenFile, tokenCommand } = login;
  if (settings.certificateAuthority !== null && authorityName(settings) !== authorityName(login))
    throw new PluginError(
      `the kubeconfig has another CA of ${login.server} than your login: ${authorityName(settings)} instead of ${authorityName(login)}. If whoever administers kubepass has replaced it, run: ${loginCommand({ ...settings, tokenFile, tokenCommand })}`,
    );
  const pinned = { ...settings, certificateAuthority, tokenFile, tokenCommand };
  return { login, client: new ServiceClient(pinned, machine, callMilliseconds), settings: pinned };
}

/** The CAs of kubepass for people, and to compare: the SHA-256 of each certificate. */
export function authorityName({ certificateAuthority: pem }: Pick<Settings, 'certificateAuthority'>): string {
  if (pem === null) return 'the CAs that Node.js trusts';
  const certificates = pem.match(/(?<=-----BEGIN CERTIFICATE-----)[^-]+(?=-----END CERTIFICATE-----)/g) ?? [];
  const hashes = certificates.map((text) => createHash('sha256').update(Buffer.from(text, 'base64')).digest('hex'));
  return [...new Set(hashes)].sort().join(', ');
}
