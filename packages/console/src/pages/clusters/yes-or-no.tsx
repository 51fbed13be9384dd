import { Badge } from '../../parts/bits.js';

/** An answer of a probe. */
export const YesOrNo = ({ answer }: { readonly answer: 'yes' | 'no' | 'unknown' }) => (
  <Badge
    tone={answer === 'yes' ? 'ok' : answer === 'no' ? 'error' : 'warning'}
    icon={answer === 'yes' ? 'check' : 'warn'}
  >
    {answer === 'unknown' ? 'not known' : answer}
  </Badge>
);
