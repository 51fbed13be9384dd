import { nearestName } from '@kubepass/inspect/formats';
import { problem, type Problem } from './problem.js';

/** No route has this path. That tells nobody anything: the documents, which everybody may read, have all of them. */
export function unknownPath(url: string, known: Iterable<string> = []): Problem {
  const meant = url.length > longestMeant ? undefined : pathMeant(url.replace(/[?#].*/s, '').split('/'), known);
  return problem('unknown-path', `there is no such path${meant === undefined ? '' : `; did you mean ${meant}?`}`);
}

/** Bounds the work for callers without a credential. */
const longestMeant = 512;

/** The known path that has the same parts but one, which is mistyped, or that only misses its version. */
function pathMeant(parts: readonly string[], known: Iterable<string>): string | undefined {
  const versioned = ['', 'v1', ...parts.slice(1)];
  const found: string[] = [];
  for (const path of known) {
    const template = path.split('/');
    if (unlike(template, versioned)?.length === 0) found.unshift(path);
    const [at, ...more] = unlike(template, parts) ?? [];
    if (at === undefined || more.length > 0) continue;
    if (nearestName(parts[at] ?? '', [template[at] ?? '']) !== null) found.push(path);
  }
  return found[0]?.replaceAll(/:(\w+)/g, '{$1}');
}

/** Where a path differs from the template of a route; null: it has more or fewer parts. */
function unlike(template: readonly string[], parts: readonly string[]): readonly number[] | null {
  if (template.length !== parts.length) return null;
  return [...template.keys()].filter((at) => !template[at]?.startsWith(':') && template[at] !== parts[at]);
}
