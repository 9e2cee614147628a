import type { AppConfig } from '../config/app-config.js';
import { SystemClock } from '../shared/clock.js';
import { Secret } from '../shared/secret.js';
import { createMailer } from './mail.module.js';

const from = 'no-reply@example.com';
const kinds: AppConfig['mail'][] = [
  { kind: 'off' },
  { kind: 'files', directory: '/nowhere', from },
  { kind: 'smtp', url: new Secret('smtp://127.0.0.1:1'), from },
];

const configWith = (mail: AppConfig['mail']): AppConfig => {
  const config: Partial<AppConfig> = { mail };
  return config as AppConfig;
};

describe('createMailer', () => {
  it('makes the mailer that the configuration names', async () => {
    const mailers = await Promise.all(kinds.map((mail) => createMailer(configWith(mail), new SystemClock())));
    expect(mailers.map((mailer) => mailer.constructor.name)).toEqual(['DisabledMailer', 'FileMailer', 'SmtpMailer']);
  });
});
