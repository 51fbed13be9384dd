/** Text forms, read with bounds and written so that nobody is misled: JSON, YAML, values in messages. */
export { jsonFault } from './json/json-fault.js';
export { duplicateMember, hasLoneSurrogate, ValueBoundError, type ValueBounds } from './json/json-scanner.js';
export { readJson } from './json/read-json.js';
export { humanDuration } from './text/duration-in-words.js';
export { didYouMean, nearestName } from './text/nearest-name.js';
export { foldedName, isSamePerson } from './text/privileged-names.js';
export { isPrivilegedName, isSystemName } from './text/privileged-names.js';
export { escaped, joined, quote, quoteAll, quoteUpTo } from './text/quote.js';
export { alignColumns, leaf, type TextNode, textTree } from './text/text-layout.js';
export { clip, visible, wrapParagraph, wrapText } from './text/visible.js';
export { readStrictYaml, type TextPosition } from './yaml/read-strict-yaml.js';
