import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { developmentState, DevelopmentStateError, fillDevelopmentEnvironment } from './development-state.js';
import { loadAppConfig } from './load-app-config.js';

describe('the development state', () => {
  let parent: string;
  let directory: string;
  let file: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'gatehouse-state-'));
    directory = join(parent, '.data');
    file = join(directory, 'state.json');
  });
  afterEach(() => {
    rmSync(parent, { recursive: true });
  });
  const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

  it('is made once and read ever after', () => {
    const first = developmentState(directory);
    const second = developmentState(directory);

    expect(first.isNew).toBe(true);
    expect(second).toEqual({ ...first, isNew: false });
  });

  it('is the owner’s alone, and becomes so again when it was opened', () => {
    developmentState(directory);
    expect([mode(directory), mode(file)]).toEqual(['700', '600']);
    expect(readdirSync(directory)).toEqual(['state.json']);

    chmodSync(file, 0o644);
    developmentState(directory);
    expect(mode(file)).toBe('600');
  });

  it('differs from one directory to the next', () => {
    const [one, other] = [developmentState(directory), developmentState(join(parent, 'other'))];

    expect(one.jwtSecret).not.toBe(other.jwtSecret);
    expect(one.adminPassword).not.toBe(other.adminPassword);
    expect(new Set([one.jwtSecret, one.refreshSecret, one.databasePassword, one.adminPassword]).size).toBe(4);
    expect(one.adminPassword).toMatch(/^[a-z2-9-]{29}$/);
  });

  it.each(['', '{', '[]', '{}', '{"jwtSecret": "only-this-one"}', '{"jwtSecret": 1}'])(
    'is left as it is where it holds %j, with a word on what to do',
    (text) => {
      developmentState(directory);
      writeFileSync(file, text);

      expect(() => developmentState(directory)).toThrow(DevelopmentStateError);
      expect(() => developmentState(directory)).toThrow(/state\.json cannot be used, and nothing was changed/);
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );

  it('never quotes what it holds', () => {
    developmentState(directory);
    writeFileSync(file, 'hunter2-is-not-json');

    let told: unknown;
    try {
      developmentState(directory);
    } catch (error) {
      told = error;
    }
    expect(told).toBeInstanceOf(DevelopmentStateError);
    expect(String(told) + String(told instanceof Error ? told.cause : '')).not.toContain('hunter2');
  });

  it('fills in what is unset and nothing that is set', () => {
    const state = developmentState(directory);

    expect(fillDevelopmentEnvironment({ PORT: '1', ADMIN_EMAIL: 'me@example.com', JWT_SECRET: '' }, state)).toEqual({
      PORT: '1',
      JWT_SECRET: state.jwtSecret,
      REFRESH_SECRET: state.refreshSecret,
      ADMIN_EMAIL: 'me@example.com',
      ADMIN_PASSWORD: state.adminPassword,
    });
  });

  it('makes a sound configuration together with a database', () => {
    const values = fillDevelopmentEnvironment(
      { DATABASE_URL: 'postgres://u:p@127.0.0.1/x' },
      developmentState(directory),
    );

    expect(loadAppConfig(values)).toMatchObject({ mode: 'development', accounts: { adminEmail: 'admin@example.com' } });
  });
});
