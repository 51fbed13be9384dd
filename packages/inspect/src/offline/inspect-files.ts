import { answered, type ProgramRun, UsageError } from '../command-line/index.js';
import { whyUnmatchable } from '../findings/checks/host-names.js';
import { isAddress } from '../formats/text/addresses.js';
import { type OutputStream, type Screen, screenOf } from '../formats/text/screen.js';
import { visible } from '../formats/text/visible.js';
import { filesOf, type Inspected, readObjects, relateAndCheck, treesOf } from '../inspect.js';
import { inspectionDefaults } from '../defaults/index.js';
import type { AskedServer, DecodedObject, InspectionContext, Thresholds } from '../model/decoded.js';
import type { Finding, Inspection, Severity, UploadPart } from '../model/inspection.js';
import { type FindingCode, rankOf, severities } from '../model/catalogue.js';
import { openBudget, uploadLimits, UploadRefusedError } from '../model/budget.js';
import { pathStem } from '../reading/paths.js';
import { reportSarif } from '../report/report-sarif.js';
import { reportText } from '../report/report-text.js';
import { countedFindings, findingsBySeverity, inOneSentence } from '../report/summary.js';
import { readFiles, readNamed } from './read-files.js';
import { memorySparing } from './spare-memory.js';

/** The circumstances of a run. `stdout`: where the output goes; a person reads at a terminal as it comes. */
interface Circumstances {
  readonly now: Date;
  readonly stdout: OutputStream;
}

/**
 * Inspects files and folders as the service inspects an upload, but knows no clusters and no inventory. `name`: how the
 * program is called.
 */
export const inspectFiles = (
  args: readonly string[],
  circumstances: Circumstances,
  name = 'kubepass-inspect',
): Promise<ProgramRun> =>
  answered({ name, usage: usageOf(name), options, takesArguments: true }, args, ({ values, positionals }) =>
    inspectPaths(chosenOptions(values, positionals, circumstances), circumstances),
  );

async function inspectPaths(options: InspectionOptions, { now, stdout }: Circumstances): Promise<ProgramRun> {
  const password = firstLineOf(options.passwordFile);
  const [problems, notes]: [string[], string[]] = [[], []];
  const told = { problem: (line: string) => void problems.push(line), note: (line: string) => void notes.push(line) };
  const thresholds = { ...inspectionDefaults, ...options.thresholds };
  const alone = { now, clusters: [], thresholds, offline: true, inventory: async () => new Map() };
  const trusted = options.ca === null ? null : await trustedIn(options.ca, alone);
  const isAsked = options.host !== null || trusted !== null;
  const context = isAsked ? { ...alone, server: { host: options.host, authorities: trusted } } : alone;
  const trustedFiles = filesIn([...(trusted?.objects ?? [])]);
  const keepsObjects = options.format === 'report' || options.format === 'sarif';
  const inspected: Inspected[] = [];
  const relate = (files: readonly FileObjects[]): void => {
    const given = new Set(files.map(nameOfFile));
    // The file of --ca may be one of the files that are inspected.
    const besides = trustedFiles.filter((file) => !given.has(nameOfFile(file)));
    for (const { inspection, objects } of relateFiles([...besides, ...files], context, told.problem))
      inspected.push({ inspection, objects: keepsObjects ? objects : [] });
  };
  let together: FileObjects[] = [];
  let count = 0;
  let holdsCertificate = false;
  const spareMemory = memorySparing();
  for (const batch of batchesOf(readFiles(options.paths, told))) {
    const octets = octetsOf(batch);
    spareMemory(octets);
    for (const found of await readBatch(batch, password, context, told.problem)) {
      const objects = octets > batch.length * smallOctets ? found.map(withoutSource) : found;
      if (count + objects.length > mostTogether) {
        relate(together);
        [together, count] = [[], 0];
      }
      together.push(...filesIn(objects));
      count += objects.length;
      holdsCertificate ||= objects.some(({ content }) => content.type === 'Certificate');
    }
  }
  relate(together);
  if (isAsked && !holdsCertificate) told.problem('there is no certificate about which --host and --ca could ask');
  const failed = problems.length > 0;
  // A person whose files cannot be read does not want to hear of 0 objects and no findings.
  const isData = options.format === 'json' || options.format === 'sarif';
  const silent = failed && inspected.length === 0 && !isData;
  const counts = inspected.some(({ inspection }) => inspection.findings.some(countsFor(options)));
  return {
    output: silent ? '' : renderInspections(inspected, options, now, screenOf(stdout)),
    complaints: [...problems, ...notes].map((line) => `${visible(line)}\n`).join(''),
    exitCode: failed ? 2 : counts ? 1 : 0,
    isData,
  };
}

