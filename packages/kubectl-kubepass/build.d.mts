export function buildPlugin(folder?: string): Promise<{
  readonly bundles: Readonly<Record<string, Buffer>>;
  readonly inputs: readonly string[];
}>;
