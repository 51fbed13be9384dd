/** The lifetimes on which an inspection remarks, for programs that read settings and inspect nothing. */
export { inspectionDefaults } from '../inspection-defaults.js';
