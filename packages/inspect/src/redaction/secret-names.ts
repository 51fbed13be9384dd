/**
 * Names of secrets, alone or in a longer name: `--oidc-client-secret`, `AWS_SESSION_TOKEN`, `X-Api-Key`. A short one counts
 * only where no letter is beside it: `pass` is in `passthrough`, too.
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
export type Wording = keyof typeof namedSecrets;

/** The place where the value of the first named secret of a text begins; null where the text names none. */
export function startOfNamedSecret(text: string, wording: Wording): number | null {
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
