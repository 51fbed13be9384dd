import {
  humanDuration,
  leaf,
  quote,
  quoteAll,
  type TextNode,
  textTree,
  visible,
  wrapParagraph,
  wrapText,
} from '@kubepass/inspect/formats';
import type { ApprovalStage, Decision, RenewalFacts, TraceEntry } from '../model/decision.js';
import { quoteName } from '../model/name-grammar.js';
import type { Evaluation } from './evaluate-policies.js';
import { blastRadiusLines } from './blast-radius-view.js';

const width = 100;

/**
 * A decision as text for people: the outcome, why it is denied, the request, what is granted, and then how each
 * guardrail and policy judged the request, check by check. Characters that could not be seen are escaped in text of
 * callers and of policy authors.
 */
export function evaluationText(evaluation: Evaluation): string {
  const { decision } = evaluation;
  const rules = (kind: TraceEntry['kind']) => decision.trace.filter((entry) => entry.kind === kind);
  const deciding = decision.policy;
  return [
    outcomeText(decision),
    decision.outcome === 'denied' ? violationsText(decision) : '',
    section('Asked', fields(askedFields(evaluation))),
    decision.outcome === 'permitted' ? section('Granted', fields(grantedFields(decision))) : '',
    quotaText(evaluation),
    blastRadiusText(evaluation),
    section('Guardrails', tree(rules('guardrail').map((entry) => ruleNode(entry, null)))),
    section('Policies', tree(rules('policy').map((entry) => ruleNode(entry, deciding)))),
    section('Decided under', fields([[evaluation.draft ? 'a draft' : 'in force', evaluation.policySetDigest]])),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function outcomeText(decision: Decision): string {
  if (decision.outcome === 'denied') {
    const reasons = [...new Set(decision.violations.map(({ reason }) => reason))].join(', ');
    return paragraph(`DENIED: ${reasons}`);
  }
  const how = decision.approval === 'auto' ? 'at once' : 'once it is approved';
  return paragraph(`PERMITTED ${how}, by policy ${quote(decision.policy)}`);
}

function askedFields({ asked, requester, facts }: Evaluation): readonly Field[] {
  const key = asked.certificationRequest ? 'of the CSR' : 'generated when it is collected';
  return [
    ['by', quoteName(requester.name)],
    ['who has', `roles ${requester.roles.join(', ') || 'none'}; groups ${quoteAll(requester.groups)}`],
    ['cluster', asked.cluster],
    ['username', quote(asked.username)],
    ['groups', quoteAll(asked.groups)],
    ['key', `${asked.keyAlgorithm}, ${key}`],
    ['lifetime', lifetimeText(asked.expirationSeconds, facts.renewal?.expirationSeconds)],
    ['namespace', asked.namespace ?? 'none'],
    ['collector', quote(asked.collector)],
    ...renewalFields(facts.renewal),
    ['reason', asked.reason === null ? 'none' : quote(asked.reason)],
    ...Object.entries(asked.labels).map(([key, value]) => [`label ${key}`, quote(value)] as const),
  ];
}

function lifetimeText(asked: number | null, before: number | undefined): string {
  if (asked !== null) return duration(asked);
  return before === undefined ? 'left to policy' : `${duration(before)}, as before`;
}

function renewalFields(renewal: RenewalFacts | undefined): readonly Field[] {
  if (!renewal) return [];
  const { of, generation, approvedAt, notAfter } = renewal;
  return [
    ['renews', `${of}, until ${notAfter}`],
    ['generation', String(generation)],
    ['approved', approvedAt ?? 'by nobody whose approval counts here'],
  ];
}

function grantedFields(decision: Decision & { readonly outcome: 'permitted' }): readonly Field[] {
  const { expirationSeconds, stages, expiresAfterSeconds, kubeconfig } = decision;
  return [
    ['lifetime', duration(expirationSeconds)],
    ...(stages.length === 0
      ? ([['approval', 'automatic']] as const)
      : stages.map((stage, i) => [i === 0 ? 'approval' : 'then', stageText(stage)] as const)),
    ...(expiresAfterSeconds === null ? [] : [['waits for', duration(expiresAfterSeconds)] as const]),
    ...(kubeconfig.namespace === null ? [] : [['namespace', kubeconfig.namespace] as const]),
    ...(kubeconfig.contextName === null ? [] : [['context', quote(kubeconfig.contextName)] as const]),
  ];
}

function stageText({ count, approvers }: ApprovalStage): string {
  const { names, groups, roles } = approvers ?? { roles: ['approver', 'admin'] };
  const whose = [
    ...(names ? [`names ${quoteAll(names)}`] : []),
    ...(groups ? [`groups ${quoteAll(groups)}`] : []),
    ...(roles ? [`roles ${roles.join(' or ') || 'none'}`] : []),
  ];
  return `${count} of ${whose.join(' and ') || 'anybody'}`;
}

function violationsText({ violations }: Decision): string {
  const nodes = violations.map(({ reason, message }) => leaf(`${message} (${reason})`));
  return section('Violations', tree(nodes));
}

/** The current usage beside the limits of the deciding policy. */
function quotaText({ decision, facts, asked }: Evaluation): string {
  if (decision.outcome === 'denied' || Object.keys(decision.quota).length === 0) return '';
  const { usage } = facts;
  const { quota } = decision;
  const row = (name: string, used: number | undefined, most: number | undefined): readonly Field[] =>
    most === undefined ? [] : [[name, `${used ?? 'not known'} of ${most}`]];
  const rows = [
    ...row('of the username', usage?.livePerUsername, quota.livePerUsername),
    ...asked.groups.flatMap((group) => row(`of group ${quote(group)}`, usage?.livePerGroup[group], quota.livePerGroup)),
    ...row('of the requester', usage?.livePerRequester, quota.livePerRequester),
    ...row('within an hour', usage?.issuancesPerHour, quota.issuancesPerHour),
  ];
  return section('Quota, before this one', fields(rows));
}

/** Empty if the caller may not see the blast radius. */
function blastRadiusText({ blastRadius, asked }: Evaluation): string {
  if (blastRadius === undefined) return '';
  return section(`Blast radius on ${asked.cluster}`, tree(blastRadiusLines(blastRadius).map(leaf)));
}

const verdicts: Readonly<Record<TraceEntry['verdict'], string>> = {
  permits: '✓',
  denies: '✗',
  notApplicable: '·',
};

const verdictWords = {
  guardrail: { permits: 'lets it pass', denies: 'denies', notApplicable: 'does not apply' },
  policy: { permits: 'permits', denies: 'does not permit', notApplicable: 'does not apply' },
} as const;

function ruleNode({ kind, name, verdict, checks }: TraceEntry, deciding: string | null): TextNode {
  const decides = name === deciding ? ', and decides' : '';
  return {
    text: `${verdicts[verdict]} ${name} ${verdictWords[kind][verdict]}${decides}`,
    children: checks.map(({ check, passed, expected, found }) =>
      leaf(`${passed ? '✓' : '✗'} ${check}: expected ${expected}; found ${found}`),
    ),
  };
}

type Field = readonly [name: string, value: string];

/** Rows with the names in one column. A value that is too wide is wrapped within its own column. */
function fields(rows: readonly Field[]): readonly string[] {
  const column = 2 + Math.max(...rows.map(([name]) => Array.from(visible(name)).length));
  return rows.flatMap(([name, value]) => {
    const lines = wrapText(visible(value), Math.max(20, width - 2 - column));
    return lines.map((line, i) => `  ${padded(i === 0 ? visible(name) : '', column)}${line}`);
  });
}

const padded = (text: string, length: number): string => text + ' '.repeat(length - Array.from(text).length);

const tree = (nodes: readonly TextNode[]): readonly string[] =>
  nodes.length === 0 ? ['  none'] : textTree(nodes, width - 2).map((line) => `  ${line}`);

const section = (title: string, lines: readonly string[]): string => `${title}\n${lines.join('\n')}\n`;

const paragraph = (text: string): string => wrapParagraph(visible(text), '', width);

const duration = (seconds: number): string => `${seconds} s (${humanDuration(seconds)})`;
