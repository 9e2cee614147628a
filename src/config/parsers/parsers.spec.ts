import fc from 'fast-check';
import { postgresUrl, redisUrl, smtpUrl } from './connection-url.js';
import { mailAddress, mailSender } from './mailbox.js';
import { isLoopback, listenHost, listenPort, trustProxy } from './network.js';
import type { Parsed } from './parsed.js';
import { sound } from './parsed.js';
import { filePath, oneOf, onOff, stringOrUri, wholeNumber } from './plain.js';
import { collectorUrl, webBase, webOrigin, webOrigins } from './web-address.js';

const refuses = (parse: (text: string) => Parsed<unknown>, texts: readonly string[]): void => {
  expect(texts.filter((text) => parse(text).ok)).toEqual([]);
};
const takes = (parse: (text: string) => Parsed<unknown>, texts: readonly string[]): void => {
  expect(texts.filter((text) => !parse(text).ok)).toEqual([]);
};

describe('plain values', () => {
  it('takes on, off, true and false for a switch and nothing else', () => {
    expect(['on', 'true', 'off', 'false'].map(onOff)).toEqual([true, true, false, false].map(sound));
    refuses(onOff, ['ON', 'True', '1', '0', 'yes', 'no', ' on', '']);
  });

  it('takes whole decimal numbers between the bounds', () => {
    const port = wholeNumber(0, 65_535);

    expect(['0', '3000', '65535'].map(port)).toEqual([0, 3_000, 65_535].map(sound));
    refuses(port, ['65536', '-1', '+1', '0x10', '1e3', '3000.0', ' 3000', '03000', '', 'NaN', '99999999999']);
  });

  it('takes a word of the list, exactly', () => {
    takes(oneOf(['ES256', 'HS256']), ['ES256', 'HS256']);
    refuses(oneOf(['ES256', 'HS256']), ['es256', 'none', '', 'ES256 ', 'toString']);
  });

  it('takes a name or a URI for an issuer', () => {
    takes(stringOrUri, ['gatehouse', 'https://auth.example.com', 'urn:example:auth']);
    refuses(stringOrUri, ['', 'two words', 'a\nb', ':nothing', 'x'.repeat(256), 'bücher']);
  });
});

describe('where operators look', () => {
  it('takes a port, a free one or none for Prometheus', () => {
    expect(['9464', '0', 'off', 'false'].map(listenPort)).toEqual([9_464, 0, 'off', 'off'].map(sound));
    refuses(listenPort, ['65536', '-1', 'on', 'OFF', '', '9464 ']);
  });

  it('takes the address of a collector, and no credentials in it', () => {
    takes(collectorUrl, ['http://127.0.0.1:4318', 'https://otel.example.com/', 'http://collector:4318/base']);
    refuses(collectorUrl, [
      '',
      'collector:4318',
      'grpc://a',
      'http://',
      'http://u:p@a',
      'http://a?b',
      'http://a#b',
      'http://a b',
    ]);
  });

  it('takes the address of a Redis', () => {
    takes(redisUrl, [
      'redis://127.0.0.1',
      'redis://:p%40ss@redis:6379/0',
      'rediss://user:pass@redis.example.com:6380/15',
    ]);
    refuses(redisUrl, [
      '',
      'redis:',
      'redis://',
      'http://a',
      'redis://a/b',
      'redis://a?family=6',
      'redis://a#b',
      'redis://:%@a',
      'redis://a /0',
    ]);
  });

  it('takes the path of a file', () => {
    takes(filePath, ['/run/secrets/key.pem', 'key.pem', 'C:\\keys\\key.pem', 'a b.pem']);
    refuses(filePath, ['', ' a', 'a ', 'a\nb', 'a\0b']);
  });
});

describe('web addresses', () => {
  it('takes origins as browsers write them', () => {
    takes(webOrigin, ['https://app.example.com', 'http://localhost:5173', 'http://127.0.0.1', 'http://[::1]:3000']);
  });

  it('refuses whatever a browser would not send as an origin', () => {
    const texts = [
      ...['*', 'null', '', 'app.example.com', '//app.example.com', 'https://', 'https:app.example.com'],
      ...[
        'https://app.example.com/',
        'https://app.example.com/path',
        'https://app.example.com?',
        'https://app.example.com#',
      ],
      ...[
        'https://*.example.com',
        'https://(a|b).example.com',
        '/^https:.*$/',
        'https://.*',
        'https://app.example.com:*',
      ],
      ...[
        'https://user:pass@app.example.com',
        'https://App.example.com',
        'https://app.example.com:443',
        'http://app.example.com:80',
      ],
      ...[
        'ftp://app.example.com',
        'javascript://app.example.com',
        'file:///',
        'capacitor://localhost',
        'https://bücher.example',
      ],
      ...['https://app.example.com https://b.example.com', 'https://127.1', 'https://0x7f000001'],
    ];

    refuses(webOrigin, [...texts, 'https://a.example.com\n', ' https://a.example.com']);
    refuses(webOrigins, texts);
  });

  it('takes a list of origins, once each, with blanks after the commas', () => {
    expect(webOrigins('https://a.example.com, https://b.example.com,https://a.example.com')).toEqual(
      sound(['https://a.example.com', 'https://b.example.com']),
    );
    refuses(webOrigins, [
      'https://a.example.com,',
      'https://a.example.com,,https://b.example.com',
      'https://a.example.com,*',
    ]);
  });

  it('takes a frontend under a path, without anything that would break an appended path', () => {
    takes(webBase, ['https://app.example.com', 'https://example.com/app', 'http://localhost:5173']);
    refuses(webBase, [
      ...[
        'https://app.example.com/',
        'https://example.com/app/',
        'https://example.com/app?',
        'https://example.com/#',
        '',
      ],
      ...[
        'https://user@example.com',
        'javascript:alert(1)',
        'https://*.example.com',
        'https://example.com/a/../b',
        '/app',
      ],
    ]);
  });

  it('accepts only what equals its own origin', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl(),
          fc.string().map((text) => `https://${text}`),
        ),
        (text) => {
          expect(!webOrigin(text).ok || new URL(text).origin === text).toBe(true);
        },
      ),
    );
  });
});