/** The octets of the file of an option. Throws `UsageError`. */
function readOption(what: string, file: string): Buffer {
  try {
    return readNamed(file) ?? Buffer.alloc(0);
  } catch {
    throw new UsageError(`the ${what} file ${file} cannot be read`);
  }
}

/** The first line of the file; null without a file. Throws `UsageError`. */
const firstLineOf = (file: string | null): string | null =>
  file === null ? null : (readOption('password', file).toString('utf8').split(/\r?\n/, 1)[0] ?? '');

/** The certificates in the file of --ca, each of which is trusted. Throws `UsageError`. */
async function trustedIn(file: string, context: InspectionContext): Promise<AskedServer['authorities']> {
  const part = { name: file, isPath: true, bytes: readOption('CA', file) };
  const [objects = []] = await readBatch([part], null, context, () => undefined);
  const certificates = objects.filter(({ content, parent }) => content.type === 'Certificate' && parent === null);
  if (certificates.length === 0) throw new UsageError(`the CA file ${file} holds no certificate in PEM or DER`);
  return { file, objects: new Set(certificates) };
}

const formats = ['overview', 'report', 'lines', 'json', 'sarif'] as const;
/** `lines`: one line for each finding. `overview`: the report as text. `report`: with all that OpenSSL prints. */
type OutputFormat = (typeof formats)[number];

interface InspectionOptions {
  /** Findings of this severity and worse end in exit code 1, and are shown. Null: errors count. */
  readonly severity: Severity | null;
  /** Certificates that expire within a time end in exit code 1, too. Null: nobody asks for them. */
  readonly thresholds: Pick<Thresholds, 'expiresWithinSeconds' | 'inWholeLife'> | null;
  readonly format: OutputFormat;
  readonly passwordFile: string | null;
  readonly host: string | null;
  readonly ca: string | null;
  /** Files and folders; `-` is the standard input. */
  readonly paths: readonly string[];
}

const options = {
  severity: { type: 'string' },
  'expires-within': { type: 'string' },
  format: { type: 'string' },
  'password-file': { type: 'string' },
  host: { type: 'string' },
  ca: { type: 'string' },
} as const;

const usageOf = (name: string): string => `usage: ${name} [--severity error|warning|info]
       ${' '.repeat(name.length)} [--expires-within TIME] [--password-file FILE]
       ${' '.repeat(name.length)} [--host NAME] [--ca FILE]
       ${' '.repeat(name.length)} [--format overview|report|lines|json|sarif]
       ${' '.repeat(name.length)} FILE|FOLDER|- …

Says what is in certificates, requests, keys, kubeconfigs, manifests and
archives of them, and what is wrong with them. Reads folders whole. Asks no
service and no cluster.

  --severity S           error (default), warning, info: findings of this
                         severity and worse count
  --expires-within TIME  such as 30d, 12h or 2w: certificates that end within
                         it count, too
  --format F             overview (default at a terminal): a table of what is in
                         the files, and findings
                         report: the same with all findings, and certificates as
                         OpenSSL prints them
                         lines (default elsewhere): a line for each finding that
                         counts
                         json, sarif: for programs
  --password-file FILE   its first line opens what is encrypted
  --host NAME            a name or an address: the certificate of the server must
                         be for it
  --ca FILE              PEM or DER: a chain must lead from the certificate of
                         the server to a certificate in FILE
  --version              prints the version

Exit code: 0 if no finding counts, 1 if some do, 2 if something cannot be read
or understood. Colours are for terminals, unless NO_COLOR is set.
`;

