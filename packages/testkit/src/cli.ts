import { parseArgs } from 'node:util';
import type { TestAccount } from './accounts.js';
import { openControl } from './control.js';
import { startTestkit } from './testkit.js';

const HELP = `gatehouse-testkit [--port 3000] [--control-port 3001] [--env NAME=VALUE]… [--account EMAIL:PASSWORD[:ROLE,ROLE]]…
                  [--with-stdin]

Starts a Gatehouse on the loopback for end-to-end tests and prints one line of JSON once it answers: its url, the control's
url, and the admin's address and password. Ends, and removes all that it has written, with SIGTERM or SIGINT.

--account     "ada@example.com:violet harbour thirty lanterns:editor" makes an account that can sign in at once.
--with-stdin  Ends with its standard input too, so that it never outlives the test that started it.
`;

/** EMAIL:PASSWORD[:ROLE,ROLE]; a password that has a colon needs the control's POST /accounts. */
function accountOf(text: string): TestAccount {
  const [email = '', password = '', roles = '', ...rest] = text.split(':');
  if (password === '' || rest.length > 0) throw new Error(`EMAIL:PASSWORD[:ROLE,ROLE] is wanted, not ${text}.`);
  return { email, password, roles: roles.split(',').filter((role) => role !== '') };
}

function variableOf(text: string): readonly [string, string] {
  const [, name, value] = /^([A-Z0-9_]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new Error(`NAME=VALUE is wanted, not ${text}.`);
  return [name, value];
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new Error(`A port is wanted, not ${text}.`);
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const list = { type: 'string', multiple: true, default: [] as string[] } as const;
  const { values } = parseArgs({
    options: { port: text, 'control-port': text, env: list, account: list, 'with-stdin': flag, help: flag },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const port = portOf(values.port);
  const testkit = await startTestkit({
    ...(port !== undefined && { port }),
    accounts: values.account.map(accountOf),
    env: Object.fromEntries(values.env.map(variableOf)),
  });
  const control = await openControl(testkit, portOf(values['control-port']));
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    void control
      .close()
      .then(() => testkit.stop())
      .then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
  if (values['with-stdin']) process.stdin.on('end', end).on('error', end).resume();
  process.stdout.write(`${JSON.stringify({ url: testkit.url, control: control.url, admin: testkit.admin })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
