import { dirname, resolve } from 'node:path';
import type { FileSettings } from './config-file.js';
import { type Environment, environmentVariables as variables, whyUnknown } from './env.js';
import { readConfigFile } from './read-config-file.js';
import type { ReportProblem, Resolve } from './setting.js';

/** The environment and the file, from which settings come. */
export interface Sources {
  readonly environment: Environment;
  /** Null where the embedded default is served. */
  readonly configFile: string | null;
  /** Empty where there is no file, or where the file cannot be read. */
  readonly file: Partial<FileSettings>;
  /** Whether a setting, by its JSON Pointer, cannot be judged, because the file has something else in its place. */
  readonly isWrong: (pointer: string) => boolean;
  /** Where a setting is, a variable or a place in the file; for the name of a variable the name itself. */
  readonly placeOf: (pointer: string) => string;
  /** Reports a problem of a variable, or of another place. */
  readonly report: ReportProblem;
  /** Reports a problem of a setting, unless another one of the same place is reported already. */
  readonly judge: ReportProblem;
  /** Makes a path of the file absolute. */
  readonly fromFile: Resolve;
}

/** The name that the environment has for a setting of the file: `tlsCertFile` for `/tls/certFile`. */
const nameOf = (pointer: string): string =>
  pointer.slice(1).replace(/\/(.)/g, (_, first: string) => first.toUpperCase());

const isOverriding = (name: string): name is keyof typeof variables => Object.hasOwn(variables, name);

/** Opens the sources. Reports variables that are no settings, and the parts of the file that cannot be read. */
export function openSources(environment: Environment, report: ReportProblem): Sources {
  for (const name of environment.unknown) report(name, whyUnknown(name));
  const configFile = environment.configFile === undefined ? null : resolve(environment.configFile);
  const file = configFile === null ? null : readConfigFile(configFile, report);
  const variableOf = (pointer: string) => {
    const name = nameOf(pointer);
    return isOverriding(name) && (file === null || environment[name] !== undefined) ? variables[name] : undefined;
  };
  const isInFile = (pointer: string) => pointer.startsWith('/') && variableOf(pointer) === undefined;
  const isWrong = (pointer: string) => file !== null && isInFile(pointer) && file.isWrong(pointer);
  const placeOf = (pointer: string) =>
    file !== null && isInFile(pointer) ? file.placeOf(pointer) : (variableOf(pointer) ?? pointer);
  return {
    environment,
    configFile,
    file: file?.settings ?? {},
    isWrong,
    placeOf,
    report,
    judge(pointer, message) {
      if (!isWrong(pointer)) report(placeOf(pointer), message);
    },
    fromFile: (path) => resolve(dirname(configFile ?? ''), path),
  };
}
