/**
 * How many random inputs a property is tried with: `inCi` where CI runs the tests, and at most 200 elsewhere, because a
 * run on somebody's own machine is one of many.
 */
export function propertyRuns(inCi: number): number {
  return process.env['CI'] ? inCi : Math.min(inCi, 200);
}
