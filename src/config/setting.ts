import { Type, type TProperties, type TSchema } from 'typebox';
import Value from 'typebox/value';
import { dnsLabel, isDnsLabel } from '../model/name-grammar.js';
import { isLoopback } from './loopback.js';

/** A group of settings without any others. */
export const group = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });

/** A group that may be left out, as may each of its settings. */
export const optionalGroup = <Properties extends TProperties>(properties: Properties) =>
  Type.Optional(Type.Partial(group(properties), { additionalProperties: false }));

/** A path of a file or directory. */
export const PathSetting = Type.String({ minLength: 1, maxLength: 4096 });

/** The port of a listener; 0: any free one. */
export const PortSetting = Type.Integer({ minimum: 0, maximum: 65_535 });

/** Text of people or of other systems: a host, a claim, the name of a context. */
export const TextSetting = Type.String({ minLength: 1, maxLength: 253 });

/**
 * Text of a form, which its reader judges in words for people. The keyword is for the schema of the chart, which has no
 * words: a regular expression that Go knows, too.
 */
const textOf = ({ source }: RegExp, maxLength: number) => Type.String({ maxLength, form: source });

export const LabelSetting = textOf(dnsLabel, 63);

// As far as an expression tells what `whyNotUrl` and `whyNotAddress` refuse.
const port = String.raw`(?::(?:\d{0,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]))?`;
const host = String.raw`https://(?:[\w.-]+|\[[\d:.A-Fa-f]+\])${port}`;
const orLoopback = String.raw`(?:${host}|http://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])${port})`;
const path = String.raw`(?:/[!$-&(-;=@-[\]-~]*)?`;
export const UrlSetting = textOf(RegExp(`^${host}${path}$`), 2048);
export const OrLoopbackUrlSetting = textOf(RegExp(`^${orLoopback}${path}$`), 2048);
export const WebhookUrlSetting = textOf(RegExp(String.raw`^${orLoopback}(?:[/?][^\s\\"'<>#]*)?$`), 2048);

/** A list of different values. Where it has another shape, the default stands for it while the rest is judged. */
export const uniqueList = <Item extends TSchema>(item: Item, { minItems = 0, maxItems = 1000 }) =>
  Type.Array(item, { minItems, maxItems, uniqueItems: true, default: minItems > 0 ? [Value.Create(item)] : [] });

/**
 * Records a problem of a setting: its place, and a message. Reading goes on, so that all problems are reported at once.
 */
export type ReportProblem = (place: string, message: string) => void;

/** Makes a path of the configuration file absolute. */
export type Resolve = (path: string) => string;

/** The same for a path that may be left out; null where it is. */
export const resolveOptional = (path: string | undefined, resolve: Resolve): string | null =>
  path === undefined ? null : resolve(path);

/** Reports problems of a part of the configuration. */
export const below =
  (place: string, report: ReportProblem): ReportProblem =>
  (path, message) =>
    report(`${place}${path}`, message);

/** A name for a message. A text that cannot be a name may be a secret, so the message does not repeat it. */
export const shown = (name: string): string => (isDnsLabel(name) ? `"${name}"` : 'it');
export const listed = (names: readonly string[]): string => names.filter(isDnsLabel).join(', ');

export function reportUnlessDnsLabel(text: string, place: string, report: ReportProblem): void {
  if (!isDnsLabel(text)) report(place, `must be a DNS label: a-z, 0-9 and inner -, at most 63 characters`);
}

/** Why the text is no https URL for others, or null. `orLoopback`: http to this machine counts too. */
export function whyNotUrl(text: string, { orLoopback = false } = {}): string | null {
  // Kubeconfigs carry the text as it is written, so forms that the URL parser would repair (blanks, backslashes) are
  // refused. RFC 3986 2: a URL is ASCII, so a host in another script is written as xn--…
  if (!/^https?:\/\/[!-~]+$/.test(text) || /[\\"'<>]/.test(text) || !URL.canParse(text)) return 'must be an https URL';
  const url = new URL(text);
  if (url.protocol === 'http:' && !orLoopback) return 'must be an https URL, not one of http';
  if (url.username !== '' || url.password !== '') return 'must not hold credentials';
  if (text.includes('?') || text.includes('#')) return 'must have neither query nor fragment';
  return whyNotPlain(url);
}

/** Why http is refused for this URL; null where it is https, or http to this machine. */
export const whyNotPlain = ({ protocol, hostname }: URL): string | null =>
  protocol === 'http:' && !isLoopback(hostname)
    ? 'must be an https URL: plain http is for a loopback address alone'
    : null;
