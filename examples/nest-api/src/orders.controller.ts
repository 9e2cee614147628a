import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import type { Principal } from '@gatehouse/verifier';
import { CurrentPrincipal, RequireRole, TokenGuard } from '@gatehouse/verifier/nest';

interface Order {
  readonly userId: string;
  readonly article: string;
}

@Controller('orders')
@UseGuards(TokenGuard)
export class OrdersController {
  private readonly orders: Order[] = [];

  @Post()
  place(@CurrentPrincipal() { userId }: Principal, @Body() { article }: { article?: unknown }): Order {
    const order = { userId, article: String(article) };
    this.orders.push(order);
    return order;
  }

  /** One's own. */
  @Get()
  list(@CurrentPrincipal() { userId }: Principal): Order[] {
    return this.orders.filter((order) => order.userId === userId);
  }

  @Get('all')
  @RequireRole('auditor', 'admin')
  listAll(): readonly Order[] {
    return this.orders;
  }
}
