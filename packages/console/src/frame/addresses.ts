import type { ComponentType } from 'preact';
import { exec } from 'preact-iso/router';

/** A page: its address, with names for its parts, and its script, which comes when it is first opened. */
export interface AddressedPage {
  readonly path: string;
  readonly load: () => Promise<ComponentType>;
}

const page = (path: string, load: AddressedPage['load']): AddressedPage => ({ path: `/console${path}`, load });

/** All pages, the more special address first. */
const pages: readonly AddressedPage[] = [
  page('', () => import('../pages/home/home.js').then((all) => all.Home)),
  page('/requests', () => import('../pages/requests/requests.js').then((all) => all.Requests)),
  page('/requests/:id', () => import('../pages/requests/request.js').then((all) => all.RequestPage)),
  page('/ask', () => import('../pages/ask/ask.js').then((all) => all.Ask)),
  page('/identities', () => import('../pages/identities/identities.js').then((all) => all.Identities)),
  page('/identities/:username', () => import('../pages/identities/identity.js').then((all) => all.IdentityPage)),
  page('/certificates', () => import('../pages/certificates/certificates.js').then((all) => all.Certificates)),
  page('/certificates/:fingerprint', () =>
    import('../pages/certificates/certificate.js').then((all) => all.CertificatePage),
  ),
  page('/inspect', () => import('../pages/inspect/inspect.js').then((all) => all.Inspect)),
  page('/policies', () => import('../pages/policies/policies.js').then((all) => all.Policies)),
  page('/policies/draft', () => import('../pages/policies/draft.js').then((all) => all.PolicyDraft)),
  page('/policies/:name', () => import('../pages/policies/policy.js').then((all) => all.PolicyPage)),
  page('/clusters', () => import('../pages/clusters/clusters.js').then((all) => all.Clusters)),
  page('/clusters/:name', () => import('../pages/clusters/cluster.js').then((all) => all.ClusterPage)),
  page('/audit', () => import('../pages/audit/audit.js').then((all) => all.Audit)),
  page('/directory', () => import('../pages/directory/directory.js').then((all) => all.Directory)),
  page('/directory/:id', () => import('../pages/directory/directory-user.js').then((all) => all.DirectoryUserPage)),
  page('/webhooks', () => import('../pages/webhooks/webhooks.js').then((all) => all.Webhooks)),
  page('/me', () => import('../pages/me/me.js').then((all) => all.Me)),
  page('/tokens', () => import('../pages/tokens/tokens.js').then((all) => all.Tokens)),
  page('/sessions', () => import('../pages/sessions/sessions.js').then((all) => all.Sessions)),
  page('/signed-in', () => import('../pages/sign-in/signed-in.js').then((all) => all.SignedIn)),
];

/** The page of an address; undefined where there is none, or where it is malformed. */
export function pageAt(path: string): AddressedPage | undefined {
  try {
    return pages.find((one) => exec(path, one.path) as unknown);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
