import { approversInWords, duration, either } from '../../parts/words.js';

interface Principals {
  readonly names?: readonly string[];
  readonly groups?: readonly string[];
  readonly roles?: readonly string[];
}
interface Stage {
  readonly count?: number;
  readonly approvers?: Principals;
}
/** The `spec` of a policy or guardrail, as far as it has words of its own. */
interface Spec {
  readonly selector?: {
    readonly clusters?: readonly string[];
    readonly labels?: Readonly<Record<string, readonly string[]>>;
    readonly requesters?: Principals;
  };
  readonly allowed?: {
    readonly usernames?: readonly string[];
    readonly groups?: readonly string[];
    readonly groupsFromDirectory?: Readonly<Record<string, readonly string[]>>;
    readonly collectors?: readonly string[];
  };
  readonly constraints?: {
    readonly minExpirationSeconds?: number;
    readonly maxExpirationSeconds?: number;
    readonly keyAlgorithms?: readonly string[];
    readonly minRsaBits?: number;
    readonly reason?: { readonly pattern?: string };
    readonly hours?: {
      readonly timeZone: string;
      readonly weekdays?: readonly string[];
      readonly from?: string;
      readonly to?: string;
    };
    readonly notBefore?: string;
    readonly notAfter?: string;
  };
  readonly validations?: readonly { readonly expression: string; readonly message?: string }[];
  readonly quota?: Readonly<Record<string, number>>;
  readonly approval?: { readonly mode?: 'auto' | 'manual'; readonly stages?: readonly Stage[] };
  readonly renewal?: { readonly approval?: 'same' | 'auto'; readonly withinSeconds?: number };
  readonly match?: { readonly usernames?: readonly string[]; readonly groups?: readonly string[] };
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
  readonly resolvesTo?: readonly string[];
  readonly message?: string;
}

/** A part of a policy, and its words. */
export interface Phrase {
  readonly about: string;
  readonly words: string;
}

const patterns = (globs: readonly string[]): string => (globs.length === 0 ? 'none' : either(globs));

/** A policy or guardrail part by part, for people who do not read YAML. Parts that it does not have are left out. */
export function policyInWords(kind: 'Policy' | 'Guardrail', spec: unknown): readonly Phrase[] {
  const {
    selector = {},
    allowed,
    match,
    matchConditions = [],
    resolvesTo,
    message,
    approval,
    ...others
  } = spec as Spec;
  const { clusters, labels = {}, requesters } = selector;
  const phrases: (Phrase | false)[] = [
    { about: 'Clusters', words: clusters ? patterns(clusters) : 'every cluster' },
    { about: 'Asked by', words: requesters ? askersInWords(requesters) : 'anybody who may ask' },
    ...Object.entries(labels).map(([key, values]) => ({ about: `Label ${key}`, words: patterns(values) })),
    allowed !== undefined && { about: 'Usernames', words: patterns(allowed.usernames ?? []) },
    allowed !== undefined && { about: 'Groups', words: patterns(allowed.groups ?? []) },
    ...Object.entries(allowed?.groupsFromDirectory ?? {}).map(([group, given]) => ({
      about: `Members of ${group}`,
      words: `also the groups ${patterns(given)}`,
    })),
    allowed?.collectors !== undefined && { about: 'Collected by', words: patterns(allowed.collectors) },
    match?.usernames !== undefined && { about: 'Usernames', words: patterns(match.usernames) },
    match?.groups !== undefined && { about: 'Groups', words: patterns(match.groups) },
    ...matchConditions.map(({ name, expression }) => ({ about: `If ${name}`, words: expression })),
    resolvesTo !== undefined && { about: 'If it could', words: either(resolvesTo) },
    ...limitsInWords(others),
    kind === 'Policy' && { about: 'Approval', words: approvalInWords(approval) },
    kind === 'Guardrail' && {
      about: approval === undefined ? 'Denies' : 'Asks for',
      words: approval === undefined ? (message ?? '') : stagesInWords(approval.stages ?? []),
    },
  ];
  return phrases.filter((phrase) => phrase !== false);
}

function askersInWords({ names, groups, roles }: Principals): string {
  const words = approversInWords({ ...(names && { names }), ...(groups && { groups }), ...(roles && { roles }) });
  return words === 'any approver' ? 'anybody who may ask' : words;
}

function limitsInWords({ constraints = {}, validations = [], quota = {}, renewal }: Spec): readonly (Phrase | false)[] {
  const { minExpirationSeconds, maxExpirationSeconds, keyAlgorithms, minRsaBits, reason, hours } = constraints;
  const { notBefore, notAfter } = constraints;
  return [
    minExpirationSeconds !== undefined && { about: 'For at least', words: duration(minExpirationSeconds) },
    maxExpirationSeconds !== undefined && { about: 'For at most', words: duration(maxExpirationSeconds) },
    keyAlgorithms !== undefined && { about: 'Keys', words: either(keyAlgorithms) },
    minRsaBits !== undefined && { about: 'RSA keys', words: `of at least ${minRsaBits} bits` },
    reason !== undefined && {
      about: 'Reason',
      words: reason.pattern === undefined ? 'required' : `required, and matches ${reason.pattern}`,
    },
    hours !== undefined && {
      about: 'Hours',
      words: `${hours.weekdays?.join(', ') ?? 'every day'}, ${hours.from ?? '00:00'} to ${hours.to ?? '24:00'} (${hours.timeZone})`,
    },
    notBefore !== undefined && { about: 'Not before', words: notBefore },
    notAfter !== undefined && { about: 'Not after', words: notAfter },
    ...validations.map(({ expression, message }) => ({ about: 'Must hold', words: message ?? expression })),
    ...Object.entries(quota).map(([name, most]) => ({ about: quotas[name] ?? name, words: `at most ${most}` })),
    renewal?.approval === 'auto' && {
      about: 'Renewal',
      words: `at once, while the last approval is not older than ${duration(renewal.withinSeconds ?? 0)}`,
    },
  ];
}

const quotas: Readonly<Record<string, string>> = {
  livePerUsername: 'Live certificates of a username',
  livePerGroup: 'Live certificates with a group',
  livePerRequester: 'Live certificates of a requester',
  issuancesPerHour: 'Certificates of a requester in an hour',
};

const approvalInWords = (approval: Spec['approval']): string =>
  approval?.mode === 'manual' ? stagesInWords(approval.stages ?? [{}]) : 'at once, nobody is asked';

/** `2 of anyone in team-leads, then 1 of anyone in security`. */
export const stagesInWords = (stages: readonly Stage[]): string =>
  stages.map(({ count = 1, approvers = {} }) => `${count} of ${approversInWords(approvers)}`).join(', then ');
