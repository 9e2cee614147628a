import { readFileSync } from 'node:fs';
import { configurationTable, VARIABLE_DOCS } from './configuration-docs.js';
import { VARIABLES } from './schema.js';

describe('what is written about the configuration', () => {
  const example = readFileSync('.env.example', 'utf8');
  const assignments = [...example.matchAll(/^(#?)([A-Z0-9_]+)=(.*)$/gm)];

  it('lists every variable in .env.example, and no other, once', () => {
    expect(assignments.map(([, , name]) => name)).toEqual(VARIABLES);
  });

  it('explains each of them there in the words of the table', () => {
    expect(VARIABLE_DOCS.filter(({ meaning }) => !example.includes(`# ${meaning}`))).toEqual([]);
  });

  it('leaves secrets empty there and says how to make one', () => {
    for (const name of ['JWT_SECRET', 'REFRESH_SECRET', 'ADMIN_PASSWORD']) {
      expect(example).toMatch(new RegExp(`openssl rand -base64 [0-9]+\n${name}=\n`));
    }
  });

  it('sets nothing there', () => {
    expect(assignments.filter(([, comment, , value]) => comment === '' && value !== '')).toEqual([]);
  });

  it('shows the documented defaults there', () => {
    const defaults = new Map<string, string>(VARIABLE_DOCS.map((doc) => [doc.name, doc.default]));

    expect(assignments.filter(([, , name, value]) => value !== '' && defaults.get(name ?? '') !== value)).toEqual([]);
  });

  it('has the current table in the README', () => {
    const [, table] =
      /<!-- configuration -->\n([^]*)\n<!-- \/configuration -->/.exec(readFileSync('README.md', 'utf8')) ?? [];

    expect(table?.trim()).toBe(configurationTable());
  });
});
