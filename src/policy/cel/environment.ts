import { Environment } from '@marcbachmann/cel-js';
import { objectClasses } from './bind-variables.js';
import { typeName } from './shape.js';
import { parserLimits } from './syntax.js';
import { objectShapes, variableShapes } from './variables.js';

/** The library with the variables' types, made once: what it compiles shares it. */
export const environment = makeEnvironment();

function makeEnvironment(): Environment {
  const made = new Environment({ limits: { ...parserLimits, maxAstNodes: 2 * parserLimits.maxAstNodes } });
  // Types first that others have as fields.
  for (const { name, fields } of objectShapes)
    made.registerType(name, {
      ctor: objectClasses.get(name) as never,
      fields: Object.fromEntries(Object.entries(fields).map(([field, shape]) => [field, typeName(shape)])),
    });
  for (const [name, shape] of Object.entries(variableShapes)) made.registerVariable(name, typeName(shape));
  // The library has every other conversion to a string. The form is Go's RFC3339Nano, as the specification has it.
  made.registerFunction('string(google.protobuf.Timestamp): string', (instant: Date) =>
    instant.toISOString().replace(/\.?0+Z$/, 'Z'),
  );
  return made;
}
