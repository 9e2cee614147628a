import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEnvironment, readEnvironment } from './environment.js';

describe('reading the environment', () => {
  const files = new Map([
    ['/run/secrets/jwt', 'from-a-file\n'],
    ['/run/secrets/windows', 'from-a-file\r\n'],
    ['/run/secrets/two', 'from-a-file\n\n'],
    ['/run/secrets/empty', '\n'],
  ]);
  const readFile = (path: string): string => {
    const content = files.get(path);
    if (content === undefined) {
      throw new Error(`ENOENT: no such file, open '${path}'`);
    }
    return content;
  };

  it('takes known variables and leaves the others alone', () => {
    expect(readEnvironment({ PORT: '3001', PATH: '/bin', HOME: '/home' })).toEqual({
      values: { PORT: '3001' },
      faults: [],
    });
  });

  it('counts an empty variable as unset', () => {
    expect(readEnvironment({ PORT: '', HOST_FILE: '', LOG_LEVEL: 'info' }).values).toEqual({ LOG_LEVEL: 'info' });
  });

  it.each([
    ['/run/secrets/jwt', 'from-a-file'],
    ['/run/secrets/windows', 'from-a-file'],
    ['/run/secrets/two', 'from-a-file\n'],
  ])('takes the content of %s without its last line break', (path, content) => {
    expect(readEnvironment({ JWT_SECRET_FILE: path }, readFile)).toEqual({
      values: { JWT_SECRET: content },
      faults: [],
    });
  });

  it('refuses a variable that is set in both ways', () => {
    const { values, faults } = readEnvironment({ JWT_SECRET: 'plain', JWT_SECRET_FILE: '/run/secrets/jwt' }, readFile);

    expect(values).toEqual({});
    expect(faults).toEqual([
      { variable: 'JWT_SECRET', message: 'must be set by itself or by JWT_SECRET_FILE, not by both' },
    ]);
  });

  it.each(['/run/secrets/absent', '/run/secrets/empty'])(
    'names the variable of %s and tells neither path nor reason',
    (path) => {
      const { faults } = readEnvironment({ JWT_SECRET_FILE: path }, readFile);

      expect(faults).toEqual([
        { variable: 'JWT_SECRET_FILE', message: 'must name a readable file with UTF-8 text in it' },
      ]);
    },
  );

  describe('with files on the disk', () => {
    let directory: string;
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'gatehouse-config-'));
    });
    afterEach(() => {
      rmSync(directory, { recursive: true });
    });
    const dotEnv = (...lines: string[]): void => {
      writeFileSync(join(directory, '.env'), lines.join('\n'));
    };

    it('refuses bytes that are not UTF-8, whose replacement would weaken a secret', () => {
      const path = join(directory, 'secret');
      writeFileSync(path, Buffer.from([0xff, 0xfe, 0x80, 0x81]));

      expect(readEnvironment({ JWT_SECRET_FILE: path }).faults).toHaveLength(1);
    });

    it('lets .env fill in what is unset in development', () => {
      dotEnv('PORT=4000', 'LOG_LEVEL=debug', '# HOST=0.0.0.0', 'MAIL_FROM="A <a@example.com>"');

      expect(loadEnvironment({ PORT: '5000', LOG_LEVEL: '' }, directory)).toEqual({
        values: { PORT: '5000', LOG_LEVEL: 'debug', MAIL_FROM: 'A <a@example.com>' },
        faults: [],
      });
    });

    it('lets a variable of the environment hide both ways of .env', () => {
      dotEnv('JWT_SECRET=plain');
      const path = join(directory, 'secret');
      writeFileSync(path, 'from-a-file');

      expect(loadEnvironment({ JWT_SECRET_FILE: path }, directory)).toEqual({
        values: { JWT_SECRET: 'from-a-file' },
        faults: [],
      });
    });

    it('reads no .env in production', () => {
      dotEnv('PORT=4000');

      expect(loadEnvironment({ NODE_ENV: 'production' }, directory).values).toEqual({ NODE_ENV: 'production' });
    });

    it('refuses a .env that declares production', () => {
      dotEnv('NODE_ENV=production');

      expect(loadEnvironment({}, directory).faults).toMatchObject([{ variable: 'NODE_ENV' }]);
    });

    it('does without a .env, but not with one that cannot be read', () => {
      expect(loadEnvironment({ PORT: '1' }, directory)).toEqual({ values: { PORT: '1' }, faults: [] });

      writeFileSync(join(directory, '.env'), Buffer.from([0xff, 0xfe]));
      expect(loadEnvironment({ PORT: '1' }, directory)).toMatchObject({
        values: { PORT: '1' },
        faults: [{ variable: '.env' }],
      });
    });
  });
});
