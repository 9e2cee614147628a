import { decideMode } from './mode.js';

describe('the mode', () => {
  it.each([{}, { NODE_ENV: '' }, { HOST: '127.0.0.1' }, { HOST: '::1' }, { HOST: 'localhost' }, { HOST: '' }])(
    'is development for %j, which nobody else can reach',
    (values) => {
      expect(decideMode(values)).toEqual({ mode: 'development' });
    },
  );

  it.each(['development', 'test'])('is development for NODE_ENV=%s on any address', (declared) => {
    expect(decideMode({ NODE_ENV: declared, HOST: '0.0.0.0' })).toEqual({ mode: 'development' });
  });

  it('is production for NODE_ENV=production, on loopback too', () => {
    expect(decideMode({ NODE_ENV: 'production', HOST: '127.0.0.1' })).toEqual({ mode: 'production' });
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'auth.internal', '127.0.0.1.nip.io'])(
    'must be declared where HOST is %s, and is production until then',
    (HOST) => {
      expect(decideMode({ HOST })).toMatchObject({ mode: 'production', fault: { variable: 'NODE_ENV' } });
    },
  );

  it.each(['prod', 'Production', 'dev', 'staging', ' production'])('is not %j', (declared) => {
    expect(decideMode({ NODE_ENV: declared })).toMatchObject({ mode: 'production', fault: { variable: 'NODE_ENV' } });
  });
});
