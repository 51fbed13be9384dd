import { createHash } from 'node:crypto';
import { compileGuardrail } from './compile-guardrail.js';
import { compilePolicy } from './compile-policy.js';
import type { ConfiguredCluster } from './configured-cluster.js';
import { GuardrailDocument, PolicyDocument } from './policy-schema.js';
import type { Guardrail, Policy, PolicySet } from './policy-set.js';
import { whatIsWrongWithTest } from './policy-test.js';
import { readDocuments, type RuleDocument } from './read-documents.js';
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

/**
 * Reads the texts as one policy set, or answers everything that is wrong in them. No text is an empty set. `clusters`
 * are those that are configured: a guardrail may ask of one what cannot be found out there.
 */
export function parsePolicySet(texts: PolicyTexts, clusters: readonly ConfiguredCluster[] = []): PolicySetResult {
  const policies: Policy[] = [];
  const guardrails: Guardrail[] = [];
  const errors: string[] = [];
  const places = new Map<string, string>();

  for (const { place, document } of readDocuments(texts)) {
    const report = (error: DocumentError) => errors.push(`${place}${error.path || '/'}: ${error.message}`);
    if (!document.ok) {
      for (const message of document.errors) report({ path: '', message });
      continue;
    }
    const parsed = parseDocument(document.value, clusters);
    parsed.errors.forEach(report);
    const rule = parsed.policy ?? parsed.guardrail;
    if (rule === undefined) continue;
    const earlier = places.get(rule.name);
    if (earlier === undefined) places.set(rule.name, place);
    else report({ path: '/metadata/name', message: `"${rule.name}" is already the name of ${earlier}` });
    if (parsed.policy) policies.push(parsed.policy);
    if (parsed.guardrail) guardrails.push(parsed.guardrail);
  }
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, policySet: { policies, guardrails, digest: digestOf(texts), texts } };
}

/** What is in force, as `GET /v1/policies` shows it: in the order of the files. */
export function describePolicySet(policySet: PolicySet): readonly PolicySource[] {
  return readDocuments(policySet.texts).flatMap(({ path, document }) => {
    if (!document.ok) return []; // of a set that was parsed there is none
    const { kind, metadata, spec } = document.value as RuleDocument;
    return [{ kind, name: metadata.name, path, spec }];
  });
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

interface ParsedDocument {
  readonly errors: readonly DocumentError[];
  readonly policy?: Policy;
  readonly guardrail?: Guardrail;
}

function parseDocument(value: unknown, clusters: readonly ConfiguredCluster[]): ParsedDocument {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (kind === 'Policy') {
    const shape = shaped(PolicyDocument, value);
    if (!shape.ok) return shape;
    const { policy, errors } = compilePolicy(shape.value);
    return { policy, errors: [...errors, ...testErrors(shape.value)] };
  }
  if (kind === 'Guardrail') {
    const shape = shaped(GuardrailDocument, value);
    if (!shape.ok) return shape;
    const { guardrail, errors } = compileGuardrail(shape.value, clusters);
    return { guardrail, errors: [...errors, ...testErrors(shape.value)] };
  }
  return { errors: [{ path: '/kind', message: 'must be one of Policy, Guardrail' }] };
}

function testErrors({ tests = [] }: RuleDocument): readonly DocumentError[] {
  return tests.flatMap((test, i) =>
    whatIsWrongWithTest(test).map(({ path, message }) => ({ path: `/tests/${i}${path}`, message })),
  );
}
