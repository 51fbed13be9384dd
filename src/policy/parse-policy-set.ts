import { createHash } from 'node:crypto';
import type { ApprovalStage } from '../model/decision.js';
import { isDnsLabel } from '../model/name-grammar.js';
import { readStrictYaml } from '../yaml/read-strict-yaml.js';
import { patternVariables, unknownVariables } from './glob.js';
import { GuardrailDocument, PolicyDocument } from './policy-schema.js';
import type { Guardrail, Policy, PolicySet } from './policy-set.js';
import { shaped } from './shape-errors.js';

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

/** A cluster as a policy set may rest on it. */
export interface PolicyCluster {
  readonly name: string;
  /** Whether its role bindings can be read: a guardrail on what identities come to needs them. */
  readonly bindingsReadable: boolean;
}

/**
 * Reads the texts as one policy set, or answers everything that is wrong in them. No text is an empty set. `clusters`
 * null: it is not known which there are, and nothing is said of them.
 */
export function parsePolicySet(texts: PolicyTexts, clusters: readonly PolicyCluster[] | null = null): PolicySetResult {
  const { policies, guardrails, errors } = parseTexts(texts, clusters);
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, policySet: { policies, guardrails, digest: digestOf(texts), texts } };
}

/** The test cases that the texts carry, each with its policy or guardrail; for texts that are a policy set. */
export function testCasesOf(texts: PolicyTexts): readonly PolicyTestCase[] {
  return parseTexts(texts, null).tests;
}

export interface PolicyTestCase {
  readonly source: string;
  readonly path: string;
  readonly test: TestCases[number];
}

/** What is in force, as `GET /v1/policies` shows it: in the order of the files. */
export function describePolicySet(policySet: PolicySet): readonly PolicySource[] {
  return parseTexts(policySet.texts, null).sources;
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

function parseTexts(texts: PolicyTexts, clusters: readonly PolicyCluster[] | null) {
  const policies: Policy[] = [];
  const guardrails: Guardrail[] = [];
  const tests: PolicyTestCase[] = [];
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

      const parsed = parseDocument(document.value, clusters);
      parsed.errors.forEach(report);
      const name = parsed.source?.name;
      if (name !== undefined) {
        const earlier = places.get(name);
        if (earlier !== undefined)
          report({ path: '/metadata/name', message: `"${name}" is already the name of ${earlier}` });
        else places.set(name, place);
      }
      if (parsed.source) sources.push({ ...parsed.source, path });
      for (const test of parsed.tests ?? []) tests.push({ source: name ?? '', path: place, test });
      if (parsed.policy) policies.push(parsed.policy);
      if (parsed.guardrail) guardrails.push(parsed.guardrail);
    }
  }
  return { policies, guardrails, sources, tests, errors };
}

interface ParsedDocument {
  readonly errors: readonly DocumentError[];
  readonly source?: Omit<PolicySource, 'path'>;
  readonly policy?: Policy;
  readonly guardrail?: Guardrail;
  readonly tests?: TestCases;
}

function parseDocument(value: unknown, clusters: readonly PolicyCluster[] | null): ParsedDocument {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (kind === 'Policy') {
    const shape = shaped(PolicyDocument, value);
    if (!shape.ok) return { errors: shape.errors };
    const { metadata, spec, tests } = shape.value;
    const { errors, policy } = parsePolicy(shape.value);
    return { errors, source: { kind, name: metadata.name, spec }, policy, ...(tests && { tests }) };
  }
  if (kind === 'Guardrail') {
    const shape = shaped(GuardrailDocument, value);
    if (!shape.ok) return { errors: shape.errors };
    const { metadata, spec, tests } = shape.value;
    const { errors, guardrail } = parseGuardrail(shape.value, clusters);
    return { errors, source: { kind, name: metadata.name, spec }, guardrail, ...(tests && { tests }) };
  }
  return { errors: [{ path: '/kind', message: 'must be one of Policy, Guardrail' }] };
}
