#!/usr/bin/env node
import '../dist/packages/testkit/src/cli.js';
