import { randomBytes } from 'node:crypto';
import { ConfigService } from '@nestjs/config';
import { Inject, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AppConfig } from './app-config.js';
import { AppConfigModule } from './config.module.js';
import { loadAppConfig } from './load-app-config.js';

class Consumer {
  constructor(@Inject(AppConfig) readonly config: AppConfig) {}
}

@Module({ providers: [Consumer], exports: [Consumer] })
class ConsumerModule {}

describe('AppConfigModule', () => {
  const config = loadAppConfig({
    DATABASE_URL: 'postgres://u:p@127.0.0.1/x',
    JWT_SECRET: randomBytes(32).toString('hex'),
    REFRESH_SECRET: randomBytes(32).toString('hex'),
  });

  it('gives every module the very configuration that was loaded, still frozen', async () => {
    const module = await Test.createTestingModule({
      imports: [AppConfigModule.forRoot(config), ConsumerModule],
    }).compile();

    expect(module.get(Consumer).config).toBe(config);
    expect(Object.isFrozen(module.get(AppConfig).http)).toBe(true);
  });

  it('opens no way around it to the environment', async () => {
    const module = await Test.createTestingModule({ imports: [AppConfigModule.forRoot(config)] }).compile();
    const service = module.get(ConfigService, { strict: false });

    expect(service.get('PATH')).toBeUndefined();
    expect(service.get('gatehouse.http.port')).toBe(3_000);
  });
});
