// Answers what Gatehouse's guarded route answers, with Nest on Fastify as they come: no guard, pipe or interceptor, no hook,
// and no header added.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

const user = { id: '01890a5d-ac96-774b-bcce-b302099a8057', roles: [] };

class AccessController {
  protected() {
    return { message: 'Access granted', user };
  }
}
Get('protected')(
  AccessController.prototype,
  'protected',
  Object.getOwnPropertyDescriptor(AccessController.prototype, 'protected'),
);
Controller('api')(AccessController);

class AppModule {}
Module({ controllers: [AccessController] })(AppModule);

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
await app.listen(Number(process.env.PORT), '127.0.0.1');
