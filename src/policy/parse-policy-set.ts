import { createHash } from 'node:crypto';
import { readStrictYaml, type TextPosition } from '@kubepass/inspect/formats';
import { checkShape, mustBeOneOf, type DocumentError } from './check-shape.js';
import { compileGuardrail, compilePolicy } from './compile-rule.js';
import { GuardrailDocument, PolicyDocument } from './policy-schema.js';
import type { ConfiguredCluster, Guardrail, Policy, PolicySet, PolicyTexts } from './policy-set.js';
import { testErrors } from './policy-test-schema.js';

export type PolicySetResult =
  | { readonly ok: true; readonly policySet: PolicySet }
  /** Each error reads `file:line:column: message`, and most messages begin with the JSON pointer of the field. */
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

  for (const { path, document } of readDocuments(texts)) {
    const placeAt = ({ line, column }: TextPosition) => `${path}:${line}:${column}`;
    if (!document.ok) {
      errors.push(...document.errors.map((error) => `${placeAt(error)}: ${error.message}`));
      continue;
    }
    const report = ({ path: pointer, message }: DocumentError) => {
      const place = placeAt(document.positionOf(pointer));
      errors.push(pointer === '' ? `${place}: ${message}` : `${place}: ${pointer}: ${message}`);
    };
    const parsed = parseDocument(document.value, clusters);
    parsed.errors.forEach(report);
    const rule = parsed.policy ?? parsed.guardrail;
    if (rule === undefined) continue;
    const earlier = places.get(rule.name);
    if (earlier === undefined) places.set(rule.name, placeAt(document.positionOf('/metadata/name')));
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
  return readDocuments(texts).flatMap(({ path, document }) =>
    document.ok ? [{ path, line: document.positionOf('').line, document: document.value as RuleDocument }] : [],
  );
}

/** Every document of the files in order, without those that hold only comments. */
function readDocuments(texts: PolicyTexts) {
  return texts.flatMap(({ path, text }) =>
    readStrictYaml(text).flatMap((document) => (document.ok && document.value === null ? [] : [{ path, document }])),
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
  return { errors: [{ path: '/kind', message: mustBeOneOf(['Policy', 'Guardrail'], kind) }] };
}
