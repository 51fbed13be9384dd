import type { Schemas } from '../../service/client.js';
import { duration, secondsOf, sentence } from '../../parts/words.js';

export const fieldNames = [
  ...(['cluster', 'username', 'groups', 'lifetime', 'reason'] as const),
  ...(['namespace', 'labels', 'collector', 'csr'] as const),
];
export type FieldName = (typeof fieldNames)[number];
/** The texts in the fields, as they were typed. */
export type AskValues = Readonly<Record<FieldName, string>>;
/** A field, and what is wrong with it. */
export type Fault = readonly [field: FieldName, text: string];
export type Spec = Schemas['EvaluationSpec'];

/** The names in a text, with commas between them. */
export const namesIn = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

const day = 86_400;
/** The one name in a list that is no pattern; empty where there are more: nobody is to ask for more than they need. */
const only = ([one = '', ...others]: readonly string[]): string => (others.length > 0 || /[*?]/.test(one) ? '' : one);

/** The fields as an offer fills them. */
export const filledBy = (
  offer: Schemas['PolicyOffer'],
  { cluster, username }: Pick<AskValues, 'cluster' | 'username'>,
) => ({
  cluster: offer.clusters.includes(cluster) ? cluster : only(offer.clusters),
  username: only(offer.usernames) || username,
  groups: only(offer.groups),
  lifetime: duration(Math.min(offer.maxExpirationSeconds ?? day, day)),
});

const certificationRequest =
  /-----BEGIN (NEW )?CERTIFICATE REQUEST-----[\sA-Za-z0-9+/=]+-----END \1?CERTIFICATE REQUEST-----/;
/** The PEM block of a PKCS#10 certification request in a text; undefined where there is none. */
export const csrIn = (text: string): string | undefined => certificationRequest.exec(text)?.[0];

/** Whether a text has a private key in it, of whatever form PEM has a name for. */
export const hasPrivateKey = (text: string): boolean => /PRIVATE KEY/i.test(text);

/**
 * The ask that stands in the fields, and what is wrong with them before anybody else looks. With a CSR its names count;
 * a renewal has all names from its certificate.
 */
export function askOf(values: AskValues, renewalOf: string | null): { readonly spec: Spec; readonly faults: Fault[] } {
  const faults: Fault[] = [];
  const spec: Spec = {};
  const typed = (name: FieldName) => values[name].trim();
  const csr = csrIn(values.csr);
  if (csr !== undefined) spec.csr = `${csr}\n`;
  else if (typed('csr') !== '') faults.push(['csr', 'This is not a PKCS#10 certification request in PEM form.']);
  const seconds = secondsOf(values.lifetime);
  if (seconds !== null) spec.expirationSeconds = seconds;
  else if (typed('lifetime') !== '') faults.push(['lifetime', 'Write it as “8 hours” or “1 day 12 hours”.']);
  if (typed('reason') !== '') spec.reason = typed('reason');
  if (renewalOf !== null) return { spec: { ...spec, renewalOf }, faults };

  for (const name of ['cluster', 'namespace', 'collector'] as const) if (typed(name) !== '') spec[name] = typed(name);
  if (spec.cluster === undefined) faults.push(['cluster', 'Name a cluster.']);
  if (csr === undefined) {
    if (typed('username') === '') faults.push(['username', 'Name the user, or give a CSR.']);
    else spec.username = typed('username');
    spec.groups = namesIn(values.groups);
  }
  const labels = namesIn(values.labels).map((label): [string, string] => {
    const end = label.indexOf('=');
    if (end === -1) faults.push(['labels', `Write each label as key=value, unlike “${label}”.`]);
    return [label.slice(0, end).trim(), label.slice(end + 1).trim()];
  });
  if (labels.length > 0) spec.labels = Object.fromEntries(labels);
  return { spec, faults };
}

const reasons: Readonly<Record<string, FieldName>> = {
  ...{ UsernameNotPermitted: 'username', SystemName: 'username', PrivilegedUsername: 'username' },
  ...{ GroupNotPermitted: 'groups', SystemGroup: 'groups', PrivilegedGroup: 'groups' },
  ...{ TooManyGroups: 'groups', DuplicateGroup: 'groups', CollectorNotPermitted: 'collector' },
  ...{ ExpirationTooShort: 'lifetime', ExpirationTooLong: 'lifetime' },
  ...{ ReasonRequired: 'reason', ReasonNotAccepted: 'reason' },
};
/** Reasons whose message begins with the party that it is about. */
const aboutAParty = ['NameNotAllowed', 'IdentityBlocked', 'DirectoryUserInactive', 'UsernameReused'];
const parties: Readonly<Record<string, FieldName>> = {
  ...{ username: 'username', group: 'groups', groups: 'groups', collector: 'collector' },
};

/** The field that a violation is about; undefined where it is about the whole. */
function fieldOf({ reason, message }: Schemas['Violation'], bringsKey: boolean): FieldName | undefined {
  if (bringsKey && ['KeyAlgorithmNotPermitted', 'RsaKeyTooSmall'].includes(reason)) return 'csr';
  return aboutAParty.includes(reason) ? parties[/^\w+/.exec(message)?.[0] ?? ''] : reasons[reason];
}

/** The message of a violation; a lifetime in it is said in words. */
const inWords = (message: string): string =>
  message
    .replace(/^expirationSeconds (\d+)/, (_, seconds) => `the lifetime of ${duration(Number(seconds))}`)
    .replace(/(?<=^the lifetime of .* the )\d+/, (seconds) => duration(Number(seconds)));

/** Violations as faults of their fields, and the others. */
export function placed(violations: readonly Schemas['Violation'][], bringsKey: boolean) {
  const faults: Fault[] = [];
  const others = violations.filter((violation) => {
    const field = fieldOf(violation, bringsKey);
    if (field !== undefined) faults.push([field, sentence(inWords(violation.message))]);
    return field === undefined;
  });
  return { faults, others };
}

/** The errors of a refused call as faults of their fields. */
export function faultsIn({ errors = [], type, detail }: Schemas['Problem']): Fault[] {
  if (type === 'urn:kubepass:problem:unacceptable-csr') return [['csr', sentence(detail)]];
  return errors.flatMap(({ pointer, message }): Fault[] => {
    const first = pointer.split('/')[1]?.replace('expirationSeconds', 'lifetime');
    return fieldNames.flatMap((name): Fault[] => (name === first ? [[name, sentence(message)]] : []));
  });
}
