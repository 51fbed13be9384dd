import { createHash } from 'node:crypto';
import type { ApprovalStage } from '../model/decision.js';
import { isDnsLabel } from '../model/name-grammar.js';
import { readStrictYaml } from '../yaml/read-strict-yaml.js';
import { patternVariables, unknownVariables } from './glob.js';
import { GuardrailDocument, PolicyDocument } from './policy-schema.js';
import type { Guardrail, Policy, PolicySet } from './policy-set.js';
import { shaped, type DocumentError } from './shape-errors.js';

/** Policy files by their names, in order. */
export type PolicyTexts = PolicySet['texts'];

/** A policy or guardrail as written: its name, the file it stands in, and its `spec` as YAML reads it. */
export interface PolicySource {
  readonly kind: 'Policy' | 'Guardrail';
  readonly name: string;
  readonly path: string;
  readonly spec: unknown;
}

export type PolicySetResult =
  | { readonly ok: true; readonly policySet: PolicySet }
  /** Each error reads `file:document/path: message`, documents counted from 1. */
  | { readonly ok: false; readonly errors: readonly string[] };

/** A cluster as far as a guardrail depends on it. */
export interface ConfiguredCluster {
  readonly name: string;
  readonly readsRoleBindings: boolean;
}

/** Reads the texts as one policy set, or answers everything that is wrong in them. No text is an empty set. */
export function parsePolicySet(texts: PolicyTexts, _clusters: readonly ConfiguredCluster[] = []): PolicySetResult {
  const { policies, guardrails, errors } = parseTexts(texts);
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, policySet: { policies, guardrails, digest: digestOf(texts), texts } };
}

/** What is in force, as `GET /v1/policies` shows it: in the order of the files. */
export function describePolicySet(policySet: PolicySet): readonly PolicySource[] {
  return parseTexts(policySet.texts).sources;
}

