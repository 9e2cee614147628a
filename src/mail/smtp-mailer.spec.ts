import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { inspect } from 'node:util';
import { SystemClock } from '../shared/clock.js';
import { newId } from '../shared/ids.js';
import { Secret } from '../shared/secret.js';
import { UndeliverableError } from './mailer.js';
import { composeMessage } from './messages/message.js';
import { SmtpMailer } from './smtp-mailer.js';

/** As much of RFC 5321 as one delivery needs. */
function smtpServer(answers: { mail: string; rcpt: string }, received: string[]): Server {
  return createServer((socket) => {
    let inData = false;
    socket.setEncoding('utf8');
    socket.on('error', () => undefined);
    socket.write('220 test\r\n');
    socket.on('data', (chunk: string) => {
      received.push(chunk);
      if (inData) {
        if (!chunk.endsWith('\r\n.\r\n')) return;
        inData = false;
        socket.write('250 taken\r\n');
      } else if (chunk.startsWith('RCPT')) socket.write(`${answers.rcpt}\r\n`);
      else if (chunk.startsWith('MAIL')) socket.write(`${answers.mail}\r\n`);
      else if (chunk.startsWith('DATA')) {
        inData = true;
        socket.write('354 go on\r\n');
      } else socket.write('250 ok\r\n');
    });
  });
}

describe('SmtpMailer', () => {
  const clock = new SystemClock();
  const mail = {
    ...composeMessage('registration_attempt', {
      to: 'ann@example.com',
      appUrl: 'https://app.example.com',
      details: { at: '2026-11-24T06:14:00Z', ip: '203.0.113.7' },
    }),
    id: newId(),
  };
  let server: Server;
  let mailer: SmtpMailer;
  let received: string[];

  const start = async (rcpt: string, mailFrom = '250 ok'): Promise<void> => {
    received = [];
    server = smtpServer({ mail: mailFrom, rcpt }, received);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    mailer = new SmtpMailer(new Secret(`smtp://127.0.0.1:${port}`), 'no-reply@example.com', clock);
  };

  afterEach(async () => {
    await mailer.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('hands the mail to the server, to the owner alone', async () => {
    await start('250 ok');
    await mailer.send(mail);
    await mailer.send(mail);
    expect(received.filter((line) => line.startsWith('RCPT'))).toEqual(Array(2).fill('RCPT TO:<ann@example.com>\r\n'));
    expect(received.filter((line) => line.startsWith('EHLO'))).toHaveLength(1);
    expect(received.join('')).toContain('Subject: Someone tried to register with your address');
  });

  it.each([550, 551, 552, 553, 554])('tells that there is no use in trying again after a %d', async (code) => {
    await start(`${code} no such user ann@example.com`);
    const error: unknown = await mailer.send(mail).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UndeliverableError);
    expect(error).toMatchObject({ code: `smtp_${code}` });
    expect(inspect(error, { showHidden: true })).not.toContain('ann@');
  });

  it.each([421, 450, 451, 452, 500, 503, 530])('leaves it open whether to try again after a %d', async (code) => {
    await start(`${code} not now`);
    const error: unknown = await mailer.send(mail).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ responseCode: code });
    expect(error).not.toBeInstanceOf(UndeliverableError);
  });

  it('does not blame the mail where the server refuses the sender', async () => {
    await start('250 ok', '550 you may not send');
    await expect(mailer.send(mail)).rejects.toMatchObject({ command: 'MAIL FROM', responseCode: 550 });
  });
});
