/** Node's arguments for a process that runs the sources, before the name of its program. */
export const fromSources: readonly string[] = ['--import', new URL('../../scripts/sources.mjs', import.meta.url).href];
