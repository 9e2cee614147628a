import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Spectral } from '@stoplight/spectral-core';
import type { RulesetDefinition } from '@stoplight/spectral-core';
import owasp from '@stoplight/spectral-owasp-ruleset';
import { oas } from '@stoplight/spectral-rulesets';
import { EXCEPTIONS } from './openapi-exceptions.js';
import type { Exception } from './openapi-exceptions.js';

const FILE = path.join(__dirname, '..', 'openapi.json');

/** A CommonJS package's default export, however its importer was compiled. */
const OWASP = ('default' in owasp ? owasp.default : owasp) as RulesetDefinition;

interface Finding {
  readonly rule: string;
  /** A JSON pointer. */
  readonly at: string;
  readonly message: string;
}

const pointerOf = (steps: readonly (string | number)[]): string =>
  steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

async function redoclyFindings(source: string): Promise<Finding[]> {
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source, absoluteRef: FILE, config });
  return problems.map(({ ruleId, message, location: [place] }) => ({
    rule: ruleId,
    at: (place?.pointer ?? '').replace(/^#/, ''),
    message,
  }));
}

async function spectralFindings(source: string): Promise<Finding[]> {
  const spectral = new Spectral();
  spectral.setRuleset({ extends: [oas as RulesetDefinition, OWASP] });
  const found = await spectral.run(JSON.parse(source) as Record<string, unknown>);
  return found.map(({ code, message, path: steps }) => ({ rule: String(code), at: pointerOf(steps), message }));
}

const excuses = ({ rule, at }: Exception, finding: Finding): boolean =>
  rule === finding.rule && (at?.test(finding.at) ?? true);

/** @returns what is wrong with the document, or with the list of exceptions, a line each */
async function lint(): Promise<string[]> {
  const source = readFileSync(FILE, 'utf8');
  const findings = [...(await redoclyFindings(source)), ...(await spectralFindings(source))];
  const unexcused = findings.filter((finding) => !EXCEPTIONS.some((exception) => excuses(exception, finding)));
  const idle = EXCEPTIONS.filter((exception) => !findings.some((finding) => excuses(exception, finding)));
  return [
    ...new Set(unexcused.map(({ rule, at, message }) => `${at || '/'}: ${rule}: ${message}`)),
    ...idle.map(({ rule, reason }) => `packaging/openapi-exceptions.ts: nothing needs ${rule} any more (${reason})`),
  ];
}

lint().then(
  (faults) => {
    for (const fault of faults) process.stderr.write(`${fault}\n`);
    process.exitCode = faults.length === 0 ? 0 : 1;
  },
  (error: unknown) => {
    process.stderr.write(`openapi.json was not checked: ${String(error)}\n`);
    process.exitCode = 1;
  },
);
