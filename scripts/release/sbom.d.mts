/** A component of CycloneDX 1.6, as far as we write it. */
export interface Component {
  readonly type: string;
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly object[];
  readonly evidence?: { readonly occurrences: readonly { readonly location: string }[] };
  readonly components?: readonly Component[];
}

/** A document of CycloneDX 1.6, as far as we write it. */
export interface Sbom {
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

export function sbomOfImage(options: {
  readonly root: string;
  readonly app?: string;
  readonly lockfile?: string;
  readonly created?: string;
}): Sbom;
export function sbomOfService(options?: { readonly created?: string }): Sbom;
export function sbomOfBundle(options: {
  readonly folder: string;
  readonly inputs: readonly string[];
  readonly created?: string;
}): Sbom;
export function sbomAsText(bill: Sbom): string;
