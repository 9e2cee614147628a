import { registrationAttempt } from './registration-attempt.js';

describe('registrationAttempt', () => {
  const mail = registrationAttempt({
    to: 'ann@example.com',
    at: new Date('2026-11-24T06:14:00Z'),
    ip: '203.0.113.7',
    appUrl: 'https://app.example.com',
  });

  it('goes to the owner of the address', () => {
    expect(mail).toMatchObject({ purpose: 'registration_attempt', to: 'ann@example.com' });
  });

  it.each(['Tue, 24 Nov 2026 06:14:00 GMT', '203.0.113.7', 'https://app.example.com', 'nothing you need to do'])(
    'says %j in text and in HTML',
    (part) => {
      expect(mail.text).toContain(part);
      expect(mail.html).toContain(part);
    },
  );
});
