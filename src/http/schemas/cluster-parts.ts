import { closed, textOf } from './schema-parts.js';

/** In a path. Not a DNS label, so that every other name is one that does not exist. */
export const clusterName = textOf('The cluster’s name.', 'demo', { minLength: 1, maxLength: 63 });

export const ClusterParamsSchema = closed({ name: clusterName });

/** Code points that are shown of a name or rule: in the cluster only the size of a request limits their length. */
export const shownCharacters = 253;

/** Leaves room for the mark that `clip` adds to text that it cuts. */
export const clusterText = (description: string, example: string) =>
  textOf(description, example, { maxLength: shownCharacters + 6 });
