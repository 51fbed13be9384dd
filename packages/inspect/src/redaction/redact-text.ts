/** Stands in an answer in place of a secret. */
export const redacted = '[redacted]';

/**
 * A text of an upload for display, with everything redacted that has the shape of a secret: credentials and queries of
 * URLs, values of names such as `password`, credentials of HTTP headers, tokens, private keys. If in doubt, it is
 * redacted. The server that a URL connects to stays. A text that is redacted already stays as it is.
 */
export function redactText(text: string): string {
  return redactNamed(redactUnnamed(text), 'text');
}

/**
 * As `redactText`, for a text that is a URL, be it a broken one: without scheme, with one slash or with backslashes.
 */
export function redactUrl(text: string): string {
  return redactText(text.replace(userOfUrl, `$1${redacted}@`));
}

const userOfUrl = /^((?:\s*[a-z][a-z\d+.-]*:(?=\s*[/\\]))?[\s/\\]*)[^/?#\s\\][^/?#]*@/i;

/**
 * Redacts the rest of the text behind the first name of a secret, because nothing tells surely where the value ends.
 */
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
  // Tokens with a prefix that says so: of kubepass, webhooks, EKS, OpenShift, Google, GitHub, GitLab, Slack, Vault,
  // DigitalOcean.
  [
    /(?:kubepass_|whsec_|k8s-aws-v1\.|sha256~|ya29\.|AIza|gh[opsur]_|github_pat_|gl[a-z]{2,5}-|xox[a-z]-|hv[bsr]\.|do[opr]_v1_)[\w~+/=.-]{8,}/g,
    redacted,
  ],
];

/** A host and port (RFC 3986 3.2), up to the end of a word. */
const hostAndPort = /^(?:\[[\da-f:.]*(?:%[\w.~-]*)?\]|[^:[\]]*)(?::\d*)?(?=$|[\s"'`,;)<>|&])/i;

/**
 * Redacts user and password of every URL (RFC 3986 3.2.1). An authority that is no host and port is unusable: most
 * often a password with a slash is in it, so what is behind its colon is redacted, up to the next `@` if there is one.
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

/**
 * Names of secrets, alone or in a longer name: `--oidc-client-secret`, `AWS_SESSION_TOKEN`, `X-Api-Key`. A short one
 * counts only where no letter is beside it: `pass` is in `passthrough`, too.
 */
const names = [
  'token|secret|passw|passphrase|pwd|credential|authorization|bearer|cookie|jwt|assertion|signature|saml',
  '(?:access|account|api|certificate|encryption|hmac|license|master|private|shared|signing|storage)[-_.]?key',
  'session[-_.]?(?:id|key)|(?:kubeconfig|key)[-_.]data',
  '(?<!by|com|kube)pass(?![a-z])|(?<![a-z])(?:auth|otp|pin|psk|pw|sas|sig)(?![a-z])',
].join('|');

/** Ends of names whose values are about a secret and are none: `--token-file`, `--password-stdin`, `AccessKeyId`. */
const aboutSecret =
  /(?:file|path|dir|ur[li]|endpoint|names?|type|mode|method|audience|stdin|stor(?:e|age)|cache|helper|provider|plugin|ttl|duration|version|format|key[-_.]?id)$/i;

/** The other characters of a name. The bound keeps a search short, however long the text is. */
const others = '[\\w.-]{0,64}';

/** The separator of a name and its value in a text: `name=`, `name: `, `"name":`. */
const inTexts = `(?:["'\\]]{1,2}\\s{0,8}(?:=>?|:)|\\s{0,8}(?:=>?|:(?=\\s))|%3d)\\s{0,8}`;
/** The same on a command line, where `name:value` is common, too. The colon behind a host stands before a port. */
const onCommandLines = `["'\\]]{0,2}\\s{0,8}(?:=>?|[:>]|%3[ad])\\s{0,8}`;
const notInHost = '(?<!\\/\\/[\\w.-]{0,253})';

const namedSecrets = {
  text: new RegExp(`(?:${names})${others}(?=(${inTexts}))`, 'gi'),
  'command line': new RegExp(`(?:${names})${notInHost}${others}(?=(${onCommandLines}))`, 'gi'),
} as const;

/** Where names and values stand. */
type Wording = keyof typeof namedSecrets;

/** The place where the value of the first named secret of a text begins; null where the text names none. */
function startOfNamedSecret(text: string, wording: Wording): number | null {
  for (const { 0: name, 1: separator = '', index } of text.matchAll(namedSecrets[wording]))
    if (!aboutSecret.test(name)) return index + name.length + separator.length;
  return null;
}

const lazily = `${others}?`;
const flagOfSecret = new RegExp(`^["']?(?:-{1,2}|/)${lazily}(?:${names})${others}[=:]?$`, 'i');
const nameOfSecret = new RegExp(`^["']?${lazily}(?:${names})${others}["']?[=:]$`, 'i');
const bareName = /^(?:token|secret|password|passwd|pwd|bearer|basic)$/i;
/** Flags of curl, docker, mysql, ldapsearch and redis-cli whose values are often secrets. */
const letters = '[HFabdpuw]';
const longFlags = '(?:data(?:-ascii|-binary|-raw|-urlencode)?|form|header|json|proxy-user|user)';
const otherFlag = new RegExp(`^-(?:${letters}|-?${longFlags})=?$`);
// `-profile` is a flag as Go's programs have them, `-pHunter2` is a password.
const otherFlagWithValue = new RegExp(`^(?:--?${longFlags}=|-${letters}(?![a-z-]*(?:=|$)))(?=[^])`);

/** Whether the next word of a command line is a secret: behind `--token`, `-u`, `X-Api-Key:`, `password`. */
export function asksForSecret(word: string): boolean {
  if (word.length > maxName) return false;
  if (otherFlag.test(word) || bareName.test(word)) return true;
  return (flagOfSecret.test(word) || nameOfSecret.test(word)) && !aboutSecret.test(word.replace(/["'=:]+$/, ''));
}

/** The place in a word where the value of such a flag begins; null where the word is none, or only the flag. */
export function startOfFlagValue(word: string): number | null {
  return otherFlagWithValue.exec(word)?.[0].length ?? null;
}

/** Characters. */
const maxName = 200;
