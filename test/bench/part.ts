import type { Row } from './report.js';

/** The result of one part of the bench. */
export interface Part {
  readonly rows: readonly Row[];
  /** Markdown that stands before the rows in docs/performance.md. */
  readonly before?: string;
  /** The software and hardware of the measurement besides Node and this machine. */
  readonly on?: readonly string[];
  /** Contenders that could not be measured, with the reasons. */
  readonly missing?: readonly string[];
  /** SVG. */
  readonly chart?: string;
}
