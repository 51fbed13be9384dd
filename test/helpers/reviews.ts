import type { ReviewContext } from '../../src/access/answer-subject-access-review.js';
import { UnknownCertificates } from '../../src/access/unknown-certificates.js';
import type { Context } from '../../src/context/context.js';

/** The context of reviews that nobody measures. */
export const reviewing = (context: Context): ReviewContext => ({
  ...context,
  unknownCertificates: new UnknownCertificates(context),
  reviewMeasures: { during: (_cluster, judge) => judge() },
});
