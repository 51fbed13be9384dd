import { startOfNamedSecret, type Wording } from './secret-names.js';

/** Stands in an answer in place of a secret. */
export const redacted = '[redacted]';

/**
 * A text of an upload for display, with everything redacted that has the shape of a secret: credentials and queries of
 * URLs, values of names such as `password`, credentials of HTTP headers, tokens, private keys. If in doubt, it is redacted.
 * The server that a URL connects to stays. A text that is redacted already stays as it is.
 */
export function redactText(text: string): string {
  return redactNamed(redactUnnamed(text), 'text');
}

/** As `redactText`, for a text that is a URL, be it a broken one: without scheme, with one slash or with backslashes. */
export function redactUrl(text: string): string {
  return redactText(text.replace(userOfUrl, `$1${redacted}@`));
}

const userOfUrl = /^((?:\s*[a-z][a-z\d+.-]*:(?=\s*[/\\]))?[\s/\\]*)[^/?#\s\\][^/?#]*@/i;

/** Redacts the rest of the text behind the first name of a secret, because nothing tells surely where the value ends. */
export function redactNamed(text: string, wording: Wording): string {
  const start = startOfNamedSecret(text, wording);
  return start === null || start === text.length ? text : text.slice(0, start) + redacted;
}

/** Redacts what is a secret by its own shape. */
export function redactUnnamed(text: string): string {
  return shapes.reduce((rest, [shape, instead]) => rest.replace(shape, instead), redactAuthorities(text));
}

const shapes: readonly (readonly [RegExp, string])[] = [
  // RFC 7468; whole or cut off, in base64 or not.
  [/-----BEGIN [A-Z0-9 ]{0,64}PRIVATE KEY[^]*/g, redacted],
  [/LS0tLS1CRUdJTi[A-Za-z0-9+/_=-]*/g, redacted],
  [/\?\S+/g, `?${redacted}`],
  // RFC 6750 2.1, RFC 7617 2.
  [/\b(bearer|basic)((?:\s|\+|%20)+)\S+/gi, `$1$2${redacted}`],
  // RFC 7519: the base64url of `{"`.
  [/eyJ[\w-]{6,}(?:\.[\w-]*)*/g, redacted],
  // Tokens with a prefix that says so: of kubepass, webhooks, EKS, OpenShift, Google, GitHub, GitLab, Slack, Vault, DigitalOcean.
  [
    /(?:kubepass_|whsec_|k8s-aws-v1\.|sha256~|ya29\.|AIza|gh[opsur]_|github_pat_|gl[a-z]{2,5}-|xox[a-z]-|hv[bsr]\.|do[opr]_v1_)[\w~+/=.-]{8,}/g,
    redacted,
  ],
];

/** A host and port (RFC 3986 3.2), up to the end of a word. */
const hostAndPort = /^(?:\[[\da-f:.]*(?:%[\w.~-]*)?\]|[^:[\]]*)(?::\d*)?(?=$|[\s"'`,;)<>|&])/i;

/**
 * Redacts user and password of every URL (RFC 3986 3.2.1). An authority that is no host and port is unusable: most often a
 * password with a slash is in it, so what is behind its colon is redacted, up to the next `@` if there is one.
 */
function redactAuthorities(text: string): string {
  const lastAt = text.lastIndexOf('@');
  let shown = '';
  let from = 0;
  for (const { 0: whole, 1: authority = '', index } of text.matchAll(/\/\/([^/?#]*)/g)) {
    if (index < from) continue;
    const start = index + 2;
    const at = authority.lastIndexOf('@');
    const host = authority.slice(at + 1);
    if (hostAndPort.test(host)) {
      if (at === -1) continue;
      shown += `${text.slice(from, start)}${redacted}`;
      from = start + at;
    } else {
      const end = index + whole.length;
      const brokenAt = lastAt > end ? lastAt : end;
      const colon = at === -1 && brokenAt === end ? authority.indexOf(':') + 1 : 0;
      shown += `${text.slice(from, start + colon)}${redacted}`;
      from = brokenAt;
    }
  }
  return shown + text.slice(from);
}
