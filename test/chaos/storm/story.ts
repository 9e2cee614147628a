import { casesOf } from './verdict.js';
import type { Finding, Ledger } from './ledger.js';

const LINES_BEFORE = 45;
/** How much longer than the finding it goes on, in milliseconds. */
const AFTER_MS = 500;

interface Line {
  readonly atMs: number;
  readonly text: string;
}

/** Who did what, when, at which instance and with what answer, as far as it bears on a finding; the faults in between. */
export function storyOf(finding: Finding, ledger: Ledger, startMs: number): string {
  const lines = [...linesOf(finding, ledger), ...ledger.notes].sort((one, other) => one.atMs - other.atMs);
  const untilMs = (finding.atMs ?? Infinity) + AFTER_MS;
  const until = lines.filter(({ atMs }) => atMs <= untilMs);
  const told = until
    .slice(-LINES_BEFORE)
    .map(({ atMs, text }) => `  ${((atMs - startMs) / 1000).toFixed(3)} s  ${text}`);
  return [finding.text, ...told].join('\n');
}

function linesOf({ sessionId, userId }: Finding, ledger: Ledger): Line[] {
  const concerned = casesOf(ledger).filter(({ session }) =>
    sessionId === undefined ? session.userId === userId : session.id === sessionId,
  );
  const lines = concerned.flatMap(({ session, endings, calls }): Line[] => [
    { atMs: session.openedMs, text: `${session.who} signed in: ${session.id}` },
    ...endings.flatMap(({ what, instance, sentMs, doneMs, outcome }) => [
      { atMs: sentMs, text: `${instance} is asked for "${what}"` },
      ...(outcome === 'unknown' ? [] : [{ atMs: doneMs, text: `${instance} has ${outcome} "${what}"` }]),
    ]),
    ...alike(calls.filter(isTelling).map((call) => ({ atMs: call.sentMs, text: textOf(call) }))),
  ]);
  return [...new Map(lines.map((line) => [`${line.atMs} ${line.text}`, line])).values()];
}

/** That the witness is refused is as it should be. */
const isTelling = ({ by, verdict }: Ledger['calls'][number]): boolean => by !== 'witness' || verdict === 'granted';

const textOf = (call: Ledger['calls'][number]): string => {
  const { by, what, generation, instance, verdict, sentMs, answeredMs } = call;
  const token = generation === undefined ? '' : ` with generation ${generation}`;
  return `${by}: ${what}${token} at ${instance}: ${verdict} after ${(answeredMs - sentMs).toFixed(0)} ms`;
};

/** One line for many of the same in a row. */
function alike(lines: readonly Line[]): Line[] {
  const bare = (text: string): string => text.replace(/ after \d+ ms$/, '');
  return lines.filter(
    ({ text }, index) =>
      bare(text) !== bare(lines[index - 1]?.text ?? '') || bare(text) !== bare(lines[index + 1]?.text ?? ''),
  );
}
