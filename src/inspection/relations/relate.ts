import type { Relation } from '../../model/inspection.js';
import type { Budget, DecodedObject, InspectionContext } from '../decoded.js';
import { listRelations } from './list-relations.js';
import { RelationGraph } from './relation-graph.js';

/** What was found between the objects of an upload: for the answer, and to be asked by whoever looks for more. */
export class Relations extends RelationGraph {
  /** In the order of the objects that they are from. */
  readonly list: readonly Relation[] = listRelations(this);
}

/**
 * Finds out what the objects of an upload have to do with each other and with our clusters. Signatures are verified
 * only where issuer and subject or the key identifiers match, and only as many as the budget has left.
 */
export function relate(
  objects: readonly DecodedObject[],
  { clusters }: Pick<InspectionContext, 'clusters'>,
  budget: Budget,
): Relations {
  return new Relations(objects, clusters, budget);
}
