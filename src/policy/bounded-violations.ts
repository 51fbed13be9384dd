import type { Violation } from '../model/decision.js';

/** Octets of JSON: a hundred violations of usual length. */
const atMost = 16_384;

/**
 * The first violations of a denial, and the number of the others. A denied request is recorded, with its violations, and
 * its names may be 33 times 64 characters that are escaped one by one, times the number of policies. The trace has every
 * check.
 */
export function boundedViolations(violations: readonly Violation[]): readonly Violation[] {
  let octets = 0;
  const end = violations.findIndex((violation) => (octets += Buffer.byteLength(JSON.stringify(violation))) > atMost);
  if (end === -1) return violations;
  const first = violations.slice(0, Math.max(1, end));
  const others = violations.length - first.length;
  if (others === 0) return violations;
  const message = `and ${others} more; the trace of a dry run shows every check`;
  return [...first, { source: 'built-in/violations', reason: 'MoreViolations', message }];
}
