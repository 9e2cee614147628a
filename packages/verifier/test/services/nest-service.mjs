// A Nest application without a compiler: its decorators are applied by hand.
import 'reflect-metadata';
import { Verifier } from '@gatehouse/verifier';
import { CurrentPrincipal, GatehouseModule, RequireRole, TokenGuard } from '@gatehouse/verifier/nest';
import { Controller, Get, Inject, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { makeVerifier } from './orders-verifier.mjs';

const method = (target, name, ...decorators) => {
  for (const decorate of decorators)
    decorate(target.prototype, name, Object.getOwnPropertyDescriptor(target.prototype, name));
};

class OrdersController {
  orders(principal) {
    return principal;
  }
  admin() {
    return {};
  }
}
method(OrdersController, 'orders', Get('orders'));
CurrentPrincipal()(OrdersController.prototype, 'orders', 0);
method(OrdersController, 'admin', Get('admin'), RequireRole('admin', 'auditor'));
UseGuards(TokenGuard)(OrdersController);
Controller()(OrdersController);

class StatusController {
  constructor(verifier) {
    this.verifier = verifier;
  }
  status() {
    return this.verifier.status();
  }
  unguarded(principal) {
    return principal;
  }
}
Inject(Verifier)(StatusController, undefined, 0);
method(StatusController, 'status', Get('status'));
method(StatusController, 'unguarded', Get('unguarded'));
CurrentPrincipal()(StatusController.prototype, 'unguarded', 0);
Controller()(StatusController);

class AppModule {}
Module({ imports: [GatehouseModule.forRoot(makeVerifier)], controllers: [OrdersController, StatusController] })(
  AppModule,
);

const app = await NestFactory.create(AppModule, new FastifyAdapter({ forceCloseConnections: true }), { logger: false });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
process.stdout.write(`listening on ${await app.getUrl()}\n`);
