// `npm run lint`: each test file names what it tests in its first line, and each source file with logic has a test.
import { testFiles } from '../test-files.js';
import { faultsOf, sourceFilesWithLogic } from './tested-files.js';

const tests = testFiles();
const sources = sourceFilesWithLogic();
const faults = faultsOf(tests, sources);

for (const fault of faults) console.error(`error ${fault}`);
console.log(`${tests.length} test files, ${sources.length} source files with logic, ${faults.length} errors`);
process.exitCode = tests.length > 0 && sources.length > 0 && faults.length === 0 ? 0 : 1;
