import type { Schemas } from '../../service/client.js';
import { duration, sentence } from '../../parts/words.js';
import { secondsOf } from '../../parts/lifetime.js';

/** The texts in the fields, as they were typed. */
export interface AskValues {
  readonly cluster: string;
  readonly username: string;
  readonly groups: string;
  readonly lifetime: string;
  readonly reason: string;
  readonly namespace: string;
  readonly labels: string;
  readonly collector: string;
  readonly csr: string;
  readonly keyAlgorithm: string;
}
export type FieldName = keyof AskValues;
/** The faults of the fields, in words. */
export type Wrong = Partial<Record<FieldName, readonly string[]>>;

export type Spec = Schemas['EvaluationSpec'];

/** Commas between names; an empty name is none. */
const namesIn = (text: string): string[] =>
  text
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');

const emptyFields: AskValues = {
  cluster: '',
  username: '',
  groups: '',
  lifetime: '',
  reason: '',
  namespace: '',
  labels: '',
  collector: '',
  csr: '',
  keyAlgorithm: '',
};
export const valuesWith = (some: Partial<AskValues>): AskValues => ({ ...emptyFields, ...some });

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
export function askOf(values: AskValues, renewalOf: string | null): { readonly spec: Spec; readonly wrong: Wrong } {
  const wrong: { -readonly [name in FieldName]?: string[] } = {};
  const typed = (name: FieldName): string | undefined => values[name].trim() || undefined;
  const spec: Spec = {};
  const csr = csrIn(values.csr);
  if (values.csr.trim() !== '') {
    if (csr === undefined) wrong.csr = ['This is no PKCS#10 certification request as PEM.'];
    else spec.csr = `${csr}\n`;
  } else if (values.keyAlgorithm !== '') spec.keyAlgorithm = values.keyAlgorithm as NonNullable<Spec['keyAlgorithm']>;
  if (typed('lifetime') !== undefined) {
    const seconds = secondsOf(values.lifetime);
    if (seconds === null) wrong.lifetime = ['Write it as “8 hours”, “90 minutes” or “1 day 12 hours”.'];
    else spec.expirationSeconds = seconds;
  }
  if (typed('reason') !== undefined) spec.reason = values.reason.trim();
  if (renewalOf !== null) return { spec: { ...spec, renewalOf }, wrong };

  for (const name of ['cluster', 'namespace', 'collector'] as const) {
    const value = typed(name);
    if (value !== undefined) spec[name] = value;
  }
  if (spec.cluster === undefined) wrong.cluster = ['Name a cluster.'];
  if (spec.csr === undefined) {
    const username = typed('username');
    if (username === undefined) wrong.username = ['Name the user, or give a CSR.'];
    else spec.username = username;
    spec.groups = namesIn(values.groups);
  }
  const labels = namesIn(values.labels).map((label): [string, string] => {
    const [key = '', ...value] = label.split('=');
    if (value.length === 0) (wrong.labels ??= []).push(`Write each label as key=value, unlike “${label}”.`);
    return [key.trim(), value.join('=').trim()];
  });
  if (labels.length > 0) spec.labels = Object.fromEntries(labels);
  return { spec, wrong };
}

const fieldOfReason: Readonly<Record<string, FieldName>> = {
  UsernameNotPermitted: 'username',
  SystemName: 'username',
  PrivilegedUsername: 'username',
  GroupNotPermitted: 'groups',
  SystemGroup: 'groups',
  PrivilegedGroup: 'groups',
  TooManyGroups: 'groups',
  DuplicateGroup: 'groups',
  CollectorNotPermitted: 'collector',
  ExpirationTooShort: 'lifetime',
  ExpirationTooLong: 'lifetime',
  ReasonRequired: 'reason',
  ReasonNotAccepted: 'reason',
};
/** Reasons whose message begins with the party that it is about. */
const aboutAParty = ['NameNotAllowed', 'IdentityBlocked', 'DirectoryUserInactive', 'UsernameReused'];
const partyField: Readonly<Record<string, FieldName>> = {
  username: 'username',
  group: 'groups',
  groups: 'groups',
  collector: 'collector',
};

/** The field that a violation is about; null where it is about the whole. */
export function fieldOf({ reason, message }: Schemas['Violation'], bringsKey: boolean): FieldName | null {
  if (reason === 'KeyAlgorithmNotPermitted' || reason === 'RsaKeyTooSmall') return bringsKey ? 'csr' : 'keyAlgorithm';
  if (aboutAParty.includes(reason)) return partyField[/^\w+/.exec(message)?.[0] ?? ''] ?? null;
  return fieldOfReason[reason] ?? null;
}

/** The message of a violation; a lifetime in it is said in words. */
const inWords = ({ reason, message }: Schemas['Violation']): string =>
  fieldOfReason[reason] === 'lifetime'
    ? message
        .replace(/^expirationSeconds (\d+)/, (_, seconds) => `the lifetime of ${duration(Number(seconds))}`)
        .replace(/(?<= the )\d+/, (seconds) => duration(Number(seconds)))
    : message;

/** Violations below their fields, and the others. */
export function placed(violations: readonly Schemas['Violation'][], bringsKey: boolean) {
  const wrong: { -readonly [name in FieldName]?: string[] } = {};
  const others: Schemas['Violation'][] = [];
  for (const violation of violations) {
    const field = fieldOf(violation, bringsKey);
    if (field === null) others.push(violation);
    else (wrong[field] ??= []).push(sentence(inWords(violation)));
  }
  return { wrong: wrong as Wrong, others };
}

/** The errors of a refused call below their fields. */
export function errorsAtFields({ errors = [], type, detail }: Schemas['Problem']): Wrong {
  if (type === 'urn:kubepass:problem:unacceptable-csr') return { csr: [sentence(detail)] };
  const wrong: { -readonly [name in FieldName]?: string[] } = {};
  for (const { pointer, message } of errors) {
    const first = pointer.split('/')[1] ?? '';
    const field = first === 'expirationSeconds' ? 'lifetime' : first;
    if (field in emptyFields) (wrong[field as FieldName] ??= []).push(sentence(message));
  }
  return wrong;
}
