import { createHash } from 'node:crypto';
import { readStrictYaml } from '@kubepass/inspect/formats';
import { checkShape, type DocumentError } from './check-shape.js';
import { compileGuardrail, compilePolicy } from './compile-rule.js';
import { GuardrailDocument, PolicyDocument } from './policy-schema.js';
import type { ConfiguredCluster, Guardrail, Policy, PolicySet, PolicyTexts } from './policy-set.js';
import { testErrors } from './policy-test-schema.js';

export type PolicySetResult =
  | { readonly ok: true; readonly policySet: PolicySet }
  /** Each error reads `file:document/path: message`. Documents are counted from 1. */
  | { readonly ok: false; readonly errors: readonly string[] };

/**
 * Parses the texts as one policy set, or reports every error in them. Without texts the set is empty. A guardrail that
 * needs role bindings is an error if one of `clusters` does not give them.
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
  return { ok: true, policySet: { policies, guardrails, digest: digestOfTexts(texts), texts } };
}

/** The policy set as `GET /v1/policies` shows it, in the order of the files. `spec` is the value that YAML gives. */
export function describePolicySet(policySet: PolicySet) {
  return readRuleDocuments(policySet).map(({ path, document: { kind, metadata, spec } }) => {
    return { kind, name: metadata.name, path, spec: spec };
  });
}

type RuleDocument = PolicyDocument | GuardrailDocument;

/** The documents of a set that was parsed, so each of them has the right shape. */
export function readRuleDocuments({ texts }: PolicySet) {
  return readDocuments(texts).flatMap(({ path, place, document }) =>
    document.ok ? [{ path, place, document: document.value as RuleDocument }] : [],
  );
}

interface PlacedDocument {
  readonly path: string;
  /** `file:document`, with documents counted from 1. */
  readonly place: string;
  readonly document:
    { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly errors: readonly string[] };
}

/** Every document of the files in order, without those that hold only comments. */
function readDocuments(texts: PolicyTexts): readonly PlacedDocument[] {
  return texts.flatMap(({ path, text }) =>
    readStrictYaml(text).flatMap((document, i) =>
      document.ok && document.value === null ? [] : [{ path, place: `${path}:${i + 1}`, document }],
    ),
  );
}

/**
 * SHA-256 over names and texts, lower-case hex. Each part is preceded by its length, so two different sets never
 * give the same octets.
 */
export function digestOfTexts(texts: PolicyTexts): string {
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
    const shape = checkShape(PolicyDocument, value);
    if (!shape.ok) return shape;
    const { policy, errors } = compilePolicy(shape.value);
    return { policy, errors: [...errors, ...testErrors(shape.value.tests)] };
  }
  if (kind === 'Guardrail') {
    const shape = checkShape(GuardrailDocument, value);
    if (!shape.ok) return shape;
    const { guardrail, errors } = compileGuardrail(shape.value, clusters);
    return { guardrail, errors: [...errors, ...testErrors(shape.value.tests)] };
  }
  return { errors: [{ path: '/kind', message: 'must be one of Policy, Guardrail' }] };
}
