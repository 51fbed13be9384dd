import type { Row } from './report.js';

/** What a part of the bench found. */
export interface Part {
  readonly rows: readonly Row[];
  /** Stands before the rows in docs/performance.md; Markdown. */
  readonly before?: string;
  /** What it was measured on and with, beside Node and this machine. */
  readonly on?: readonly string[];
  /** Whoever could not be measured, and why. */
  readonly missing?: readonly string[];
  /** SVG. */
  readonly chart?: string;
}
