import { HttpException, Inject, Injectable, Module, SetMetadata, createParamDecorator } from '@nestjs/common';
import type {
  CanActivate,
  CustomDecorator,
  DynamicModule,
  ExecutionContext,
  OnApplicationShutdown,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import { principalOf, refuse } from './http/admission.js';
import { Verifier } from './verifier.js';

const ROLES = 'gatehouse:roles';

/** Express's request, or Fastify's around Node's. */
type AnyRequest = IncomingMessage | { readonly raw: IncomingMessage };
/** Express's response, or Fastify's reply. */
interface AnyResponse {
  header(name: string, value: string): unknown;
}

/** On a route or controller behind `TokenGuard`: any one of these roles is enough. */
export const RequireRole = (...roles: readonly string[]): CustomDecorator => SetMetadata(ROLES, roles);

/** `@CurrentPrincipal() principal: Principal` on a route behind `TokenGuard`. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  principalOf(context.switchToHttp().getRequest<AnyRequest>()),
);

/** Lets a request pass with a valid access token, and refuses any other with a problem document. */
@Injectable()
export class TokenGuard implements CanActivate {
  constructor(
    @Inject(Verifier) private readonly verifier: Verifier,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  /** @throws HttpException, its cause the VerifierError */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<AnyRequest>();
    const roles = this.reflector.getAllAndOverride<readonly string[] | undefined>(ROLES, [
      context.getHandler(),
      context.getClass(),
    ]);
    const refused = await refuse(this.verifier, 'rawHeaders' in request ? request : request.raw, {
      roles: roles ?? [],
    });
    if (!refused) return true;
    const { status, headers, body } = refused.answer;
    for (const [name, value] of Object.entries(headers)) http.getResponse<AnyResponse>().header(name, value);
    throw new HttpException(body, status, { cause: refused.error });
  }
}

/** Holds the verifier of an application: ready before the application is, closed with it. */
@Module({})
export class GatehouseModule implements OnApplicationShutdown {
  constructor(@Inject(Verifier) private readonly verifier: Verifier) {}

  /** @param make is called when the application starts */
  static forRoot(make: () => Verifier): DynamicModule {
    const useFactory = async (): Promise<Verifier> => {
      const verifier = make();
      await verifier.ready();
      return verifier;
    };
    return {
      module: GatehouseModule,
      global: true,
      providers: [{ provide: Verifier, useFactory }],
      exports: [Verifier],
    };
  }

  onApplicationShutdown(): void {
    this.verifier.close();
  }
}
