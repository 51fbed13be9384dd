/** All that the schema finds wrong with an SBOM, each with its place. */
export function sbomProblems(bill: object): string[];
