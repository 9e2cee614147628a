import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { SystemClock } from '../shared/clock.js';
import { Secret } from '../shared/secret.js';
import { registrationAttempt } from './messages/registration-attempt.js';
import { SmtpMailer } from './smtp-mailer.js';

/** As much of RFC 5321 as one delivery needs. */
function smtpServer(answerToRcpt: string, received: string[]): Server {
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
      } else if (chunk.startsWith('RCPT')) socket.write(`${answerToRcpt}\r\n`);
      else if (chunk.startsWith('DATA')) {
        inData = true;
        socket.write('354 go on\r\n');
      } else socket.write('250 ok\r\n');
    });
  });
}

describe('SmtpMailer', () => {
  const clock = new SystemClock();
  const mail = registrationAttempt({
    to: 'ann@example.com',
    at: new Date('2026-11-24T06:14:00Z'),
    ip: '203.0.113.7',
    appUrl: 'https://app.example.com',
  });
  let server: Server;
  let mailer: SmtpMailer;
  let received: string[];

  const start = async (answerToRcpt: string): Promise<void> => {
    received = [];
    server = smtpServer(answerToRcpt, received);
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

  it('fails where the server refuses the mail', async () => {
    await start('550 no');
    await expect(mailer.send(mail)).rejects.toMatchObject({ code: 'EENVELOPE' });
  });
});
