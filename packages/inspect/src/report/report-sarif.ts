import { hash } from 'node:crypto';
import type { Finding, Inspection, Severity } from '../model/inspection.js';
import { type FindingCode, findingKinds } from '../model/catalogue.js';

/** SARIF 2.1.0 3.27.10. */
const levels: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

/**
 * The findings as a SARIF log (OASIS, version 2.1.0), which pipelines and code-scanning pages show. Objects and
 * relations are not part of it.
 *
 * `files`: the name of the uploaded file that holds each object, by the object's path.
 */
export function reportSarif({ findings }: Inspection, files: ReadonlyMap<string, string>): string {
  const codes = [...new Set(findings.map(({ code }) => code))].sort();
  const indexes = new Map(codes.map((code, i) => [code, i]));
  const result = (finding: Finding): object => ({
    ruleId: finding.code,
    ruleIndex: indexes.get(finding.code),
    level: levels[finding.severity],
    message: { text: `${finding.message} ${finding.advice}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(files.get(finding.object) ?? finding.object) } },
        logicalLocations: [{ fullyQualifiedName: finding.object }],
      },
    ],
    // Tells the same finding of two runs, although its message counts down the days.
    partialFingerprints: { 'objectAndCode/v1': hash('sha256', `${finding.object}\n${finding.code}`, 'hex') },
  });
  return JSON.stringify({
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'kubepass', rules: codes.map(ruleOf) } }, results: findings.map(result) }],
  });
}

function ruleOf(code: string): object {
  const { severity, title, advice, reference } = findingKinds[code as FindingCode];
  return {
    id: code,
    shortDescription: { text: `${title}.` },
    fullDescription: { text: `${title} (${reference}).` },
    help: { text: advice },
    defaultConfiguration: { level: levels[severity] },
  };
}

/** A reference to a file by its name: relative (RFC 3986 4.2), or a URI if the name is a whole path (RFC 8089). */
function uriOf(name: string): string {
  const path = name.toWellFormed().split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${path}` : path;
}
