import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import type { AppConfig } from '../config/app-config.js';
import { LogOutput } from './log-output.js';
import { createLogger } from './logger.js';
import type { ServiceLogger } from './logger.js';

type Mode = AppConfig['mode'];
/** As Unicode lists them: marks, embeddings, overrides and isolates (UAX #9, table 4). */
const TURNING = Array.from('\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069');
const UNPRINTABLE = new RegExp(`[\\p{Cc}\\u2028\\u2029${TURNING.join('')}]`, 'u');

describe('the log', () => {
  let written: string;

  const log = (mode: Mode, logLevel: AppConfig['logLevel'] = 'info'): Promise<ServiceLogger> => {
    const sink = (text: string, done: () => void): void => {
      written += text;
      done();
    };
    return createLogger({ mode, logLevel }, new LogOutput(sink));
  };
  const lines = async (logger: ServiceLogger): Promise<string[]> => {
    await logger.flush();
    return written.split('\n').slice(0, -1);
  };
  const entries = async (logger: ServiceLogger): Promise<Record<string, unknown>[]> =>
    (await lines(logger)).map((line) => JSON.parse(line) as Record<string, unknown>);

  beforeEach(() => {
    written = '';
  });

  it('is one object a line in production, with level, time, context and message', async () => {
    const logger = await log('production');
    logger.log('it runs', 'Gatehouse');
    expect(await entries(logger)).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
        context: 'Gatehouse',
        message: 'it runs',
      },
    ]);
  });

  it('has the fields of a message that is an object, and the stack of an error', async () => {
    const logger = await log('production');
    const error = new Error('broken');
    logger.log({ message: 'GET /x 200', status: 200, route: undefined }, 'Request');
    logger.error('it broke', error.stack, 'Service');
    logger.error(error, 'Service');
    logger.error('without a stack', undefined, 'Service');
    expect(await entries(logger)).toMatchObject([
      { level: 'info', context: 'Request', message: 'GET /x 200', status: 200 },
      { level: 'error', context: 'Service', message: 'it broke', stack: error.stack },
      { level: 'error', context: 'Service', message: 'broken', stack: error.stack },
      { level: 'error', context: 'Service', message: 'without a stack' },
    ]);
    expect(written).not.toContain('"route"');
  });

  it('takes no member of an error but its message and its stack', async () => {
    const logger = await log('production');
    logger.error(Object.assign(new Error('broken'), { parameters: ['canary'] }), 'Service');
    logger.warn('odd', { parameters: ['canary'] }, 'Service');
    expect((await lines(logger)).length).toBe(2);
    expect(written).not.toContain('canary');
  });

  it.each([
    ['error', ['fatal', 'error']],
    ['warn', ['fatal', 'error', 'warn']],
    ['info', ['fatal', 'error', 'warn', 'info']],
    ['debug', ['fatal', 'error', 'warn', 'info', 'debug']],
  ] as const)('at LOG_LEVEL %s has %j', async (level, expected) => {
    const logger = await log('production', level);
    for (const method of ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const) logger[method]('x', 'Y');
    expect((await entries(logger)).map((entry) => entry.level)).toEqual(expected);
  });

  it('keeps what the framework tells of every module and route to itself', async () => {
    const logger = await log('production');
    for (const context of ['InstanceLoader', 'RouterExplorer', 'NestApplication']) logger.log('noise', context);
    logger.error('no noise', undefined, 'NestApplication');
    expect(await entries(logger)).toMatchObject([{ message: 'no noise' }]);
  });

  it('is what the Logger of any class writes to', async () => {
    const logger = await log('production');
    Logger.overrideLogger(logger);
    try {
      new Logger('Somewhere').warn({ message: 'odd', requestId: 'abcdefgh' });
    } finally {
      Logger.overrideLogger(false);
    }
    expect(await entries(logger)).toMatchObject([{ context: 'Somewhere', message: 'odd', requestId: 'abcdefgh' }]);
  });

  it('says how many lines were lost', async () => {
    let counted = 0;
    const output = new LogOutput((text, done) => {
      written += text;
      done();
    }, 200);
    const logger = await createLogger({ mode: 'production', logLevel: 'info' }, output);
    logger.countLosses((dropped) => (counted += dropped));
    for (let count = 0; count < 10; count += 1) logger.log('x'.repeat(50), 'Y');
    await logger.flush();
    const [last] = (await entries(logger)).slice(-1);
    expect(last).toMatchObject({ level: 'warn', context: 'Log', dropped: counted });
    expect(counted).toBe(9);
  });

  it.each<Mode>(['production', 'development'])(
    'of %s cannot be forged or coloured by what is in a message',
    async (mode) => {
      const logger = await log(mode);
      const text = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('a\nb', '\u001b[31m', '\u009b31m', '\r', '\u2028', '\u0085', '\u0000', '\u007f'),
        fc.constantFrom(...TURNING),
      );
      await fc.assert(
        fc.asyncProperty(text, text, async (message, field) => {
          written = '';
          logger.log({ message, field, deep: [{ [field]: message }] }, 'X');
          logger.log(message, 'X');
          await logger.flush();
          const own = written.split('\n');
          expect(own).toHaveLength(3);
          for (const line of own) expect(line).not.toMatch(UNPRINTABLE);
          if (mode === 'production') expect(JSON.parse(own[0] ?? '')).toMatchObject({ message: message });
        }),
      );
    },
  );

  it.each<Mode>(['production', 'development'])('of %s shows what turns the direction of text', async (mode) => {
    const logger = await log(mode);
    for (const mark of TURNING) {
      written = '';
      logger.log({ message: `a${mark}b`, field: `c${mark}d` }, `e${mark}f`);
      logger.error('broken', `Error: g${mark}h\n    at somewhere`, 'X');
      await logger.flush();
      const shown = `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;
      for (const text of [`a${shown}b`, `e${shown}f`, `g${shown}h`]) expect(written).toContain(text);
      expect(written).not.toContain(mark);
    }
  });

  it('is text in development, with the stack of an error below its line', async () => {
    const logger = await log('development');
    logger.log({ message: 'GET /x 200', status: 200 }, 'Request');
    logger.error('it broke', 'Error: broken\n    at somewhere (file.ts:1:2)\u001b[2J', 'Service');
    expect(await lines(logger)).toEqual([
      expect.stringMatching(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: \[Request\] GET \/x 200 \{"status":200\}$/),
      expect.stringMatching(/^\[[\d:.]+\] ERROR: \[Service\] it broke$/),
      '    Error: broken',
      '        at somewhere (file.ts:1:2)\\u001b[2J',
    ]);
  });
});
