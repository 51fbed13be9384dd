// Tests docs/
import { describe, expect, it } from 'vitest';
import { codeIn, pages, pageText, read } from './pages.js';

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly schema?: Values;
}
interface Values {
  readonly $ref?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Values;
  readonly anyOf?: readonly Values[];
}
type Operation = { readonly parameters?: readonly Parameter[] };
type PathItem = Readonly<Record<string, Operation>> & { readonly parameters?: readonly Parameter[] };

const document = JSON.parse(read('openapi/openapi.json')) as {
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

const resolve = <Value extends { readonly $ref?: string }>(value: Value): Value => {
  const [, section = '', name = ''] = /^#\/components\/(\w+)\/(.+)$/.exec(value.$ref ?? '') ?? [];
  return value.$ref === undefined ? value : (document.components[section]?.[name] as Value);
};

/** The values that a parameter takes; empty where it takes any. */
const valuesOf = (schema: Values = {}): readonly string[] => {
  const { enum: values, items, anyOf } = resolve(schema);
  return values?.map(String) ?? (items === undefined ? (anyOf ?? []).flatMap(valuesOf) : valuesOf(items));
};

/** A call as a page shows it: `GET /v1/certificates?expiresBefore=…`. */
interface Call {
  readonly method: string | undefined;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
}

const isPlaceholder = (segment: string): boolean => /[{$…%<]|^[A-Z]+$/.test(segment);

const fits = (shown: string, path: string): boolean => {
  const [segments, expected] = [shown.split('/'), path.split('/')];
  return (
    segments.length === expected.length &&
    segments.every((one, i) => one === expected[i] || (expected[i]?.startsWith('{') === true && one !== ''))
  );
};

/** Why the service has no such call; null where it has. */
function whyNot({ method, path, query }: Call): string | null {
  const found = Object.entries(document.paths).filter(([known]) => fits(path, known));
  // `/v1/certificates/{fingerprint}` is also one of the shapes of a longer path: the literal one comes first.
  const [, item] = found.find(([known]) => known === path) ?? found[0] ?? [];
  if (item === undefined) return `no route has the path ${path}`;
  const methods = Object.keys(item).filter((key) => key !== 'parameters');
  if (method !== undefined && !methods.includes(method)) return `${path} does not take ${method}`;
  const parameters = [...(item.parameters ?? []), ...methods.flatMap((one) => item[one]?.parameters ?? [])]
    .map(resolve)
    .filter((parameter) => parameter.in === 'query');
  for (const [name, value] of query) {
    const parameter = parameters.find((one) => one.name === name);
    if (parameter === undefined) return `${path} has no parameter ${name}`;
    const values = valuesOf(parameter.schema);
    if (value !== '' && !isPlaceholder(value) && values.length > 0 && !values.includes(value))
      return `${name} of ${path} is never ${value}`;
  }
  return null;
}

const pathAndQuery = /(\/v1\/[\w\-{}$%.…/]+)(?:\?([\w\-{}$%.…=&:@*+]+))?/;

const callOf = (method: string | undefined, path: string, query = ''): Call => ({
  method: method?.toLowerCase().replace('head', 'get'),
  path: path.replace(/[./]+$/, ''),
  query: query === '' ? [] : query.split('&').map((pair) => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']),
});

const bodyOption = /\s(?:-d|-F|--data(?:-\w+)?|--json|--form)\s/;

/** The calls in a piece of code: each curl line, else each path with the method before it. */
function callsIn(code: string): Call[] {
  return code
    .replaceAll('\\\n', ' ')
    .replaceAll('/v1/traces', '') // where a collector of traces takes spans (OTLP)
    .split('\n')
    .flatMap((line) => {
      if (!/\bcurl\b/.test(line))
        return [...line.matchAll(new RegExp(`(?:\\b([A-Z]{3,6}) +)?(?:\\S*?)${pathAndQuery.source}`, 'g'))].map(
          ([, method, path = '', query]) => callOf(method, path, query),
        );
      return line.split(/\bcurl\b/).flatMap((part) => {
        const [, path = '', query] = pathAndQuery.exec(part) ?? [];
        const method = /-X +(\w+)/.exec(part)?.[1] ?? (bodyOption.test(part) ? 'POST' : 'GET');
        return path === '' ? [] : [callOf(method, path, query)];
      });
    });
}

const mistakesIn = (code: string): readonly string[] => callsIn(code).flatMap((call) => whyNot(call) ?? []);

describe('calls under /v1', () => {
  it.each(pages)('in %s are calls that the service takes', (page) => {
    const mistakes = codeIn(page).flatMap(({ place, code }) => mistakesIn(code).map((why) => `${place}: ${why}`));
    expect(mistakes).toEqual([]);
  });

  it('are found in pages', () => {
    const calls = pages.flatMap((page) => codeIn(page).flatMap(({ code }) => callsIn(code)));
    expect(calls.length).toBeGreaterThan(150);
    expect(calls.filter(({ method }) => method === 'post').length).toBeGreaterThan(40);
    expect(calls.filter(({ query }) => query.length > 0).length).toBeGreaterThan(10);
    expect(pages.filter((page) => pageText(page).includes('/v1/')).length).toBeGreaterThan(10);
  });

  it.each([
    ['GET /v1/nothing', 'no route has the path /v1/nothing'],
    ['DELETE /v1/certificates/{fingerprint}', '/v1/certificates/{fingerprint} does not take delete'],
    ['curl -sS "$URL/v1/whoami" -d \'{}\'', '/v1/whoami does not take post'],
    ['GET /v1/audit-events?kind=SignedIn', '/v1/audit-events has no parameter kind'],
    ['curl -sS "$URL/v1/audit-events?type=Nothing" -H "$ADMIN"', 'type of /v1/audit-events is never Nothing'],
  ])('such as %s are refused', (code, why) => {
    expect(mistakesIn(code)).toEqual([why]);
  });

  it.each(['GET /v1/audit-events?type=SignedIn', '/v1/certificate-requests/$ID/approve', 'POST /v1/kubeconfigs'])(
    'such as %s are not',
    (code) => {
      expect(mistakesIn(code)).toEqual([]);
    },
  );
});
