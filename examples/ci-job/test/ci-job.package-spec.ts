import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

jest.setTimeout(120_000);

describe('the CI job of a frontend', () => {
  it('starts a Gatehouse of its own and passes', async () => {
    const { PATH = '', HOME = '' } = process.env;
    const { stdout } = await promisify(execFile)('npm', ['run', 'e2e'], {
      cwd: path.join(__dirname, '..'),
      env: { PATH, HOME },
    });
    expect(stdout).toMatch(/^. pass 4$/m);
    expect(stdout).toMatch(/^. fail 0$/m);
  });
});
