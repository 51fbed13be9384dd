/** Command lines of programs: options, help, version, and a word on those that cannot be understood. */
export { type CommandOptions, type Program, readCommandLine } from './read-command-line.js';
export { didYouMean } from '../formats/text/nearest-name.js';
export { complain, finish, print, type ProgramRun } from './finish.js';
export { answered, runProgram } from './run-program.js';
export { UsageError, usageProblem } from './usage-error.js';
export { version } from './version.js';
export { isOfSystem, sentenceOf } from './system-errors.js';