/** Throws `UsageError`. */
function chosenOptions(
  values: Readonly<Partial<Record<keyof typeof options, string>>>,
  paths: readonly string[],
  { stdout }: Circumstances,
): InspectionOptions {
  const { severity, format = stdout.isTTY ? 'overview' : 'lines', host, ca } = values;
  if (paths.length === 0) throw new UsageError('name at least one file or folder');
  return {
    severity: severity === undefined ? null : oneOf(severities, 'severity', severity),
    thresholds: thresholdsOf(values['expires-within']),
    format: oneOf(formats, 'format', format),
    passwordFile: values['password-file'] ?? null,
    host: host === undefined ? null : hostOf(host),
    ca: ca ?? null,
    paths,
  };
}

/** Throws `UsageError`. */
function oneOf<T extends string>(all: readonly T[], what: string, value: string): T {
  const known = all.find((one) => one === value);
  if (known === undefined) throw new UsageError(`there is no ${what} ${JSON.stringify(value)}`);
  return known;
}

/** Throws `UsageError`. */
function hostOf(name: string): string {
  const why = isAddress(name) ? null : name.startsWith('*') ? 'is a wildcard' : whyUnmatchable(name);
  if (why !== null) throw new UsageError(`--host takes a name or an address, and ${JSON.stringify(name)} ${why}`);
  return name;
}

const secondsOfUnit: Readonly<Record<string, number>> = { h: 3_600, d: 86_400, w: 604_800 };

/** `12h`, `30d`, `2w`. Throws `UsageError`. */
function thresholdsOf(time: string | undefined): InspectionOptions['thresholds'] {
  if (time === undefined) return null;
  const [, count, unit = ''] = /^(\d{1,6})([hdw])$/.exec(time) ?? [];
  const { [unit]: seconds } = secondsOfUnit;
  if (seconds === undefined)
    throw new UsageError(`--expires-within takes a time such as 30d, 12h or 2w, and not ${JSON.stringify(time)}`);
  return { expiresWithinSeconds: Number(count) * seconds, inWholeLife: true };
}

/** Files that are read together. */
function* batchesOf(parts: Iterable<UploadPart>): Generator<readonly UploadPart[], void, void> {
  let batch: UploadPart[] = [];
  let octets = 0;
  for (const part of parts) {
    octets += part.bytes.length;
    // Each file is one object at least.
    if (batch.length === uploadLimits.objects || octets > uploadLimits.uploadOctets) {
      yield batch;
      [batch, octets] = [[], part.bytes.length];
    }
    batch.push(part);
  }
  if (batch.length > 0) yield batch;
}

const octetsOf = (parts: readonly UploadPart[]): number =>
  parts.reduce((octets, { bytes }) => octets + bytes.length, 0);

/**
 * Reads files together. If they exceed the limits of an upload, it divides them into halves. `refuse` gets a sentence
 * about each file that exceeds the limits by itself.
 */
async function readBatch(
  parts: readonly UploadPart[],
  password: string | null,
  context: InspectionContext,
  refuse: (sentence: string) => void,
): Promise<readonly (readonly DecodedObject[])[]> {
  try {
    return [await readObjects({ parts, password }, context, openBudget())];
  } catch (error) {
    if (!(error instanceof UploadRefusedError)) throw error;
    if (parts.length > 1) {
      const middle = Math.ceil(parts.length / 2);
      const first = await readBatch(parts.slice(0, middle), password, context, refuse);
      return [...first, ...(await readBatch(parts.slice(middle), password, context, refuse))];
    }
    refuse(refusal(parts[0]?.name ?? 'the input', error));
    return [];
  }
}

/** Texts of files that are this small on average may stay in memory. */
const smallOctets = 16 * 1024;

/** The same with strings of its own: a name that is a part of a text keeps all of the text in memory. */
const withoutSource = ({ path, parent, content, observations, material }: DecodedObject): DecodedObject => ({
  ...(JSON.parse(JSON.stringify({ path, parent, content, observations })) as Omit<DecodedObject, 'material'>),
  material,
});

const refusal = (name: string, { message, reason }: UploadRefusedError): string =>
  `${name} is not inspected: ${message} (${reason})`;

/** The objects of one file. */
type FileObjects = readonly DecodedObject[];

const nameOfFile = ([first]: FileObjects): string => pathStem(first?.path ?? '');

/** A file's objects follow each other, and a container comes before its contents. */
function filesIn(objects: readonly DecodedObject[]): FileObjects[] {
  const files: DecodedObject[][] = [];
  let last: string | null = null;
  for (const object of objects) {
    const file: string | null = object.parent === null ? pathStem(object.path) : last;
    if (file === last) files.at(-1)?.push(object);
    else files.push([object]);
    last = file;
  }
  return files;
}