/** SHA-256 over names and texts, lower-case hex. Each is preceded by its length, so that no two sets run together alike. */
export function digestOf(texts: PolicyTexts): string {
  const hash = createHash('sha256');
  for (const part of texts.flatMap(({ path, text }) => [path, text])) {
    const bytes = Buffer.from(part, 'utf8');
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex');
}

function parseTexts(texts: PolicyTexts) {
  const policies: Policy[] = [];
  const guardrails: Guardrail[] = [];
  const sources: PolicySource[] = [];
  const errors: string[] = [];
  const places = new Map<string, string>();

  for (const { path, text } of texts) {
    for (const [i, document] of readStrictYaml(text).entries()) {
      const place = `${path}:${i + 1}`;
      const report = (error: DocumentError) => errors.push(`${place}${error.path || '/'}: ${error.message}`);
      if (!document.ok) {
        for (const message of document.errors) report({ path: '', message });
        continue;
      }
      if (document.value === null) continue; // nothing but comments

      const parsed = parseDocument(document.value);
      parsed.errors.forEach(report);
      const name = parsed.source?.name;
      if (name !== undefined) {
        const earlier = places.get(name);
        if (earlier !== undefined)
          report({ path: '/metadata/name', message: `"${name}" is already the name of ${earlier}` });
        else places.set(name, place);
      }
      if (parsed.source) sources.push({ ...parsed.source, path });
      if (parsed.policy) policies.push(parsed.policy);
      if (parsed.guardrail) guardrails.push(parsed.guardrail);
    }
  }
  return { policies, guardrails, sources, errors };
}

interface ParsedDocument {
  readonly errors: readonly DocumentError[];
  readonly source?: Omit<PolicySource, 'path'>;
  readonly policy?: Policy;
  readonly guardrail?: Guardrail;
}

function parseDocument(value: unknown): ParsedDocument {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (kind === 'Policy') {
    const shape = shaped(PolicyDocument, value);
    return shape.ok ? parsePolicy(shape.value) : { errors: shape.errors };
  }
  if (kind === 'Guardrail') {
    const shape = shaped(GuardrailDocument, value);
    return shape.ok ? parseGuardrail(shape.value) : { errors: shape.errors };
  }
  return { errors: [{ path: '/kind', message: 'must be one of Policy, Guardrail' }] };
}

function parsePolicy({ metadata: { name }, spec }: PolicyDocument): ParsedDocument {
  const { selector, allowed, constraints = {}, approval } = spec;
  const stages: readonly ApprovalStage[] = (approval.stages ?? [{}]).map((stage) => ({ count: 1, ...stage }));
  const errors = [
    ...nameErrors(name),
    ...selectorErrors(selector),
    ...patternErrors('/spec/allowed/usernames', allowed.usernames, patternVariables),
    ...patternErrors('/spec/allowed/groups', allowed.groups, patternVariables),
    ...stages.flatMap(({ approvers }, i) => principalErrors(`/spec/approval/stages/${i}/approvers`, approvers)),
    ...(approval.mode === 'auto' ? autoErrors(approval) : stageErrors(stages)),
  ];
  return {
    errors,
    source: { kind: 'Policy', name, spec },
    policy: {
      name,
      selector,
      allowed,
      constraints,
      validations: [],
      quota: {},
      approval: approval.mode === 'auto' ? { mode: 'auto' } : { mode: 'manual', stages },
      kubeconfig: { namespace: null, contextName: null },
    },
  };
}

function parseGuardrail({ metadata: { name }, spec }: GuardrailDocument): ParsedDocument {
  const { selector, match, message } = spec;
  const errors = [
    ...nameErrors(name),
    ...selectorErrors(selector),
    ...patternErrors('/spec/match/usernames', match?.usernames, patternVariables),
    ...patternErrors('/spec/match/groups', match?.groups, patternVariables),
  ];
  // Without `match` it denies whatever it selects; with one in which nothing can match it would never deny.
  if (match && [...(match.usernames ?? []), ...(match.groups ?? [])].length === 0)
    errors.push({ path: '/spec/match', message: 'matches nothing: name usernames or groups, or leave it out' });
  return {
    errors,
    source: { kind: 'Guardrail', name, spec },
    guardrail: { name, selector, match: match ?? null, matchConditions: [], resolvesTo: null, approval: null, message },
  };
}

function nameErrors(name: string): readonly DocumentError[] {
  return isDnsLabel(name)
    ? []
    : [{ path: '/metadata/name', message: 'must be a DNS label: a-z, 0-9 and inner -, at most 63 characters' }];
}

function selectorErrors({ clusters, requesters }: Policy['selector']): DocumentError[] {
  return [
    ...patternErrors('/spec/selector/clusters', clusters, []),
    ...principalErrors('/spec/selector/requesters', requesters),
  ];
}

function principalErrors(path: string, selector: Policy['selector']['requesters']): readonly DocumentError[] {
  return [
    ...patternErrors(`${path}/names`, selector?.names, []),
    ...patternErrors(`${path}/groups`, selector?.groups, []),
  ];
}

function patternErrors(
  path: string,
  patterns: readonly string[] | undefined,
  variables: readonly string[],
): readonly DocumentError[] {
  return (patterns ?? []).flatMap((pattern, i) =>
    unknownVariables(pattern, variables).map((written) => ({
      path: `${path}/${i}`,
      message:
        variables.length === 0
          ? `"${written}" has no meaning here`
          : `"${written}" is not a variable; there is ${variables.map((name) => `\${${name}}`).join(', ')}`,
    })),
  );
}

function autoErrors({ stages }: PolicyDocument['spec']['approval']): readonly DocumentError[] {
  return stages === undefined ? [] : [{ path: '/spec/approval/stages', message: 'automatic approval has no stages' }];
}

function stageErrors(stages: readonly ApprovalStage[]): readonly DocumentError[] {
  const path = '/spec/approval/stages';
  if (stages.length === 0) return [{ path, message: 'must have a stage; leave it out for one approver' }];
  return stages.length > 1 || stages.some(({ count }) => count > 1)
    ? [{ path, message: 'stages of several approvers are not supported: name one stage with count 1' }]
    : [];
}
