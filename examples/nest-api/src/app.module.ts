import { Module } from '@nestjs/common';
import { createVerifier } from '@gatehouse/verifier';
import { GatehouseModule } from '@gatehouse/verifier/nest';
import { OrdersController } from './orders.controller.js';

const { GATEHOUSE_URL = '', CLIENT_ID = '', CLIENT_SECRET = '' } = process.env;

@Module({
  imports: [
    GatehouseModule.forRoot(() =>
      createVerifier({
        issuer: GATEHOUSE_URL,
        audience: GATEHOUSE_URL,
        clientId: CLIENT_ID,
        clientSecret: CLIENT_SECRET,
      }),
    ),
  ],
  controllers: [OrdersController],
})
export class AppModule {}
