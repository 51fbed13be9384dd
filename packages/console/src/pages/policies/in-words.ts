import { approvalInWords, approversInWords, duration, either, spaced } from '../../parts/words.js';

type Texts = readonly string[];
type Lists = Readonly<Record<string, Texts>>;
/** Members of a spec, each of which may be left out. */
type Some<T> = Readonly<Partial<T>>;
type Principals = Some<{ names: Texts; groups: Texts; roles: Texts }>;
type Stages = readonly Some<{ count: number; approvers: Principals }>[];
type Hours = { timeZone: string } & Some<{ weekdays: Texts; from: string; to: string }>;
type Lengths = Some<{ minExpirationSeconds: number; maxExpirationSeconds: number; minRsaBits: number }>;

/** The `spec` of a policy or guardrail, as far as it has words of its own. */
type Spec = Some<{
  selector: Some<{ clusters: Texts; labels: Lists; requesters: Principals }>;
  allowed: Some<{ usernames: Texts; groups: Texts; groupsFromDirectory: Lists; collectors: Texts }>;
  constraints: Lengths &
    Some<{ keyAlgorithms: Texts; reason: { pattern?: string }; hours: Hours; notBefore: string; notAfter: string }>;
  validations: readonly { expression: string; message?: string }[];
  quota: Readonly<Record<string, number>>;
  approval: Some<{ mode: 'auto' | 'manual'; stages: Stages }>;
  renewal: Some<{ approval: 'same' | 'auto'; withinSeconds: number }>;
  match: Some<{ usernames: Texts; groups: Texts }>;
  matchConditions: readonly { name: string; expression: string }[];
  resolvesTo: Texts;
  message: string;
}>;

/** A part of a policy, and its words. */
export type Phrase = readonly [about: string, words: string];

/** A part that a policy has; nothing where it does not. */
const phrase = <T>(about: string, value: T | undefined, words: (value: T) => string): readonly Phrase[] =>
  value === undefined ? [] : [[about, words(value)]];

const globs = (all: readonly string[]): string => (all.includes('*') ? 'any' : either(all) || 'none');

/** A policy or guardrail part by part, for people who do not read YAML. Parts that it does not have are left out. */
export function policyInWords(kind: 'Policy' | 'Guardrail', spec: unknown): readonly Phrase[] {
  const { selector = {}, approval, match = {}, matchConditions = [], resolvesTo, message, ...others } = spec as Spec;
  const { clusters = ['*'], labels = {}, requesters = {} } = selector;
  return [
    ['Clusters', globs(clusters)],
    ['Asked by', approversInWords(requesters).replace(/^any approver$/, 'anybody who may ask')],
    ...Object.entries(labels).map(([key, values]): Phrase => [`Label ${key}`, globs(values)]),
    ...(kind === 'Policy' ? givenInWords(others) : []),
    ...phrase('Usernames', match.usernames, globs),
    ...phrase('Groups', match.groups, globs),
    ...matchConditions.map(({ name, expression }): Phrase => [`If ${name}`, expression]),
    ...phrase('If it opens', resolvesTo, either),
    ...(kind === 'Policy'
      ? [['Given', approvalInWords(approval?.mode === 'manual' ? (approval.stages ?? [{}]) : [])] as const]
      : phrase('Given', approval, ({ stages = [{}] }) => approvalInWords(stages))),
    ...phrase(
      'Renewed',
      others.renewal?.approval === 'auto' ? others.renewal.withinSeconds : undefined,
      (seconds) => `at once, within ${duration(seconds)} after people approved`,
    ),
    ...(kind === 'Guardrail' && approval === undefined ? [['Denies', message ?? ''] as const] : []),
  ];
}

function givenInWords({ allowed = {}, constraints = {}, validations = [], quota = {} }: Spec): readonly Phrase[] {
  const { minExpirationSeconds, maxExpirationSeconds, keyAlgorithms, minRsaBits, reason, hours } = constraints;
  return [
    ['Usernames', globs(allowed.usernames ?? [])],
    ['Groups', globs(allowed.groups ?? [])],
    ...Object.entries(allowed.groupsFromDirectory ?? {}).map(([group, given]): Phrase => [
      `Members of ${group}`,
      `also the groups ${globs(given)}`,
    ]),
    ['Collected by', allowed.collectors ? globs(allowed.collectors) : 'the requester alone'],
    ...phrase('For at least', minExpirationSeconds, duration),
    ...phrase('For at most', maxExpirationSeconds, duration),
    ...phrase('Keys', keyAlgorithms, either),
    ...phrase('RSA keys', minRsaBits, (bits) => `of at least ${bits} bits`),
    ...phrase('Reason', reason, ({ pattern }) => (pattern === undefined ? 'required' : `matches ${pattern}`)),
    ...phrase(
      'Hours',
      hours,
      ({ weekdays, from = '00:00', to = '24:00', timeZone }) =>
        `${weekdays?.join(', ') ?? 'every day'}, ${from} to ${to} (${timeZone})`,
    ),
    ...phrase('Not before', constraints.notBefore, String),
    ...phrase('Not after', constraints.notAfter, String),
    ...validations.map(({ expression, message }): Phrase => ['Must hold', message ?? expression]),
    ...Object.entries(quota).map(([name, most]): Phrase => ['At most', `${most} ${quotas[name] ?? name}`]),
  ];
}

/** The checks of a decision by the last part of their names, as `policyInWords` names these parts of a policy. */
const checks: Readonly<Record<string, string>> = {
  ...{ clusters: 'Clusters', usernames: 'Usernames', groups: 'Groups', collectors: 'Collected by', match: 'Matches' },
  ...{ minExpirationSeconds: 'For at least', maxExpirationSeconds: 'For at most', keyAlgorithms: 'Keys' },
  ...{ minRsaBits: 'RSA keys', reason: 'Reason', hours: 'Hours', notBefore: 'Not before', notAfter: 'Not after' },
};

/** A check of a decision, and what was found or would pass, in the words that the policy has. */
export function checkInWords(check: string): string {
  const [first = '', ...rest] = check.split('.');
  if (/^validations|^quota/.test(first)) return first === 'quota' ? 'At most' : 'Must hold';
  if (rest[0] === 'labels') return `Label ${rest.slice(1).join('.')}`;
  if (first === 'matchConditions') return `If ${rest.join('.')}`;
  return rest[0] === 'requesters' ? 'Asked by' : (checks[rest.at(-1) ?? first] ?? spaced(check.replace('.', ' ')));
}

/** A value of a check: seconds of a lifetime as a duration. */
export const valueInWords = (check: string, text: string): string =>
  check.endsWith('ExpirationSeconds') ? text.replace(/\d+/, (seconds) => duration(Number(seconds))) : text;

const quotas: Readonly<Record<string, string>> = {
  livePerUsername: 'live certificates of a username',
  livePerGroup: 'live certificates with a group',
  livePerRequester: 'live certificates of a requester',
  issuancesPerHour: 'certificates of a requester in an hour',
};