/** Objects that find their keys, certificates and CAs among each other: those of 200 clusters. */
const mostTogether = 10_000;
/** They take two seconds or so. */
const mostSignatures = 25_000;

/** Inspects files together. If their checks take too much work, it divides them into halves. `refuse`: as above. */
function relateFiles(
  files: readonly FileObjects[],
  context: InspectionContext,
  refuse: (sentence: string) => void,
): readonly Inspected[] {
  if (files.length === 0) return [];
  try {
    return [relateAndCheck(files.flat(), context, openBudget(uploadLimits.objects, mostSignatures))];
  } catch (error) {
    if (!(error instanceof UploadRefusedError)) throw error;
    if (files.length > 1) {
      const middle = Math.ceil(files.length / 2);
      return [files.slice(0, middle), files.slice(middle)].flatMap((half) => relateFiles(half, context, refuse));
    }
    refuse(refusal(nameOfFile(files[0] ?? []), error));
    return [];
  }
}

/** Whether a finding is of this severity or worse. */
const isAtLeast = (least: Severity, { severity }: Finding): boolean => rankOf(severity) <= rankOf(least);

/** Whether a finding ends in exit code 1. */
const countsFor =
  ({ severity, thresholds }: InspectionOptions) =>
  (finding: Finding): boolean =>
    isAtLeast(severity ?? 'error', finding) ||
    (thresholds !== null && finding.code === ('CertificateExpiresSoon' satisfies FindingCode));

/** The most that an overview goes into. With the details of more, the table would leave the screen. */
const mostDetailed = 5;

/** The inspections as a text. Lines and the overview show some findings; the other formats hold everything. */
function renderInspections(
  inspected: readonly Inspected[],
  options: InspectionOptions,
  now: Date,
  screen: Screen,
): string {
  const inspection = together(inspected);
  const counts = countsFor(options);
  switch (options.format) {
    case 'lines':
      return linesOf(inspection, counts);
    case 'overview': {
      // A person sees warnings, too, unless they ask for errors.
      const shows = (finding: Finding) => counts(finding) || isAtLeast(options.severity ?? 'warning', finding);
      const details = inspection.objects.length <= mostDetailed;
      const left = hiddenFindings(inspection, shows);
      if (!details) left.push('--format report shows each object in full');
      const text = reportText(inspection, new Map(), now, screen, { shows, details });
      return [text, ...(left.length === 0 ? [] : ['\n']), ...left.map((line) => `${line}\n`)].join('');
    }
    case 'report':
      return reportText(inspection, treesOf(inspected.flatMap(({ objects }) => objects)), now, screen);
    case 'json':
      return `${JSON.stringify(inspection)}\n`;
    case 'sarif':
      return `${reportSarif(inspection, filesOf(inspected.flatMap(({ objects }) => objects)))}\n`;
  }
}

/** One answer for all. Their paths differ, because they begin with the names of files. */
function together(inspected: readonly Inspected[]): Inspection {
  const all = inspected.map(({ inspection }) => inspection);
  return {
    objects: all.flatMap(({ objects }) => objects),
    relations: all.flatMap(({ relations }) => relations),
    findings: all.flatMap(({ findings }) => findings).sort((a, b) => rankOf(a.severity) - rankOf(b.severity)),
  };
}

function linesOf(inspection: Inspection, shows: (finding: Finding) => boolean): string {
  const lines = inspection.findings
    .filter(shows)
    .map((finding) => `${finding.object}: ${finding.severity}: ${finding.message} ${finding.advice} [${finding.code}]`);
  return [...lines, inOneSentence(inspection), ...hiddenFindings(inspection, shows)]
    .map((line) => `${visible(line)}\n`)
    .join('');
}

/** `2 warnings: --severity warning shows them`, for each severity of which some are not shown. */
const hiddenFindings = ({ findings }: Inspection, shows: (finding: Finding) => boolean): string[] =>
  findingsBySeverity(findings.filter((finding) => !shows(finding))).map(
    ({ severity, count }) =>
      `${countedFindings(count, severity)}: --severity ${severity} shows ${count === 1 ? 'it' : 'them'}`,
  );
