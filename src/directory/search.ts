import { directoryBounds } from '../model/directory.js';
import { elements, membersOf } from './members.js';
import { ScimInputError } from './refusal.js';
import { requireSchema } from './require-schema.js';
import { uris } from './schema-uris.js';

/** A search by POST (RFC 7644 3.4.3), as the parameters of a query would be. */
export function readSearch(body: unknown): Readonly<Record<string, string>> {
  const members = membersOf(body, 'the body');
  requireSchema(members, uris.search);
  const found: [string, string][] = [];
  for (const name of ['attributes', 'excludedAttributes', 'filter', 'startIndex', 'count']) {
    const value = members.get(name.toLowerCase());
    if (value !== undefined && value !== null) found.push([name, textOf(name, value)]);
  }
  return Object.fromEntries(found);
}

function textOf(name: string, value: unknown): string {
  if (name.endsWith('ttributes'))
    return elements(value, 'attributes', directoryBounds.members)
      .map((one) => nameOf(name, one))
      .join(',');
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new ScimInputError('invalidValue', `${name} has the wrong type`);
}

function nameOf(list: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ScimInputError('invalidValue', `${list} must hold names`);
}
