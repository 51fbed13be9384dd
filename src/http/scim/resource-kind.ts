import type { PatchOperation } from '../../directory/patch.js';
import type { Projection } from '../../directory/projection.js';
import type { DirectoryOutcome, DirectoryRange } from '../../model/directory.js';
import type { Principal } from '../../model/principal.js';
import type { QuerySource } from './request.js';

/** People or groups: how they are found, changed and shown. Bodies are read by it, and what is wrong with them is thrown. */
export interface ResourceKind<Item> {
  readonly path: '/Users' | '/Groups';
  /** The resources that the filter describes. Without `range`, the parameters say which part of them. */
  find(parameters: QuerySource, base: string, range?: DirectoryRange): Promise<FoundResources>;
  read(id: string): Promise<DirectoryOutcome<Item>>;
  create(caller: Principal, body: unknown): Promise<DirectoryOutcome<Item>>;
  replace(target: Target, body: unknown): Promise<DirectoryOutcome<Item>>;
  patch(target: Target, operations: readonly PatchOperation[]): Promise<DirectoryOutcome<Item>>;
  /** Whether a PATCH is answered with the resource although no attributes are asked for. */
  readonly isShownAfterPatch: boolean;
  delete(target: Target): Promise<DirectoryOutcome<null>>;
  render(item: Item, base: string, projection: Projection): Promise<object>;
}

/** The caller, and the resource to change, in this version; null: whichever there is. */
export type Target = readonly [caller: Principal, id: string, version: number | null];

export interface FoundResources {
  readonly resources: readonly object[];
  /** The number of all that match. */
  readonly total: number;
}
