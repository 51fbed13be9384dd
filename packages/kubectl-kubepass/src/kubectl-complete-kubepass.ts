#!/usr/bin/env node
import { complete } from './completion.js';

/** kubectl runs `kubectl_complete-kubepass` where it has to complete `kubectl kubepass …`. */
process.stdout.write(complete(process.argv.slice(2)));