describe('network addresses', () => {
  it('takes addresses and names to listen on', () => {
    takes(listenHost, ['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost', 'auth.internal']);
    refuses(listenHost, [
      '',
      '[::1]',
      'http://localhost',
      'localhost:3000',
      'a b',
      '-a',
      'a..b',
      '*',
      '/run/gatehouse.sock',
    ]);
  });

  it('calls loopback only what certainly is', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).toBe(true);
    expect(
      ['0.0.0.0', '::', '127.0.0.1.nip.io', '127.1', 'localhost.example.com', '10.0.0.1', '0', '::ffff:10.0.0.1'].some(
        isLoopback,
      ),
    ).toBe(false);
  });

  it('trusts a number of hops', () => {
    expect(trustProxy('1')).toEqual(sound({ kind: 'hops', hops: 1 }));
    takes(trustProxy, ['10']);
    refuses(trustProxy, ['0', '11', '-1', '1.5', '1e1', '99999999999999999999']);
  });

  it('trusts addresses and blocks, each written as a block', () => {
    expect(trustProxy('127.0.0.1, 10.0.0.0/8,::1,fd00::/8')).toEqual(
      sound({ kind: 'addresses', cidrs: ['127.0.0.1/32', '10.0.0.0/8', '::1/128', 'fd00::/8'] }),
    );
  });

  it('trusts neither everybody nor what is read in two ways', () => {
    refuses(trustProxy, [
      ...['0.0.0.0/0', '::/0', '0.0.0.0/1,128.0.0.0/1', '2000::/3', '::ffff:0:0/96', '10.0.0.1,0.0.0.0/0'],
      ...['true', 'on', 'loopback', '*', '', 'proxy.example.com', '127.1', '0x7f.0.0.1', '010.0.0.1', '2130706433.1'],
      ...[
        '10.0.0.0/33',
        '10.0.0.0/',
        '10.0.0.0/8/8',
        '10.0.0.0/-1',
        '10.0.0.0/ 8',
        '::1/129',
        'fe80::1%eth0',
        '10.0.0.1,,10.0.0.2',
      ],
    ]);
  });
});

describe('connections', () => {
  it('takes Postgres URLs', () => {
    takes(postgresUrl, [
      ...['postgres://u:p@db:5432/gatehouse', 'postgresql://db/gatehouse?sslmode=verify-full', 'postgres://u:p%40@db'],
      'postgresql:///gatehouse?host=/run/postgresql',
    ]);
    refuses(postgresUrl, [
      ...[
        '',
        'mysql://u:p@db/gatehouse',
        'db:5432',
        'postgres://',
        'postgres:///gatehouse',
        'postgres://u:p@db:port/x',
      ],
      ...['postgres://u:100%@db/gatehouse', 'postgres://u:p@db/gate house', 'http://db'],
    ]);
  });

  it('takes SMTP URLs, without options that print what is sent', () => {
    takes(smtpUrl, ['smtp://mail:587', 'smtps://u:p%40ss@mail.example.com:465/', 'smtp://localhost:1025?pool=true']);
    refuses(smtpUrl, [
      ...['', 'mail:25', 'https://mail', 'smtp://', 'smtp://u:5%@mail', 'smtp://mail/path', 'smtp:mail'],
      ...['smtp://mail?logger=true', 'smtp://mail?debug=true&x=1', 'smtp://mail?transactionLog=1'],
    ]);
  });

  it('takes one sender and no second header', () => {
    takes(mailSender, [
      'no-reply@example.com',
      'Example <no-reply@example.com>',
      '"Example, Inc." <no-reply@example.com>',
    ]);
    refuses(mailSender, [
      ...['', 'example.com', 'a@b, c@d', 'A <a@b>, B <c@d>', 'A <a@b>\nBcc: c@d', 'A\r\nBcc: c@d <a@b>', '<a@b> <c@d>'],
      'A "B" <a@b>',
    ]);
    takes(mailAddress, ['admin@example.com', 'admin@localhost']);
    refuses(mailAddress, ['', 'admin', 'Admin <admin@example.com>', 'a@b@c', 'a b@c', 'a@b\n']);
  });
});
