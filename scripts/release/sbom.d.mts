/** A document of CycloneDX 1.6. */
export type Sbom = Readonly<Record<string, unknown>>;

export function sbomOfService(options?: { readonly created?: string }): Sbom;
export function sbomOfBundle(options: {
  readonly folder: string;
  readonly inputs: readonly string[];
  readonly created?: string;
}): Sbom;
export function sbomAsText(bill: Sbom): string;
